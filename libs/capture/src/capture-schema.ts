import { CapturesJourney1795545200000 } from './migrations/1795545200000-captures-journey';
import type { SchemaOwner } from '@biz/platform';
import { Captures1795370400000 } from './migrations/1795370400000-captures';
import { CapturesOpen1795552000000 } from './migrations/1795552000000-captures-open';
import { CapturesToRead1795836000000 } from './migrations/1795836000000-captures-to-read';
import { CapturesDue1795510200000 } from './migrations/1795510200000-captures-due';
import { CapturesPurge1796010100000 } from './migrations/1796010100000-captures-purge';
import { CapturesSchedule1795520000000 } from './migrations/1795520000000-captures-schedule';
import { FilesFailure1795924800000 } from './migrations/1795924800000-files-failure';
import { ImageUsage1796000400000 } from './migrations/1796000400000-image-usage';
import { FilesInTurn1796013600000 } from './migrations/1796013600000-files-in-turn';
import { CapturesInTurn1796050100000 } from './migrations/1796050100000-captures-in-turn';
import { CapturesUnread1796100300000 } from './migrations/1796100300000-captures-unread';
import { CapturesUser1796110000000 } from './migrations/1796110000000-captures-user';
import { CapturesUnreadSkills1796110100000 } from './migrations/1796110100000-captures-unread-skills';
import { Capture } from './records/capture.entity';
import { CapturedFile } from './records/captured-file.entity';
import { ImageUsage } from './records/image-usage.entity';

/** What profile, location and image keep in the database. */
export const captureSchema: SchemaOwner = {
  schema: 'capture',
  entities: [Capture, CapturedFile, ImageUsage],
  migrations: [
    Captures1795370400000,
    CapturesDue1795510200000,
    CapturesSchedule1795520000000,
    CapturesJourney1795545200000,
    CapturesOpen1795552000000,
    CapturesToRead1795836000000,
    FilesFailure1795924800000,
    ImageUsage1796000400000,
    CapturesPurge1796010100000,
    FilesInTurn1796013600000,
    CapturesInTurn1796050100000,
    CapturesUnread1796100300000,
    CapturesUser1796110000000,
    CapturesUnreadSkills1796110100000,
  ],
  published: ['journey(text, text, integer)'],
  sealed: [
    { table: 'capture.captures', key: 'id', column: 'sealed_otp' },
    { table: 'capture.captures', key: 'id', column: 'sealed_answer' },
    { table: 'capture.captures', key: 'id', column: 'sealed_unread' },
    { table: 'capture.captures', key: 'id', column: 'sealed_user' },
    { table: 'capture.files', key: 'id', column: 'sealed_url' },
    { table: 'capture.files', key: 'id', column: 'sealed_key' },
  ],
  // Rows of `capture.files` are deleted with their capture.
  purges: [
    {
      table: 'capture.captures',
      days: 90,
      since: 'erased_at',
      where: `t.state = 'erased' AND t.delivered_at IS NULL`,
    },
    {
      table: 'capture.captures',
      days: 365,
      since: 'erased_at',
      where: `t.state = 'erased' AND t.delivered_at IS NOT NULL`,
    },
  ],
};

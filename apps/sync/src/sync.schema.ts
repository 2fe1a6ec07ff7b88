import { FIVE_YEARS } from '@biz/platform';
import type { SchemaOwner } from '@biz/platform';
import { SyncFailure } from './login/failure.entity';
import { Login } from './login/login.entity';
import { Consent } from './members/consent.entity';
import { Member } from './members/member.entity';
import {
  SyncAccessesMoved1795510100000,
  SyncBounds1796020000000,
  SyncDepth1795540000000,
  SyncJourney1795545300000,
  SyncMembers1795413600000,
  SyncPurge1796010000000,
  SyncReferences1796060100000,
} from './migrations';
import { Notice } from './notices/notice.entity';
import { NOTICE_DAYS } from './notices/security-events';

export const syncSchema: SchemaOwner = {
  schema: 'sync',
  entities: [Login, SyncFailure, Member, Consent, Notice],
  migrations: [
    SyncMembers1795413600000,
    SyncAccessesMoved1795510100000,
    SyncDepth1795540000000,
    SyncJourney1795545300000,
    SyncPurge1796010000000,
    SyncBounds1796020000000,
    SyncReferences1796060100000,
  ],
  rights: { consents: 'SELECT, INSERT, DELETE' },
  published: ['journey(text, text, integer)', 'memberships(text[], text[])'],
  sealed: [
    { table: 'sync.logins', key: 'id', column: 'code' },
    { table: 'sync.logins', key: 'id', column: 'verifier' },
    { table: 'sync.logins', key: 'id', column: 'tokens' },
    { table: 'sync.members', key: 'id', column: 'account' },
    { table: 'sync.members', key: 'id', column: 'tokens' },
  ],
  purges: [
    // In any state: a code lives ten minutes, so nothing works on an older login.
    { table: 'sync.logins', days: 90, since: 'received_at' },
    { table: 'sync.failures', days: 90, since: 'failed_at' },
    { table: 'sync.notices', days: NOTICE_DAYS, since: 'received_at' },
    {
      table: 'sync.members',
      days: FIVE_YEARS,
      since: 'ended_at',
      where: `t.state IN ('unlinked', 'erased')`,
      children: [{ table: 'sync.consents', column: 'member_id' }],
    },
  ],
};

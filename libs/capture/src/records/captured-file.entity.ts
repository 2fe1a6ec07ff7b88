import { Check, Column, Entity, ForeignKey, Index, PrimaryColumn, Unique } from 'typeorm';
import type { ImageSize } from '@biz/otp-client';
import { Capture } from './capture.entity';
import { FILE_FAILURES, FILE_PROBLEMS, FILE_STATES, oneOf } from './capture-state';
import type { FileFailure, FileProblem, FileState } from './capture-state';

/** What the sealed columns are sealed for. */
export const IMAGE_URL_CONTEXT = 'capture.image-url';
export const FILE_KEY_CONTEXT = 'capture.file-key';

/** One image file of a capture: a picture in one of its sizes. */
@Entity({ schema: 'capture', name: 'files' })
@Unique('files_once', ['captureId', 'picture', 'variant'])
// Only who looks for work says `due_at > '-infinity'`: the index is for nobody else.
@Index('files_to_fetch', ['merchant', 'retrying', 'deadlineAt', 'captureId', 'picture', 'variant'], {
  where: `state = 'pending' AND due_at > '-infinity'`,
})
@Check('files_state', oneOf('state', FILE_STATES))
@Check('files_failure', oneOf('failure', FILE_FAILURES))
@Check('files_problem', oneOf('problem', FILE_PROBLEMS))
export class CapturedFile {
  @PrimaryColumn('uuid')
  id: string;

  @ForeignKey(() => Capture, { name: 'files_of_capture', onDelete: 'CASCADE' })
  @Column('uuid', { name: 'capture_id' })
  captureId: string;

  /** The capture's; empty when an instance of an earlier version listed the file. */
  @Column('text', { default: '' })
  merchant: string;

  /** 1 for the first picture the customer attached. */
  @Column('integer')
  picture: number;

  @Column('text')
  variant: ImageSize;

  @Column('text')
  state: FileState;

  /** Where it can be downloaded until it expires; gone once it is stored. */
  @Column('text', { name: 'sealed_url', nullable: true })
  sealedUrl: string | null;

  /** Name in the store; a new one for every download, so that a late writer never touches a finished file. */
  @Column('text', { name: 'store_key', nullable: true })
  storeKey: string | null;

  /** The key this one file is encrypted with, itself sealed: losing it erases every copy of the file. */
  @Column('text', { name: 'sealed_key', nullable: true })
  sealedKey: string | null;

  /** Bytes, before encryption. */
  @Column('integer', { nullable: true })
  size: number | null;

  /** Media type by its content, whatever the server said. */
  @Column('text', { nullable: true })
  type: string | null;

  @Column('text', { nullable: true })
  sha256: string | null;

  @Column('integer')
  attempts: number;

  @Column('text', { nullable: true })
  failure: FileFailure | null;

  /** What was in the way of the last try, while more follow. */
  @Column('text', { nullable: true })
  problem: FileProblem | null;

  /** A try for a file of this capture failed or was slow: its files come after those of other customers. */
  @Column('boolean', { default: false })
  retrying: boolean;

  /** When a pending file is fetched next. */
  @Column('timestamptz', { name: 'due_at', default: () => 'now()' })
  dueAt: Date;

  /** An instance fetches it until then, or died. */
  @Column('timestamptz', { name: 'claimed_until', nullable: true })
  claimedUntil: Date | null;

  /** The capture's; files are fetched in its order. */
  @Column('timestamptz', { name: 'deadline_at', default: () => 'now()' })
  deadlineAt: Date;

  @Column('timestamptz', { name: 'stored_at', nullable: true })
  storedAt: Date | null;
}

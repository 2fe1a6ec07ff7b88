import { Column, Entity, Index, PrimaryColumn } from 'typeorm';

/** Personal data that was shown to somebody, and why. Rows can be added only: the database refuses to change or delete them. */
@Entity({ schema: 'capture', name: 'accesses' })
@Index('accesses_by_capture', ['captureId', 'id'])
export class Access {
  @PrimaryColumn('uuid')
  id: string;

  @Column('uuid', { name: 'capture_id' })
  captureId: string;

  @Column('text')
  merchant: string;

  /** `details` or `file`. */
  @Column('text')
  what: string;

  @Column('uuid', { name: 'file_id', nullable: true })
  fileId: string | null;

  @Column('text')
  reason: string;

  /** Who asked; the operator API has one token, so the caller's address is all that is known. */
  @Column('text')
  caller: string;

  @Column('timestamptz', { name: 'accessed_at' })
  accessedAt: Date;
}

import { Column, Entity, Index, PrimaryColumn } from 'typeorm';

/** Personal data that was shown to somebody, and why. Rows can be added only: the database refuses to change or delete them. */
@Entity({ schema: 'sync', name: 'accesses' })
@Index('accesses_of_member', ['memberId', 'id'])
export class Access {
  @PrimaryColumn('uuid')
  id: string;

  @Column('uuid', { name: 'member_id' })
  memberId: string;

  @Column('text')
  merchant: string;

  @Column('text')
  reason: string;

  /** Who asked; the operator API has one token, so the caller's address is all that is known. */
  @Column('text')
  caller: string;

  @Column('timestamptz', { name: 'accessed_at' })
  accessedAt: Date;
}

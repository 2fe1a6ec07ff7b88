import { Check, Column, Entity, Index, PrimaryColumn } from 'typeorm';

/** PostgreSQL's bigint arrives as text; nobody looks at personal data 2^53 times. */
const COUNT = { to: (value: number): number => value, from: Number };

/**
 * A line of the access log (접속기록): personal data that was shown to somebody, and why.
 *
 * Lines can be added only: the database refuses to change them, and to delete them before two years are over.
 */
@Entity({ schema: 'privacy', name: 'accesses' })
@Index('accesses_by_subject', ['subject', 'seq'])
@Index('accesses_by_time', ['at', 'seq'])
export class Access {
  /** 1, 2, 3 … without a gap, across all apps. */
  @PrimaryColumn('bigint', { transformer: COUNT, primaryKeyConstraintName: 'accesses_pkey' })
  seq: number;

  @Column('timestamptz')
  at: Date;

  @Column('text')
  app: string;

  @Column('text')
  merchant: string;

  /** Whose data: id of the capture or the member. */
  @Column('uuid')
  subject: string;

  /** Which data: `details`, `file`, `member`, `addresses`. */
  @Column('text')
  what: string;

  /** The one file that was shown. */
  @Column('uuid', { nullable: true })
  part: string | null;

  /** Who looked, as they call themselves (`X-Operator`); the operator API has one token, which names nobody. */
  @Column('text', { nullable: true })
  operator: string | null;

  /** The address they came from. */
  @Column('text')
  caller: string;

  @Column('text')
  reason: string;

  /** Keyed hash of this line and the code before it; absent in lines older than the chain. */
  @Column('text', { nullable: true })
  code: string | null;
}

/** Where the chain of the access log begins and ends, and the key it is made with. One row, locked by whoever adds a line. */
@Entity({ schema: 'privacy', name: 'access_ends' })
@Check('access_ends_one', 'id = 1')
export class AccessEnds {
  @PrimaryColumn('integer', { primaryKeyConstraintName: 'access_ends_pkey' })
  id: number;

  /** Of its own, so that the chain outlives the rotation of the platform's keys. */
  @Column('text', { name: 'sealed_key' })
  sealedKey: string;

  /** The newest line that was erased after its two years; 0: none yet. */
  @Column('bigint', { name: 'start_seq', transformer: COUNT })
  startSeq: number;

  @Column('text', { name: 'start_code' })
  startCode: string;

  @Column('bigint', { name: 'end_seq', transformer: COUNT })
  endSeq: number;

  @Column('text', { name: 'end_code' })
  endCode: string;

  /** Keyed hash of the four above. */
  @Column('text')
  proof: string;
}

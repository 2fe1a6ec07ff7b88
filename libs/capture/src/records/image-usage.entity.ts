import { Check, Column, Entity, PrimaryColumn } from 'typeorm';

/** How many bytes of images a merchant has in the store: stored and not erased, counted before encryption. */
@Entity({ schema: 'capture', name: 'image_usage' })
@Check('image_usage_bytes', 'bytes >= 0')
export class ImageUsage {
  @PrimaryColumn('text', { primaryKeyConstraintName: 'image_usage_pk' })
  merchant: string;

  /** Text, because a bigint may exceed what a JavaScript number holds exactly. */
  @Column('bigint')
  bytes: string;
}

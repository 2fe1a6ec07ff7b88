import { Check, Column, CreateDateColumn, Entity, Index, PrimaryColumn, Unique } from 'typeorm';
import type { ProductKind } from '../products/product.dto';
import type { StockLine } from '../stock/stock-line';
import type { DraftTerms } from './draft';

/** A temporary order (임시 주문): what a customer selected, priced, until it is paid or expires. */
@Entity({ schema: 'commerce', name: 'drafts' })
@Unique('drafts_fingerprint_key', ['merchantId', 'fingerprint'])
@Index('drafts_by_relay', ['relayId', 'id'], { where: 'relay_id IS NOT NULL' })
@Index('drafts_due', ['eraseAt', 'id'], { where: 'chosen_sealed IS NOT NULL' })
// A statement that counts what is open says `expires_at > '-infinity'`: these two are for no other.
@Index('drafts_open_of_user', ['merchantId', 'appUserId', 'expiresAt'], {
  where: `paid_at IS NULL AND app_user_id IS NOT NULL AND expires_at > '-infinity'`,
})
@Index('drafts_open_of_merchant', ['merchantId', 'expiresAt'], {
  where: `paid_at IS NULL AND expires_at > '-infinity'`,
})
@Index('drafts_unpaid_by_age', ['erasedAt'], { where: 'erased_at IS NOT NULL AND paid_at IS NULL' })
@Index('drafts_paid_by_age', ['paidAt'], { where: 'paid_at IS NOT NULL' })
@Check('drafts_total', '"total" >= 0')
@Check('drafts_tax_free_amount', 'tax_free_amount >= 0 AND tax_free_amount <= total')
export class DraftRow {
  @PrimaryColumn('uuid', { primaryKeyConstraintName: 'drafts_pkey' })
  id: string;

  @Column('text', { name: 'merchant_id' })
  merchantId: string;

  /** Keyed hash of user, relay id and selection while the draft is open; NULL frees the place for the next. */
  @Column('text', { nullable: true })
  fingerprint: string | null;

  @Column('text', { name: 'app_user_id', nullable: true })
  appUserId: string | null;

  @Column('text', { name: 'relay_id', nullable: true })
  relayId: string | null;

  @Column('text', { name: 'product_id' })
  productId: string;

  /** The product as it was priced; NULL when it has to be priced again in any case. */
  @Column('integer', { name: 'product_version', nullable: true })
  productVersion: number | null;

  @Column('text', { name: 'product_name' })
  productName: string;

  @Column('text', { name: 'product_kind' })
  productKind: ProductKind;

  @Column('integer')
  quantity: number;

  /** Won. */
  @Column('integer')
  total: number;

  /** The part of the total that is tax-free. */
  @Column('integer', { name: 'tax_free_amount', default: 0 })
  taxFreeAmount: number;

  /** Shipping, agreements and addresses of the product as it was priced. */
  @Column('jsonb', { default: {} })
  terms: DraftTerms;

  @Column('boolean', { name: 'use_shipping' })
  useShipping: boolean;

  @Column('jsonb')
  lines: StockLine[];

  /** The answers, sealed: forms hold names and phone numbers. NULL once erased. */
  @Column('text', { name: 'chosen_sealed', nullable: true })
  chosenSealed: string | null;

  @CreateDateColumn({ type: 'timestamptz', name: 'created_at' })
  createdAt: Date;

  @Column('timestamptz', { name: 'expires_at' })
  expiresAt: Date;

  @Column('timestamptz', { name: 'paid_at', nullable: true })
  paidAt: Date | null;

  /** The order that paid it. */
  @Column('text', { name: 'order_ref', nullable: true })
  orderRef: string | null;

  /** Until then the answers are kept; so many days after the draft expires, or after it was paid. */
  @Column('timestamptz', { name: 'erase_at', default: () => "(now() + '30 days')" })
  eraseAt: Date;

  @Column('timestamptz', { name: 'erased_at', nullable: true })
  erasedAt: Date | null;
}

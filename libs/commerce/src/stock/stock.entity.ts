import { Check, Column, Entity, PrimaryColumn } from 'typeorm';

/** Pieces of one sku: on the shelf, and of these promised to orders that are being paid. */
@Entity({ schema: 'commerce', name: 'stock' })
@Check('stock_never_oversold', '"reserved" >= 0 AND "on_hand" >= "reserved"')
export class StockRow {
  @PrimaryColumn('text', { name: 'merchant_id', primaryKeyConstraintName: 'stock_pkey' })
  merchantId: string;

  @PrimaryColumn('text', { name: 'product_id', primaryKeyConstraintName: 'stock_pkey' })
  productId: string;

  @PrimaryColumn('text', { primaryKeyConstraintName: 'stock_pkey' })
  sku: string;

  @Column('integer', { name: 'on_hand' })
  onHand: number;

  @Column('integer', { default: 0 })
  reserved: number;
}

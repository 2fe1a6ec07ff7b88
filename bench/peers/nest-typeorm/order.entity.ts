import { Column, Entity, PrimaryColumn } from 'typeorm';

@Entity({ schema: 'payment', name: 'orders' })
export class Order {
  @PrimaryColumn('uuid')
  id: string;

  @Column()
  merchant: string;

  @Column({ name: 'sheet_id' })
  sheetId: string;

  @Column({ name: 'app_user_id' })
  appUserId: string;

  @Column()
  state: string;

  @Column({ name: 'item_name' })
  itemName: string;

  @Column('integer')
  quantity: number;

  @Column('integer', { name: 'total_amount' })
  totalAmount: number;

  @Column('integer', { name: 'tax_free_amount' })
  taxFreeAmount: number;

  @Column('integer', { name: 'vat_amount' })
  vatAmount: number;

  @Column('boolean', { name: 'use_shipping' })
  useShipping: boolean;

  @Column('jsonb')
  terms: object;

  @Column('jsonb', { name: 'stock_lines' })
  stockLines: { productId: string; sku: string; quantity: number }[];

  @Column('uuid', { name: 'attempt_id', nullable: true })
  attemptId: string | null;

  @Column('text', { name: 'failure_message', nullable: true })
  failureMessage: string | null;

  @Column('timestamptz', { name: 'expires_at' })
  expiresAt: Date;

  @Column('timestamptz', { name: 'created_at' })
  createdAt: Date;

  @Column('timestamptz', { name: 'updated_at' })
  updatedAt: Date;
}

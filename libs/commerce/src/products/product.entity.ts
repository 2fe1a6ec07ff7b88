import { Column, CreateDateColumn, Entity, PrimaryColumn, Unique, UpdateDateColumn } from 'typeorm';
import type { Product } from './product.dto';

/** A product as the shop defines it; what it has in stock stands in `stock`. */
@Entity({ schema: 'commerce', name: 'products' })
@Unique('products_kakao_id_key', ['merchantId', 'kakaoId'])
export class ProductRow {
  @PrimaryColumn('text', { name: 'merchant_id', primaryKeyConstraintName: 'products_pkey' })
  merchantId: string;

  @PrimaryColumn('text', { primaryKeyConstraintName: 'products_pkey' })
  id: string;

  /** The product's own id when it has no other. */
  @Column('text', { name: 'kakao_id' })
  kakaoId: string;

  @Column('jsonb')
  definition: Product;

  /** Counts the definitions it has had: equal versions are equal products. Stock is not part of it. */
  @Column('integer', { default: 1 })
  version: number;

  @CreateDateColumn({ type: 'timestamptz', name: 'created_at' })
  createdAt: Date;

  @UpdateDateColumn({ type: 'timestamptz', name: 'updated_at' })
  updatedAt: Date;
}

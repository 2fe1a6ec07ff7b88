import { GROUP_KINDS, Product, PRODUCT_KINDS } from '@biz/commerce';
import type { DraftState, GroupKind, ProductKind } from '@biz/commerce';
import { ApiProperty, ApiPropertyOptional } from '@nestjs/swagger';
import { IsIn, IsOptional, IsString } from 'class-validator';

export class MerchantQuery {
  /** Id of the merchant; the default merchant when absent. */
  @ApiPropertyOptional({ example: 'demo-shop' })
  @IsOptional()
  @IsString()
  merchant?: string;
}

export class SaveProductQuery extends MerchantQuery {
  /** `set`: stock is what the product states. `keep`: what is counted already keeps its count. */
  @ApiPropertyOptional({ enum: ['set', 'keep'], default: 'set' })
  @IsOptional()
  @IsIn(['set', 'keep'])
  stock?: 'set' | 'keep';
}

/** What one stock holds (재고). */
export class StockLevelDto {
  /** Name of the stock: the product's id for the product as a whole, else `{sub-group}/{option}` unless the option names one. */
  @ApiProperty({ example: 'M:R:추가옵션/A' })
  sku: string;

  /** Pieces on the shelf. */
  @ApiProperty({ example: 100 })
  onHand: number;

  /** Of these promised to orders that are being paid. */
  @ApiProperty({ example: 2 })
  reserved: number;

  /** What T1 shows: on hand less reserved. */
  @ApiProperty({ example: 98 })
  available: number;
}

/** A product with its stock and times. */
export class StoredProductDto extends Product {
  /** Id of the merchant. */
  @ApiProperty({ example: 'demo-shop' })
  merchant: string;

  /** Every stock that is counted. */
  @ApiProperty({ type: [StockLevelDto] })
  levels: StockLevelDto[];

  @ApiProperty()
  createdAt: Date;

  @ApiProperty()
  updatedAt: Date;
}

/** One thing that is wrong with a product. */
export class ProductProblem {
  /** Where. */
  @ApiProperty({ example: 'groups[1].subGroups[0].options[2].addPrice' })
  path: string;

  /** What. */
  @ApiProperty({ example: 'must be a whole number from -2147483647 to 2147483647' })
  message: string;
}

/** Everything that is wrong with a product, at once. */
export class ProductProblems {
  @ApiProperty({ example: 400 })
  status: number;

  @ApiProperty({ example: 'The product is refused.' })
  message: string;

  @ApiProperty({ type: [ProductProblem] })
  problems: ProductProblem[];
}

/** One answer of the customer. */
export class ChosenDto {
  @ApiProperty({ example: '추가옵션' })
  groupId: string;

  /** Title of the question. */
  @ApiProperty({ example: '추가옵션' })
  group: string;

  @ApiProperty({ enum: GROUP_KINDS })
  kind: GroupKind;

  @ApiPropertyOptional({ example: 'A' })
  optionId?: string;

  /** What the customer read. */
  @ApiPropertyOptional({ example: 'A' })
  option?: string;

  /** Won per piece. */
  @ApiPropertyOptional({ example: 300 })
  addPrice?: number;

  @ApiPropertyOptional({ example: 1 })
  quantity?: number;

  @ApiPropertyOptional({ example: '12851' })
  extra?: string;

  /** A form was filled in; its text is for the shop only. */
  @ApiPropertyOptional({ example: true })
  filledIn?: boolean;
}

/** Pieces of one stock. */
export class DraftLineDto {
  @ApiProperty({ example: '10013529' })
  productId: string;

  @ApiProperty({ example: 'M:R:추가옵션/A' })
  sku: string;

  @ApiProperty({ example: 1 })
  quantity: number;
}

/** A temporary order (임시 주문). */
export class DraftDto {
  /** What T2 answered in `data`. */
  @ApiProperty({ example: '019a2f6e-0b5c-7c2e-9d0a-2f6f1f1f9a10' })
  id: string;

  /** Id of the merchant. */
  @ApiProperty({ example: 'demo-shop' })
  merchant: string;

  /** Only an open draft can be paid. */
  @ApiProperty({ enum: ['open', 'paid', 'expired'] })
  state: DraftState;

  @ApiPropertyOptional({ example: '1234567890' })
  appUserId?: string;

  @ApiPropertyOptional({ example: 'order-20201208-0001' })
  relayId?: string;

  @ApiProperty({ example: '10013529' })
  productId: string;

  @ApiProperty({ example: '윈터펠테스트11' })
  productName: string;

  @ApiProperty({ enum: PRODUCT_KINDS })
  productKind: ProductKind;

  @ApiProperty({ example: 1 })
  quantity: number;

  /** Won, options included. */
  @ApiProperty({ example: 300 })
  total: number;

  /** What is taken from stock when it is paid. */
  @ApiProperty({ type: [DraftLineDto] })
  lines: DraftLineDto[];

  /** Whether payment asks for an address (배송지). */
  @ApiProperty({ example: false })
  useShipping: boolean;

  @ApiProperty({ type: [ChosenDto] })
  chosen: ChosenDto[];

  @ApiProperty()
  createdAt: Date;

  @ApiProperty()
  expiresAt: Date;

  @ApiPropertyOptional()
  paidAt?: Date;

  /** The order that paid it (partner_order_id). */
  @ApiPropertyOptional({ example: '019a2f6f-1c7d-7b1a-8f3c-6d2e4a5b9c01' })
  orderRef?: string;
}

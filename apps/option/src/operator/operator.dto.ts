import { GROUP_KINDS, Product, PRODUCT_KINDS, ProductAgreement, ShippingRule } from '@biz/commerce';
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
  @ApiProperty({ type: 'integer', example: 100 })
  onHand: number;

  /** Of these promised to orders that are being paid. */
  @ApiProperty({ type: 'integer', example: 2 })
  reserved: number;

  /** What T1 shows: on hand less reserved. */
  @ApiProperty({ type: 'integer', example: 98 })
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

  /** When it was made. */
  @ApiProperty()
  createdAt: Date;

  /** When it was last changed. */
  @ApiProperty()
  updatedAt: Date;
}

/** One answer of the customer. */
export class ChosenDto {
  /** Id of the question (옵션 그룹 ID). */
  @ApiProperty({ example: '추가옵션' })
  groupId: string;

  /** Title of the question. */
  @ApiProperty({ example: '추가옵션' })
  group: string;

  /** What was asked. */
  @ApiProperty({ enum: GROUP_KINDS })
  kind: GroupKind;

  /** Id of the option (옵션 ID). */
  @ApiPropertyOptional({ example: 'A' })
  optionId?: string;

  /** What the customer read. */
  @ApiPropertyOptional({ example: 'A' })
  option?: string;

  /** Won per piece. */
  @ApiPropertyOptional({ type: 'integer', example: 300 })
  addPrice?: number;

  /** Pieces of the option (옵션 선택 수량). */
  @ApiPropertyOptional({ type: 'integer', example: 1 })
  quantity?: number;

  /** 추가 전달 값, as T1 sent it. */
  @ApiPropertyOptional({ example: '12851' })
  extra?: string;

  /** A form was filled in; its text is for the shop only. */
  @ApiPropertyOptional({ example: true })
  filledIn?: boolean;
}

/** Pieces of one stock. */
export class DraftLineDto {
  /** Id of the product. */
  @ApiProperty({ example: '10013529' })
  productId: string;

  /** Name of the stock, as in `levels` of the product. */
  @ApiProperty({ example: 'M:R:추가옵션/A' })
  sku: string;

  /** Pieces. */
  @ApiProperty({ type: 'integer', example: 1 })
  quantity: number;
}

/** What the product says about payment. */
export class DraftTermsDto {
  /** 배송비. */
  @ApiPropertyOptional({ type: ShippingRule })
  shipping?: ShippingRule;

  /** 동의항목. */
  @ApiPropertyOptional({ type: [ProductAgreement] })
  agreements?: ProductAgreement[];

  /** 상품 URL. */
  @ApiPropertyOptional({ type: [String], example: ['https://shop.example/mug'] })
  productUrls?: string[];
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

  /** Kakao's app user id, when Kakao sent it. */
  @ApiPropertyOptional({ example: '1234567890' })
  appUserId?: string;

  /** The relay id (용도 ID), when there was one. */
  @ApiPropertyOptional({ example: 'order-20201208-0001' })
  relayId?: string;

  /** Id of the product (상품 ID). */
  @ApiProperty({ example: '10013529' })
  productId: string;

  /** Name as it was selected (상품명). */
  @ApiProperty({ example: '윈터펠테스트11' })
  productName: string;

  /** Non-commerce drafts are never paid. */
  @ApiProperty({ enum: PRODUCT_KINDS })
  productKind: ProductKind;

  /** Pieces of the product (구매할 상품 개수). */
  @ApiProperty({ type: 'integer', example: 1 })
  quantity: number;

  /** Won, options included; shipping is added by payment. */
  @ApiProperty({ type: 'integer', example: 300 })
  total: number;

  /** The part of it that is tax-free (면세). */
  @ApiProperty({ type: 'integer', example: 0 })
  taxFreeAmount: number;

  /** What payment adds and shows, as the product had it. */
  @ApiProperty({ type: DraftTermsDto })
  terms: DraftTermsDto;

  /** What is taken from stock when it is paid. */
  @ApiProperty({ type: [DraftLineDto] })
  lines: DraftLineDto[];

  /** Whether payment asks for an address (배송지). */
  @ApiProperty({ example: false })
  useShipping: boolean;

  /** The answers, in the product's order; absent once they are erased. */
  @ApiPropertyOptional({ type: [ChosenDto] })
  chosen?: ChosenDto[];

  /** When it was made. */
  @ApiProperty()
  createdAt: Date;

  /** From then on it cannot be paid. */
  @ApiProperty()
  expiresAt: Date;

  /** When it was paid. */
  @ApiPropertyOptional()
  paidAt?: Date;

  /** The order that paid it (partner_order_id). */
  @ApiPropertyOptional({ example: '019a2f6f-1c7d-7b1a-8f3c-6d2e4a5b9c01' })
  orderRef?: string;

  /** Until then the answers are kept (보유기간). */
  @ApiProperty()
  eraseAt: Date;

  /** When they were erased (파기). */
  @ApiPropertyOptional()
  erasedAt?: Date;
}

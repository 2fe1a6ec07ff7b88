import { ApiProperty, ApiPropertyOptional } from '@nestjs/swagger';

/** Fields of every call. */
class ShopFields {
  /** Shop code (가맹점 코드), 10 characters. */
  @ApiProperty({ example: 'TC0ONETIME' })
  cid: string;

  /** Key of the shop code (가맹점 코드 인증키), 24 characters. */
  @ApiPropertyOptional({ example: 'abcdefghijklmnopqrstuvwx' })
  cid_secret?: string;
}

/** 결제 준비. */
export class ReadyRequest extends ShopFields {
  /** Order number of the shop. */
  @ApiProperty({ example: '23452366' })
  partner_order_id: string;

  /** Member id of the shop. */
  @ApiProperty({ example: 'user123' })
  partner_user_id: string;

  /** Goods. */
  @ApiProperty({ example: '아이스 아메리카노 외 1' })
  item_name: string;

  /** Goods code. */
  @ApiPropertyOptional({ example: '345dsf345' })
  item_code?: string;

  /** Number of goods. */
  @ApiProperty({ example: 1 })
  quantity: number;

  /** Won in all. */
  @ApiProperty({ example: 13_500 })
  total_amount: number;

  /** Won free of tax. */
  @ApiProperty({ example: 0 })
  tax_free_amount: number;

  /** Won of VAT; (total − tax free)/11 when absent. */
  @ApiPropertyOptional({ example: 1_227 })
  vat_amount?: number;

  /** Cup deposit; such a payment cannot be cancelled in part. */
  @ApiPropertyOptional({ example: 0 })
  green_deposit?: number;

  /** Where the user goes after authenticating. */
  @ApiProperty({ example: 'http://127.0.0.1:3005/order/callback' })
  approval_url: string;

  /** Where the user goes after giving up. */
  @ApiProperty({ example: 'http://127.0.0.1:3005/order/cancel' })
  cancel_url: string;

  /** Where the user goes after a failure. */
  @ApiProperty({ example: 'http://127.0.0.1:3005/order/fail' })
  fail_url: string;

  /** CARD or MONEY. */
  @ApiPropertyOptional({ enum: ['CARD', 'MONEY'] })
  payment_method_type?: string;
}

/** 결제 승인. */
export class ApproveRequest extends ShopFields {
  /** Payment number of KakaoPay (결제 고유번호). */
  @ApiProperty({ example: 'T1234567890123456789' })
  tid: string;

  /** As in ready. */
  @ApiProperty({ example: '23452366' })
  partner_order_id: string;

  /** As in ready. */
  @ApiProperty({ example: 'user123' })
  partner_user_id: string;

  /** Proof that the user authenticated, from the approval URL. */
  @ApiProperty({ example: '5a1b2c3d4e5f' })
  pg_token: string;

  /** As in ready. */
  @ApiPropertyOptional({ example: 13_500 })
  total_amount?: number;

  /** Text of the shop, given back by order. */
  @ApiPropertyOptional({ example: 'refund-1' })
  payload?: string;
}

/** 주문 조회. */
export class OrderRequest extends ShopFields {
  /** Payment number of KakaoPay. */
  @ApiProperty({ example: 'T1234567890123456789' })
  tid: string;
}

/** 결제 취소. */
export class CancelRequest extends OrderRequest {
  /** Won to give back. */
  @ApiProperty({ example: 13_500 })
  cancel_amount: number;

  /** Of it free of tax. */
  @ApiProperty({ example: 0 })
  cancel_tax_free_amount: number;

  /** Of it VAT. */
  @ApiPropertyOptional({ example: 1_227 })
  cancel_vat_amount?: number;

  /** What can still be cancelled, this request included: a guard against a double refund. */
  @ApiPropertyOptional({ example: 13_500 })
  cancel_available_amount?: number;

  /** Text of the shop. */
  @ApiPropertyOptional({ example: 'refund-1' })
  payload?: string;
}

/** SID by which a subscription is known. */
export class SidRequest extends ShopFields {
  /** Subscription key (정기결제 고유번호). */
  @ApiProperty({ example: 'S1234567890987654321' })
  sid: string;
}

/** 정기 결제: a charge after the first. */
export class SubscriptionRequest extends SidRequest {
  /** A new order number. */
  @ApiProperty({ example: 'subscription1234-2' })
  partner_order_id: string;

  /** As in the first payment. */
  @ApiProperty({ example: 'user123' })
  partner_user_id: string;

  /** Goods. */
  @ApiPropertyOptional({ example: '정기 이용권' })
  item_name?: string;

  /** Number of goods. */
  @ApiProperty({ example: 1 })
  quantity: number;

  /** Won in all. */
  @ApiProperty({ example: 5_000 })
  total_amount: number;

  /** Won free of tax. */
  @ApiProperty({ example: 0 })
  tax_free_amount: number;
}

import { pageDto, PageQuery } from '@biz/platform';
import { ApiProperty } from '@nestjs/swagger';
import { IsBoolean, IsIn, IsInt, IsNotEmpty, IsOptional, IsString, MaxLength, Min } from 'class-validator';
import type { Attempt } from '../attempts/attempt.entity';
import { ATTEMPT_STATES, type AttemptState } from '../attempts/attempt-status';
import type { HistoryEntry } from '../history/history.entity';
import { ORDER_STATE_NAMES, ORDER_STATES, type OrderState } from '../orders/order-status';
import type { Order } from '../orders/order.entity';
import { REFUND_STATES, type RefundState } from '../refunds/refund-status';
import type { Refund } from '../refunds/refund.entity';

const ATTEMPT_STATE_NAMES = Object.keys(ATTEMPT_STATES);
const REFUND_STATE_NAMES = Object.keys(REFUND_STATES);

export class OrdersQuery extends PageQuery {
  /** Only orders in this state */
  @ApiProperty({ enum: ORDER_STATE_NAMES, enumName: 'OrderState', required: false })
  @IsOptional()
  @IsIn(ORDER_STATE_NAMES)
  state?: OrderState;
}

export class CancelOrderRequest {
  /**
   * Won to give back; everything that is left when absent
   * @example 5000
   */
  @ApiProperty({ type: 'integer', required: false, minimum: 1 })
  @IsOptional()
  @IsInt()
  @Min(1)
  amount?: number;

  /**
   * Why, as history and shop are told
   * @example 고객 변심
   */
  @IsString()
  @IsNotEmpty()
  @MaxLength(200)
  reason: string;

  /** Whether the goods go back on the shelf when the whole order is refunded; true unless said */
  @ApiProperty({ required: false, default: true })
  @IsOptional()
  @IsBoolean()
  restock?: boolean;
}

/** One tid: one try to pay an order. */
export class AttemptDto {
  id: string;

  /** KakaoPay's payment number (결제번호) */
  tid: string;

  /** 가맹점 코드 */
  cid: string;

  @ApiProperty({ enum: ATTEMPT_STATE_NAMES, enumName: 'AttemptState' })
  state: AttemptState;

  /** When a newer tid superseded it, or the order was given up */
  closedAt?: Date;

  /** Won, as T1 asked */
  @ApiProperty({ type: 'integer' })
  totalAmount: number;

  /** Won, as KakaoPay took it */
  @ApiProperty({ type: 'integer', required: false })
  chargedAmount?: number;

  /** KakaoPay's number of the approval */
  aid?: string;

  /** CARD or MONEY (결제 수단) */
  method?: string;

  approvedAt?: Date;

  /** How often approve was called */
  @ApiProperty({ type: 'integer' })
  calls: number;

  /** KakaoPay's error code */
  @ApiProperty({ type: 'integer', required: false })
  failureCode?: number;

  failureMessage?: string;

  expiresAt: Date;

  createdAt: Date;

  updatedAt: Date;

  static of(row: Attempt): AttemptDto {
    return {
      id: row.id,
      tid: row.tid,
      cid: row.cid,
      state: row.state,
      ...(row.closedAt && { closedAt: row.closedAt }),
      totalAmount: row.totalAmount,
      ...(row.chargedAmount !== null && { chargedAmount: row.chargedAmount }),
      ...(row.aid !== null && { aid: row.aid }),
      ...(row.method !== null && { method: row.method }),
      ...(row.approvedAt && { approvedAt: row.approvedAt }),
      calls: row.calls,
      ...(row.failureCode !== null && { failureCode: row.failureCode }),
      ...(row.failureMessage !== null && { failureMessage: row.failureMessage }),
      expiresAt: row.expiresAt,
      createdAt: row.createdAt,
      updatedAt: row.updatedAt,
    };
  }
}

/** Money on its way back (결제취소). */
export class RefundDto {
  id: string;

  @ApiProperty({ enum: REFUND_STATE_NAMES, enumName: 'RefundState' })
  state: RefundState;

  /** `operator`, `surplus` (money that came for an order that could not take it) or `fulfilment-refused` */
  cause: string;

  reason: string;

  /** Won */
  @ApiProperty({ type: 'integer' })
  amount: number;

  /** Tax-free part in won (비과세) */
  @ApiProperty({ type: 'integer' })
  taxFreeAmount: number;

  /** Value-added tax in won (부가세) */
  @ApiProperty({ type: 'integer' })
  vatAmount: number;

  /** The attempt whose money it is */
  attemptId: string;

  /** KakaoPay's number of the cancellation */
  aid?: string;

  /** KakaoPay's error code */
  @ApiProperty({ type: 'integer', required: false })
  failureCode?: number;

  failureMessage?: string;

  doneAt?: Date;

  createdAt: Date;

  updatedAt: Date;

  static of(row: Refund): RefundDto {
    return {
      id: row.id,
      state: row.state,
      cause: row.cause,
      reason: row.reason,
      amount: row.amount,
      taxFreeAmount: row.taxFreeAmount,
      vatAmount: row.vatAmount,
      attemptId: row.attemptId,
      ...(row.aid !== null && { aid: row.aid }),
      ...(row.failureCode !== null && { failureCode: row.failureCode }),
      ...(row.failureMessage !== null && { failureMessage: row.failureMessage }),
      ...(row.doneAt && { doneAt: row.doneAt }),
      createdAt: row.createdAt,
      updatedAt: row.updatedAt,
    };
  }
}

/** One move of an order, an attempt, a refund or a subscription. */
export class HistoryDto {
  at: Date;

  /** order, attempt, refund or subscription */
  subject: string;

  /** Its id */
  subjectId: string;

  from?: string;

  to: string;

  /** kakao, buyer, kakaopay, shop, operator or platform */
  by: string;

  note: string;

  static of(row: HistoryEntry): HistoryDto {
    return {
      at: row.at,
      subject: row.subject,
      subjectId: row.subjectId,
      ...(row.fromState !== null && { from: row.fromState }),
      to: row.toState,
      by: row.actor,
      note: row.note,
    };
  }
}

/** One purchase of one user. */
export class OrderDto {
  /** Same as `partnerOrderId` */
  id: string;

  /** 가맹점 주문번호 */
  partnerOrderId: string;

  merchant: string;

  @ApiProperty({ enum: ORDER_STATE_NAMES, enumName: 'OrderState' })
  state: OrderState;

  /** What T4 tells Kakao: W, S, F or C */
  orderStatus: string;

  /** 주문서 아이디 */
  orderSheetId: string;

  /** 카카오의 AppUserId */
  appUserId: string;

  relayId?: string;

  itemName: string;

  @ApiProperty({ type: 'integer' })
  quantity: number;

  /** Won */
  @ApiProperty({ type: 'integer' })
  totalAmount: number;

  @ApiProperty({ type: 'integer' })
  taxFreeAmount: number;

  @ApiProperty({ type: 'integer' })
  vatAmount: number;

  /** Won given back so far */
  @ApiProperty({ type: 'integer' })
  refundedAmount: number;

  /** Whether the buyer gave an address; it is delivered to the shop, not shown here */
  hasAddress: boolean;

  /** Why it failed, as the buyer is told */
  message?: string;

  /** Why a person must look */
  reviewReason?: string;

  expiresAt: Date;

  paidAt?: Date;

  createdAt: Date;

  updatedAt: Date;

  static of(row: Order): OrderDto {
    return {
      id: row.id,
      partnerOrderId: row.id,
      merchant: row.merchant,
      state: row.state,
      orderStatus: ORDER_STATES[row.state].shown,
      orderSheetId: row.sheetId,
      appUserId: row.appUserId,
      ...(row.relayId !== null && { relayId: row.relayId }),
      itemName: row.itemName,
      quantity: row.quantity,
      totalAmount: row.totalAmount,
      taxFreeAmount: row.taxFreeAmount,
      vatAmount: row.vatAmount,
      refundedAmount: row.refundedAmount,
      hasAddress: row.addressSealed !== null,
      ...(row.failureMessage !== null && { message: row.failureMessage }),
      ...(row.reviewReason !== null && { reviewReason: row.reviewReason }),
      expiresAt: row.expiresAt,
      ...(row.paidAt && { paidAt: row.paidAt }),
      createdAt: row.createdAt,
      updatedAt: row.updatedAt,
    };
  }
}

/** An order with all that happened to it. */
export class OrderDetailDto extends OrderDto {
  /** Oldest first */
  @ApiProperty({ type: [AttemptDto] })
  attempts: AttemptDto[];

  /** Oldest first */
  @ApiProperty({ type: [RefundDto] })
  refunds: RefundDto[];

  /** Oldest first */
  @ApiProperty({ type: [HistoryDto] })
  history: HistoryDto[];
}

/** What became of a cancellation. */
export class OrderCancellationDto {
  partnerOrderId: string;

  /** State of the order right now; a refund moves it when KakaoPay has given the money back */
  @ApiProperty({ enum: ORDER_STATE_NAMES, enumName: 'OrderState' })
  state: OrderState;

  /** Absent when there was no money to give back */
  @ApiProperty({ type: RefundDto, required: false })
  refund?: RefundDto;
}

export class OrderPage extends pageDto(OrderDto) {}

import { pageDto, PageQuery } from '@biz/platform';
import { ApiProperty } from '@nestjs/swagger';
import { IsIn, IsOptional } from 'class-validator';
import type { Attempt } from '../attempts/attempt.entity';
import { ATTEMPT_STATES, type AttemptState } from '../attempts/attempt-status';
import type { HistoryEntry } from '../history/history.entity';
import { ORDER_STATE_NAMES, ORDER_STATES, type OrderState } from '../orders/order-status';
import type { Order } from '../orders/order.entity';
import { REFUND_STATES, type RefundState } from '../refunds/refund-status';
import type { Refund } from '../refunds/refund.entity';
import { DifferenceDto } from '../reconciliation/difference.dto';
import { SidDto } from '../subscriptions/sid.dto';

const ATTEMPT_STATE_NAMES = Object.keys(ATTEMPT_STATES);
const REFUND_STATE_NAMES = Object.keys(REFUND_STATES);

export class OrdersQuery extends PageQuery {
  /** Only orders in this state */
  @ApiProperty({ enum: ORDER_STATE_NAMES, enumName: 'OrderState', required: false })
  @IsOptional()
  @IsIn(ORDER_STATE_NAMES)
  state?: OrderState;

  /**
   * `true`: only orders that wait for a person: in review, with a payment in review, a failed refund, an open difference from KakaoPay's
   * word, or a SID that KakaoPay would not end
   */
  @ApiProperty({ enum: ['true'], required: false })
  @IsOptional()
  @IsIn(['true'])
  attention?: 'true';
}

/** One tid: one try to pay an order. */
export class AttemptDto {
  /** Id of the attempt */
  id: string;

  /** KakaoPay's payment number (결제번호); a later charge of a subscription has it from KakaoPay's answer on */
  tid?: string;

  /** 가맹점 코드 */
  cid: string;

  /**
   * waiting: the buyer authenticates; approving: an approve call was decided on; paid; surplus: its money is on its way back; refunded;
   * failed, expired: no money came; review: a person decides
   */
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

  /** When KakaoPay approved it (결제 승인 시각) */
  approvedAt?: Date;

  /** How often approve was called */
  @ApiProperty({ type: 'integer' })
  calls: number;

  /** KakaoPay's error code */
  @ApiProperty({ type: 'integer', required: false })
  failureCode?: number;

  /** Why it failed, or why a person must look */
  failureMessage?: string;

  /** When the tid dies */
  expiresAt: Date;

  /** When it began */
  createdAt: Date;

  /** When it last moved */
  updatedAt: Date;

  static of(row: Attempt): AttemptDto {
    return {
      id: row.id,
      ...(row.tid !== null && { tid: row.tid }),
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
  /** Id of the refund */
  id: string;

  /** requested; sending: the cancel call was decided on; done: the money is back; failed: a person decides; withdrawn: not wanted any more */
  @ApiProperty({ enum: REFUND_STATE_NAMES, enumName: 'RefundState' })
  state: RefundState;

  /** `operator`, `surplus` (money that came for an order that could not take it), `fulfilment-refused`, or `at-kakaopay` (by hand, there) */
  cause: string;

  /** In the words of whoever asked (취소 사유) */
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

  /** Why a person must look */
  failureMessage?: string;

  /** When KakaoPay gave the money back */
  doneAt?: Date;

  /** When it began */
  createdAt: Date;

  /** When it last moved */
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
  /** When it moved */
  at: Date;

  /** order, attempt, refund or subscription */
  subject: string;

  /** Its id */
  subjectId: string;

  /** State before; absent when it began */
  from?: string;

  /** State after */
  to: string;

  /** kakao, buyer, kakaopay, shop, operator or platform */
  by: string;

  /** Why, for people */
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

  /** Id of the merchant */
  merchant: string;

  /**
   * open: T1 made it; pending: T2 reserved the stock; approving: KakaoPay is asked; fulfilling: paid, the shop's own work is under way;
   * paid; failed: may be tried again; cancelled; review: a person decides
   */
  @ApiProperty({ enum: ORDER_STATE_NAMES, enumName: 'OrderState' })
  state: OrderState;

  /** What T4 tells Kakao: W, S, F or C */
  orderStatus: string;

  /** 주문서 아이디 */
  orderSheetId: string;

  /** 카카오의 AppUserId */
  appUserId: string;

  /** The relay id (용도 ID) the plugin was started with */
  relayId?: string;

  /** The subscription (정기결제) whose later charge it is */
  subscriptionId?: string;

  /** Which period of the subscription it pays */
  @ApiProperty({ type: 'integer', required: false })
  period?: number;

  /** 상품명 */
  itemName: string;

  /** Pieces in all (상품 수량) */
  @ApiProperty({ type: 'integer' })
  quantity: number;

  /** Won, shipping included (상품 총액) */
  @ApiProperty({ type: 'integer' })
  totalAmount: number;

  /** Won (비과세 금액) */
  @ApiProperty({ type: 'integer' })
  taxFreeAmount: number;

  /** Won (부가세 금액) */
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

  /** T2 is taken until then */
  expiresAt: Date;

  /** When the money came */
  paidAt?: Date;

  /** When it began */
  createdAt: Date;

  /** When it last moved */
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
      ...(row.subscriptionId !== null && { subscriptionId: row.subscriptionId }),
      ...(row.period !== null && { period: row.period }),
      itemName: row.itemName,
      quantity: row.quantity,
      totalAmount: row.totalAmount,
      taxFreeAmount: row.taxFreeAmount,
      vatAmount: row.vatAmount,
      refundedAmount: row.refundedAmount,
      hasAddress: row.addressSealed !== null,
      ...(row.failureMessage !== null && { message: row.failureMessage }),
      ...(row.state === 'review' && row.reviewReason !== null && { reviewReason: row.reviewReason }),
      expiresAt: row.expiresAt,
      ...(row.paidAt && { paidAt: row.paidAt }),
      createdAt: row.createdAt,
      updatedAt: row.updatedAt,
    };
  }
}

/** An order with all that happened to it. */
export class OrderDetailDto extends OrderDto {
  /** Won that KakaoPay took for it; differs from `totalAmount` when an operator accepted another amount */
  @ApiProperty({ type: 'integer', required: false })
  chargedAmount?: number;

  /** Oldest first */
  @ApiProperty({ type: [AttemptDto] })
  attempts: AttemptDto[];

  /** Oldest first */
  @ApiProperty({ type: [RefundDto] })
  refunds: RefundDto[];

  /** What KakaoPay says otherwise, oldest first */
  @ApiProperty({ type: [DifferenceDto] })
  differences: DifferenceDto[];

  /** Oldest first */
  @ApiProperty({ type: [SidDto] })
  sids: SidDto[];

  /** Oldest first */
  @ApiProperty({ type: [HistoryDto] })
  history: HistoryDto[];
}

/** What became of a cancellation. */
export class OrderCancellationDto {
  /** 가맹점 주문번호 */
  partnerOrderId: string;

  /** State of the order right now; a refund moves it when KakaoPay has given the money back */
  @ApiProperty({ enum: ORDER_STATE_NAMES, enumName: 'OrderState' })
  state: OrderState;

  /** Absent when there was no money to give back */
  @ApiProperty({ type: RefundDto, required: false })
  refund?: RefundDto;
}

export class OrderPage extends pageDto(OrderDto) {}

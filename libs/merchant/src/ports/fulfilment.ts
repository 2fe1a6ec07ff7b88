import type { Relay } from '../relay/relay';
import type { OrderLine } from './order-sheet-source';

/** An order whose money has arrived. */
export interface PaidOrder {
  partnerOrderId: string;
  orderSheetId: string;
  appUserId: string;
  relayId?: string;
  /** What the relay id is, with the shop's own reference. */
  relay?: Relay;
  lines: OrderLine[];
  /** Won. */
  totalAmount: number;
  /** Set when it is a later charge of a subscription (정기결제); the first payment is its period 1. */
  subscription?: { id: string; period: number };
  approvedAt: Date;
  shippingAddress?: ShippingAddress;
}

/** 배송지 of an order. */
export interface ShippingAddress {
  baseAddress: string;
  detailAddress: string;
  /** 구주소 우편번호 */
  postNo?: string;
  /** 신주소 우편번호 */
  zoneCode?: string;
  receiverName: string;
  receiverMobileNumber: string;
}

/** The shop's own order work; the buyer waits for it. Without it an order is done when it is paid. */
export abstract class Fulfilment {
  /**
   * Does the shop's work for a paid order; the order shows `W` until it returns.
   *
   * Called at least once, so it must be repeatable; a thrown error is tried again.
   * @returns a refusal, whose Korean message the buyer sees while the money goes back; nothing when all is done
   */
  abstract fulfil(order: PaidOrder): Promise<{ refused: string } | undefined>;
}

import type { RelayState } from '../relay/relay';

/** Everything the platform tells a shop. */
export const SHOP_EVENT_TYPES = [
  'profile.received',
  'location.received',
  'location.unavailable',
  'image.received',
  'capture.failed',
  'option.selected',
  'payment.paid',
  'payment.failed',
  'payment.cancelled',
  'payment.review',
  'subscription.charged',
  'subscription.failed',
  'subscription.ended',
  'member.joined',
  'member.unlinked',
] as const;
export type ShopEventType = (typeof SHOP_EVENT_TYPES)[number];

/** The facts of an event; camelCase, times ISO 8601 UTC, money in won. */
export interface ShopEventData {
  merchant: string;
  /** As Kakao sent it. */
  relayId?: string;
  /** What it is, and what the shop called it when it had it issued. */
  relay?: { state: RelayState; reference?: string };
  [fact: string]: unknown;
}

/** One thing that happened, as the shop receives it. */
export interface ShopEvent {
  /** The same on every try: keep it to notice what came twice. */
  id: string;
  type: ShopEventType;
  /** When it happened. */
  timestamp: Date;
  data: ShopEventData;
}

/** Receives events inside the platform's process. Without it they go to the shop's signed webhook. */
export abstract class EventReceiver {
  /**
   * Takes an event; called at least once, in order per subject. A thrown error is tried again over 24 hours.
   */
  abstract receive(event: ShopEvent): Promise<void>;

  /** Which events it takes; the others go to the webhook. All, unless overridden. */
  accepts(_type: ShopEventType): boolean {
    return true;
  }
}

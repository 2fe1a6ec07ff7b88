import type { Amounts, Card } from '@biz/kakaopay';

/**
 * Calls to KakaoPay that can move money, and looks that only tell.
 *
 * `approve` and `order` of a payment by tid · `charge` and `status` of a SID · `cancel` and `order` of a refund
 */
export type Operation = 'approve' | 'charge' | 'cancel' | LookOperation;
export type LookOperation = 'order' | 'status';

/** What KakaoPay named in an answer about a payment. */
export interface Said {
  readonly cid: string;
  readonly tid: string;
  readonly partnerOrderId: string;
  readonly partnerUserId: string;
  /** Won. */
  readonly amount: Amounts;
  /** Of `order` only, as sent. */
  readonly status?: string;
  /** Won, of `order` only; absent when KakaoPay did not say it. */
  readonly cancelledAmount?: number;
  readonly aid?: string;
  /** KakaoPay's number of the newest cancellation, of `order` only. */
  readonly cancelAid?: string;
  /** Of a charge: the answer named another SID than the one that was charged. */
  readonly otherSid?: true;
  readonly method?: string;
  readonly card?: Card;
  readonly approvedAt?: Date;
  readonly cancelledAt?: Date;
}

/** What `cancel` answered. */
export interface CancelSaid {
  readonly tid: string;
  /** Won, all cancellations of the payment together. */
  readonly cancelledAmount: number;
  readonly aid: string;
  readonly cancelledAt?: Date;
}

/** What `status` says of a SID. */
export interface SidSaid {
  /** ACTIVE or INACTIVE, as sent. */
  readonly status: string;
  /** Absent when KakaoPay did not name it. */
  readonly lastApprovedAt?: Date;
}

/** How a call ended, for all that is known. `unknown`: it may have acted, or may still. */
export type Outcome<S = Said> =
  | { readonly kind: 'answered'; readonly said: S }
  | { readonly kind: 'refused'; readonly code: number; readonly message?: string }
  | { readonly kind: 'not-sent' }
  | { readonly kind: 'unknown' };

/** One call to KakaoPay. */
export interface Evidence<S = Said> {
  /** UUID v7 of the moment it was decided on. */
  readonly id: string;
  readonly operation: Operation;
  readonly sentAt: Date;
  /** KakaoPay may act on the call, or not yet show in `order` that it has, until then. A look never acts. */
  readonly mayActUntil?: Date;
  /** Absent until the call has ended; for good when the process that made it died. */
  readonly outcome?: Outcome<S>;
}

/** A look whose answer came. */
export interface Look {
  readonly sentAt: Date;
  readonly said: Said & { readonly status: string };
}

/** In the order in which the calls were sent, whatever the order of their answers. */
export const inOrderOfSending = <S>(evidence: readonly Evidence<S>[]): Evidence<S>[] =>
  [...evidence].sort((one, other) => one.sentAt.getTime() - other.sentAt.getTime() || (one.id < other.id ? -1 : 1));

/** Whether the call may have moved money that no answer told of. What was refused or never left has not. */
export const isOpen = ({ outcome }: Evidence<unknown>): boolean => outcome === undefined || outcome.kind === 'unknown';

/** The moment after which no open call of these can act any more, in milliseconds. */
export const lastActOf = (calls: readonly Evidence<unknown>[]): number =>
  lastMomentOf(calls.filter((call) => isOpen(call)));

/** The last moment of all these calls, in milliseconds, whatever came of them. */
export const lastMomentOf = (calls: readonly Evidence<unknown>[]): number =>
  Math.max(-Infinity, ...calls.map(({ mayActUntil }) => mayActUntil?.getTime() ?? Infinity));

/** Calls that take the money of an attempt. */
export const TAKING: readonly Operation[] = ['approve', 'charge'];

/** How many calls that take money were decided on. */
export const callsIn = (evidence: readonly Evidence<unknown>[]): number =>
  evidence.filter(({ operation }) => TAKING.includes(operation)).length;

/** How many cancels were decided on. */
export const cancelsIn = (evidence: readonly Evidence<unknown>[]): number =>
  evidence.filter(({ operation }) => operation === 'cancel').length;

export const answersOf = <S>(calls: readonly Evidence<S>[]): S[] =>
  calls.flatMap(({ outcome }) => (outcome?.kind === 'answered' ? [outcome.said] : []));

export const looksOf = (evidence: readonly Evidence[]): Look[] =>
  evidence.flatMap(({ operation, sentAt, outcome }) => {
    if (operation !== 'order' || outcome?.kind !== 'answered') return [];
    const { status } = outcome.said;
    return status === undefined ? [] : [{ sentAt, said: { ...outcome.said, status } }];
  });

import { cancelledOf, cancelRefusal, explainCode } from '@biz/kakaopay';
import { type Expected, foreignFields } from '../attempts/compare';
import {
  answersOf,
  type CancelSaid,
  type Evidence,
  inOrderOfSending,
  isOpen,
  lastMomentOf,
  type Said,
} from './evidence';

/** A refund and the payment that it gives back a part of. */
export interface RefundCase extends Expected {
  readonly partnerUserId: string;
  /** Won; what this refund gives back. */
  readonly amount: number;
  /** Won; what KakaoPay took. */
  readonly charged: number;
  /** Won; what other refunds of the payment have given back. */
  readonly before: number;
  /** When it was asked for: first, or again after it had failed. What was learned earlier decided then. */
  readonly askedAt: Date;
}

export type RefundEvidence = Evidence<Said | CancelSaid>;

/**
 * What the evidence says about a refund.
 *
 * - `done`: the money is back
 * - `not-done`: KakaoPay refuses for good, and none went back
 * - `unknown`: it cannot be known yet; `cancel` may follow, or only a look
 * - `person`: KakaoPay's books differ from ours
 */
export type RefundVerdict =
  | { readonly is: 'done'; readonly why: string; readonly aid?: string; readonly doneAt?: Date }
  | { readonly is: 'not-done'; readonly why: string; readonly code: number }
  | { readonly is: 'unknown'; readonly next: 'cancel' | 'look'; readonly why: string }
  | { readonly is: 'person'; readonly why: string };

type Call = Evidence<CancelSaid>;
type Look = Evidence;

/**
 * Concludes how a refund stands from every call and look there is, in whatever order their answers came.
 *
 * Each call names what can still be cancelled, so KakaoPay carries out one of several alike. A refusal for good speaks
 * about its own call: it ends the refund when every other one is known to have done nothing.
 */
export function verdictOnRefund(refund: RefundCase, evidence: readonly RefundEvidence[]): RefundVerdict {
  const known = inOrderOfSending(evidence);
  const calls = known.filter((each): each is Call => each.operation === 'cancel');
  const asked = calls.filter(({ sentAt }) => sentAt >= refund.askedAt);
  const looks = known.filter(
    (each): each is Look =>
      each.operation === 'order' && each.sentAt >= refund.askedAt && each.outcome?.kind === 'answered',
  );
  const own = looks.filter((look) => foreignOf(refund, look).length === 0);
  return (
    fromAnswers(refund, asked) ??
    fromBooks(refund, calls, own) ??
    fromForeign(refund, calls, looks) ??
    fromNothingDone(refund, calls, asked, own)
  );
}

const saidIn = ({ outcome }: Look): Said | undefined => (outcome?.kind === 'answered' ? outcome.said : undefined);

/** Won; absent when the look does not say it. */
function cancelledIn(look: Look): number | undefined {
  const { status, cancelledAmount } = saidIn(look) ?? {};
  if (status === undefined) return undefined;
  return cancelledOf({ status, ...(cancelledAmount !== undefined && { cancelledAmount }) });
}

function foreignOf(refund: RefundCase, look: Look): string[] {
  const said = saidIn(look);
  return said ? foreignFields(refund, refund.partnerUserId, said) : [];
}

/** The moment after which no call can act that may have done so unseen, in milliseconds. */
const lastActOf = (refund: RefundCase, calls: readonly Call[]): number =>
  lastMomentOf(
    calls.filter((call) => isOpen(call) || (call.outcome?.kind === 'answered' && !addsUp(refund, call.outcome.said))),
  );

const addsUp = (refund: RefundCase, { tid, cancelledAmount }: CancelSaid): boolean =>
  tid === refund.tid && cancelledAmount === target(refund);

const target = ({ before, amount }: RefundCase): number => before + amount;

/** The first answer about this payment that adds up. */
function fromAnswers(refund: RefundCase, calls: readonly Call[]): RefundVerdict | undefined {
  const said = answersOf(calls).find((each) => addsUp(refund, each));
  if (!said) return undefined;
  const { aid, cancelledAt } = said;
  return { is: 'done', why: 'KakaoPay gave the money back', aid, ...(cancelledAt && { doneAt: cancelledAt }) };
}

/** What KakaoPay's own sum of cancellations proves. */
function fromBooks(refund: RefundCase, calls: readonly Call[], looks: readonly Look[]): RefundVerdict | undefined {
  const { before, charged } = refund;
  const person = (why: string): RefundVerdict => ({ is: 'person', why });
  for (const look of looks.toReversed()) {
    const said = saidIn(look);
    const cancelledAmount = cancelledIn(look);
    if (!said || cancelledAmount === undefined) continue;
    const { cancelledAt, cancelAid: aid, amount } = said;
    if (cancelledAmount === target(refund)) {
      const told = { ...(aid !== undefined && { aid }), ...(cancelledAt && { doneAt: cancelledAt }) };
      return { is: 'done', why: 'order says the money is back', ...told };
    }
    if (cancelledAmount > before)
      return person(`KakaoPay says ${cancelledAmount} won are cancelled, we know of ${before}`);
    // Its guard (cancel_available_amount) would refuse us on every repeat.
    if (amount.total !== charged) {
      return person(`KakaoPay says ${amount.total - before} won can be given back, we know of ${charged - before}`);
    }
    // `order` may lag behind the refunds before this one.
    if (cancelledAmount < before && look.sentAt.getTime() > lastActOf(refund, calls)) {
      return person(`KakaoPay says ${cancelledAmount} won are cancelled, we know of ${before}`);
    }
  }
  return undefined;
}

function fromForeign(refund: RefundCase, calls: readonly Call[], looks: readonly Look[]): RefundVerdict | undefined {
  const foreign = looks.find((look) => foreignOf(refund, look).length > 0);
  if (!foreign) return undefined;
  const why = `KakaoPay answered about another payment: ${foreignOf(refund, foreign).join(', ')} differ`;
  const until = lastActOf(refund, calls);
  const over = looks.some(({ sentAt }) => sentAt.getTime() > until);
  return over ? { is: 'person', why } : { is: 'unknown', next: 'look', why };
}

function fromNothingDone(
  refund: RefundCase,
  calls: readonly Call[],
  asked: readonly Call[],
  looks: readonly Look[],
): RefundVerdict {
  const refusal = asked
    .flatMap(({ outcome }) => (outcome?.kind === 'refused' ? [outcome] : []))
    .findLast(({ code }) => cancelRefusal(code) === 'person');
  const look = looks.findLast((each) => cancelledIn(each) === refund.before);
  const call = asked.at(-1);
  const until = lastActOf(refund, calls);
  if (refusal && (until === -Infinity || (look && look.sentAt.getTime() > until))) {
    const { code } = refusal;
    return { is: 'not-done', why: `cancel refused with ${code}: ${explainCode(code)}`, code };
  }
  if (!call) return { is: 'unknown', next: 'cancel', why: 'KakaoPay was not asked yet' };
  if (refusal || !look || look.sentAt <= call.sentAt) return { is: 'unknown', next: 'look', why: whyOf(call) };
  return { is: 'unknown', next: 'cancel', why: whyOf(call) };
}

function whyOf({ outcome }: Call): string {
  switch (outcome?.kind) {
    case 'refused':
      return `cancel refused with ${outcome.code}: ${explainCode(outcome.code)}`;
    case 'answered':
      return `cancel: KakaoPay says that ${outcome.said.cancelledAmount} won are cancelled in all`;
    case 'not-sent':
      return 'cancel was not sent';
    case 'unknown':
    case undefined:
      return 'cancel: not known';
  }
}

import { approveRefusal, explainCode, meaningOf } from '@biz/kakaopay';
import { differences, type Expected, foreignFields } from '../attempts/compare';
import {
  answersOf,
  inOrderOfSending,
  isOpen,
  lastActOf,
  looksOf,
  type Evidence,
  type Look,
  type Said,
} from './evidence';

/** The payment that KakaoPay's answers are compared with. */
export interface Payment extends Expected {
  readonly partnerUserId: string;
  /** When the tid dies. */
  readonly expiresAt: Date;
}

/**
 * What the evidence says about the money of a payment.
 *
 * - `paid`: it was taken
 * - `given-back`: it was taken, and all of it was cancelled at KakaoPay by another
 * - `not-paid`: none was taken and none can be
 * - `unknown`: it cannot be known yet
 * - `person`: the answers contradict the order or each other
 */
export type Verdict =
  | { readonly is: 'paid' | 'given-back'; readonly said: Said }
  | NotPaid
  /** @property next whether KakaoPay waits for an approve, or can only be asked again */
  | { readonly is: 'unknown'; readonly next: 'approve' | 'look'; readonly why: string }
  /**
   * @property said what was charged of this payment, where an answer about it tells
   * @property taken whether an answer tells of money, though it names another payment
   */
  | { readonly is: 'person'; readonly why: string; readonly said?: Said; readonly taken?: true };

interface NotPaid {
  readonly is: 'not-paid';
  readonly end: 'failed' | 'expired';
  readonly why: string;
  /** KakaoPay's, of the refusal that ended it. */
  readonly code?: number;
  /** Korean, for the buyer. */
  readonly message?: string;
}

const NO_SUCH_TID = -721;

/**
 * Concludes how a payment stands from every call and look there is, in whatever order their answers came.
 *
 * Money that an answer showed is there. That there is none takes a look that was sent after the last moment at which an
 * open call could act; a refusal speaks about its own call, so it ends a payment only when every other call is known to
 * have done nothing. An answer about another payment is no answer.
 */
export function verdictOn(payment: Payment, evidence: readonly Evidence[], now: Date): Verdict {
  const known = inOrderOfSending(evidence);
  const approves = known.filter(({ operation }) => operation === 'approve');
  const looks = looksOf(known);
  const own = looks.filter(({ said }) => foreignOf(payment, said).length === 0);
  return (
    fromApprovals(payment, approves) ??
    fromMoneySeen(payment, own) ??
    fromForeign(payment, looks, approves, now) ??
    fromNoMoneySeen(payment, known, approves, own, now)
  );
}

const foreignOf = (payment: Payment, said: Said): string[] => foreignFields(payment, payment.partnerUserId, said);
const wrongIn = (payment: Payment, said: Said): string[] => differences(payment, payment.partnerUserId, said);

/** No look undoes an approval. */
function fromApprovals(payment: Payment, approves: readonly Evidence[]): Verdict | undefined {
  const answers = answersOf(approves);
  const right = answers.find((said) => wrongIn(payment, said).length === 0);
  if (right) return { is: 'paid', said: right };
  const own = answers.find((said) => foreignOf(payment, said).length === 0);
  const said = own ?? answers[0];
  if (!said) return undefined;
  const why = `KakaoPay approved something else: ${wrongIn(payment, said).join(', ')} differ`;
  // What another payment cost is no amount of this one.
  return { is: 'person', why, ...(own ? { said: own } : { taken: true }) };
}

/** Money that was seen once was there, whatever another look says. */
function fromMoneySeen(payment: Payment, looks: readonly Look[]): Verdict | undefined {
  const said = looks.findLast((look) => showsMoney(look.said.status))?.said;
  if (!said) return undefined;
  const meaning = meaningOf(said.status);
  const wrong = wrongIn(payment, said);
  if (wrong.length > 0) {
    return { is: 'person', why: `KakaoPay was paid for something else: ${wrong.join(', ')} differ`, said };
  }
  if (meaning === 'cancelled') {
    const { cancelledAmount, amount } = said;
    if (cancelledAmount === undefined) {
      return { is: 'person', why: `order says ${said.status}, and not how much was cancelled`, said };
    }
    if (cancelledAmount >= amount.total) return { is: 'given-back', said };
    return { is: 'person', why: 'a part of the payment was cancelled at KakaoPay', said };
  }
  if ((said.cancelledAmount ?? 0) > 0) {
    return {
      is: 'person',
      why: `order says ${said.status}, and that ${said.cancelledAmount} won were cancelled`,
      said,
    };
  }
  if (meaning === 'sid-issued' && payment.totalAmount > 0) {
    return { is: 'person', why: 'KakaoPay issued a SID but took no money' };
  }
  return { is: 'paid', said };
}

function showsMoney(status: string): boolean {
  const meaning = meaningOf(status);
  return meaning === 'paid' || meaning === 'sid-issued' || meaning === 'cancelled';
}

/** KakaoPay spoke of another payment under this tid: a person looks, once no call can bring an answer that decides. */
function fromForeign(
  payment: Payment,
  looks: readonly Look[],
  approves: readonly Evidence[],
  now: Date,
): Verdict | undefined {
  const fields = looks.map(({ said }) => foreignOf(payment, said)).find((differing) => differing.length > 0);
  if (!fields) return undefined;
  const why = `KakaoPay answered about another payment: ${fields.join(', ')} differ`;
  return lastActOf(approves) >= now.getTime() ? { is: 'unknown', next: 'look', why } : { is: 'person', why };
}

function fromNoMoneySeen(
  payment: Payment,
  known: readonly Evidence[],
  approves: readonly Evidence[],
  looks: readonly Look[],
  now: Date,
): Verdict {
  const over = payment.expiresAt.getTime();
  const refusal = refusalForGood(approves);
  const allClosed = !approves.some(isOpen);
  if (refusal && allClosed) return refusal;

  const last = looks.at(-1);
  if (allClosed && isForgotten(known, over, last)) {
    return { is: 'not-paid', end: 'expired', why: `order refused: ${explainCode(NO_SUCH_TID)}`, code: NO_SUCH_TID };
  }
  if (!last) return { is: 'unknown', next: 'look', why: 'order has not told how it stands' };
  const why = `order says ${last.said.status}`;
  const afterTheEnd = last.sentAt.getTime() >= over;
  if (last.sentAt.getTime() <= lastActOf(approves)) {
    return { is: 'unknown', next: mayApprove(last, refusal, now, over), why: `${why}, and an approve may still act` };
  }
  switch (meaningOf(last.said.status)) {
    case 'failed':
      return refusal ?? { is: 'not-paid', end: 'failed', why };
    case 'unknown':
      if (!afterTheEnd) return { is: 'unknown', next: 'look', why };
      return { is: 'person', why: `${why}, which no document names, past the end of the tid` };
    default:
      if (refusal) return refusal;
      if (afterTheEnd) return { is: 'not-paid', end: 'expired', why: `the tid's time is over; ${why}` };
      return { is: 'unknown', next: mayApprove(last, refusal, now, over), why };
  }
}

/** Approving a tid again is harmless while it waits for it: KakaoPay takes its money once. */
const mayApprove = (last: Look, refusal: NotPaid | undefined, now: Date, over: number): 'approve' | 'look' =>
  meaningOf(last.said.status) === 'authenticated' && !refusal && now.getTime() < over ? 'approve' : 'look';

/** Past its end KakaoPay may know a tid no more that it knew before, without any money. */
function isForgotten(known: readonly Evidence[], over: number, last: Look | undefined): boolean {
  return known.some(
    ({ operation, sentAt, outcome }) =>
      operation === 'order' &&
      outcome?.kind === 'refused' &&
      outcome.code === NO_SUCH_TID &&
      sentAt.getTime() >= over &&
      (!last || sentAt > last.sentAt),
  );
}

/** The last refusal that is no matter of another try. */
function refusalForGood(approves: readonly Evidence[]): NotPaid | undefined {
  const refused = approves
    .flatMap(({ outcome }) => (outcome?.kind === 'refused' ? [outcome] : []))
    .findLast(({ code }) => approveRefusal(code) === 'failed');
  if (!refused) return undefined;
  const { code, message } = refused;
  const why = `approve refused with ${code}: ${explainCode(code)}`;
  return { is: 'not-paid', end: 'failed', why, code, ...(message !== undefined && { message }) };
}

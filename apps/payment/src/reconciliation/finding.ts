import { cancelledOf, meaningOf, type PaymentOrder } from '@biz/kakaopay';
import { Attempt } from '../attempts/attempt.entity';
import { differences, foreignFields } from '../attempts/compare';
import { DIFFERENCE_KINDS, type DifferenceKind } from './difference-kinds';

/** A payment by our records. */
export interface Ours {
  attempt: Attempt;
  appUserId: string;
  /** Won given back. */
  givenBack: number;
  /** Won on their way back: KakaoPay may have given them back or not. */
  onItsWay: number;
}

/** The charge of a free period, or one by SID that never succeeded, has no tid to ask about. */
export type Said = PaymentOrder | 'no such tid' | 'no tid';

/** KakaoPay's word about a payment, or why there is none. */
export type Heard = { word: Said } | { why: string };

/** How one payment compares. @property kinds none when no person can do anything @property line for people; no secret, nothing personal @property amount won at stake */
export type Finding = { readonly partnerOrderId: string; readonly attemptId: string; readonly merchant: string } & (
  | { readonly kind: 'equal' }
  | {
      readonly kind: 'differs' | 'not-asked';
      readonly kinds: readonly DifferenceKind[];
      readonly amount: number;
      readonly line: string;
    }
);

/** Compares what is here with what is there. */
export function findingOf(ours: Ours, heard: Heard): Finding {
  const { id: attemptId, orderId: partnerOrderId, merchant } = ours.attempt;
  const place = { partnerOrderId, attemptId, merchant };
  if ('why' in heard) {
    const line = `${describe(ours)} | KakaoPay could not be asked: ${heard.why}`;
    // A charge under way has no tid yet: its own work learns it, or a person.
    const { tid, state } = ours.attempt;
    const kinds: DifferenceKind[] = tid === null && state === 'approving' ? [] : ['not-asked'];
    return { kind: 'not-asked', ...place, kinds, amount: keptBy(ours) || expectedOf(ours), line };
  }
  const kinds = mismatches(ours, heard.word);
  if (kinds.length === 0) return { kind: 'equal', ...place };
  const says = kinds.map((kind) => DIFFERENCE_KINDS[kind].says).join(', ');
  const line = `${describe(ours)} | KakaoPay ${show(heard.word)} | ${says}`;
  return { kind: 'differs', ...place, kinds, amount: atStake(ours, heard.word, kinds), line };
}

/** Whether KakaoPay says that money was taken, though it may have gone back. */
export function tookMoney({ status, amount, approvedAt }: PaymentOrder): boolean {
  switch (meaningOf(status)) {
    case 'paid':
      return amount.total > 0;
    case 'cancelled':
      return true;
    case 'unknown':
      return approvedAt !== undefined && amount.total > 0;
    case 'wait':
    case 'authenticated':
    case 'sid-issued':
    case 'failed':
      return false;
  }
}

/** What is not as it must be. */
function mismatches(ours: Ours, said: Said): DifferenceKind[] {
  const { attempt, appUserId } = ours;
  if (attempt.state === 'review') return ['in-review'];
  const holds = holdsMoney(attempt);
  if (typeof said === 'string') return holds ? ['unknown-tid'] : [];
  if (!holds) {
    const foreign = foreignFields(attempt, appUserId, said);
    if (tookMoney(said)) return ['money-there', ...foreign];
    return isUnexpected(attempt, said) ? [isApproved(attempt) ? 'status-free' : 'status', ...foreign] : foreign;
  }
  return [
    ...(tookMoney(said) ? [] : (['money-missing'] as const)),
    ...differences(asCharged(attempt), appUserId, said),
    ...givenBackDiffers(cancelledOf(said), ours),
  ];
}

function givenBackDiffers(there: number | undefined, { givenBack, onItsWay }: Ours): DifferenceKind[] {
  if (there === undefined) return ['given-back-unsaid'];
  if (there < givenBack) return ['given-back-here'];
  return there > givenBack + onItsWay ? ['given-back-there'] : [];
}

const holdsMoney = ({ state, chargedAmount }: Attempt): boolean =>
  (state === 'paid' || state === 'surplus' || state === 'refunded') && (chargedAmount ?? 0) > 0;

/** What KakaoPay should say: what it took, when that is known. */
function asCharged(attempt: Attempt): Attempt {
  return Object.assign(new Attempt(), attempt, {
    totalAmount: attempt.chargedAmount ?? attempt.totalAmount,
    taxFreeAmount: attempt.chargedTaxFree ?? attempt.taxFreeAmount,
    vatAmount: attempt.chargedVat ?? attempt.vatAmount,
  });
}

const isApproved = ({ state }: Attempt): boolean => state === 'paid' || state === 'surplus' || state === 'refunded';

/** Without money a payment still waits at both ends or is over at both; a SID belongs to one that was approved. */
function isUnexpected(attempt: Attempt, { status }: PaymentOrder): boolean {
  const meaning = meaningOf(status);
  const waits = attempt.state === 'waiting' || attempt.state === 'approving';
  return (waits && meaning === 'failed') || isApproved(attempt) !== (meaning === 'sid-issued' || meaning === 'paid');
}

/** Won that we believe KakaoPay has of the buyer's. */
const keptBy = ({ attempt, givenBack }: Ours): number =>
  holdsMoney(attempt) ? Math.max(0, (attempt.chargedAmount ?? 0) - givenBack) : 0;

const expectedOf = ({ attempt }: Ours): number => attempt.chargedAmount ?? attempt.totalAmount;

/** How much the two disagree about; what is here, or there, when they speak of different payments. */
function atStake(ours: Ours, said: Said, kinds: readonly DifferenceKind[]): number {
  const here = keptBy(ours);
  if (kinds.includes('in-review')) return expectedOf(ours);
  if (typeof said === 'string') return here || expectedOf(ours);
  const { amount } = said;
  const there = tookMoney(said) ? Math.max(0, amount.total - (cancelledOf(said) ?? 0)) : 0;
  if (foreignFields(ours.attempt, ours.appUserId, said).length > 0) return Math.max(here, there);
  if (kinds.includes('given-back-unsaid')) return Math.max(here, there);
  if (here !== there) return Math.abs(here - there);
  const { taxFreeAmount, vatAmount, totalAmount } = asCharged(ours.attempt);
  return holdsMoney(ours.attempt)
    ? Math.max(
        Math.abs(totalAmount - amount.total),
        Math.abs(taxFreeAmount - amount.taxFree),
        Math.abs(vatAmount - amount.vat),
      )
    : 0;
}

function describe({ attempt, givenBack }: Ours): string {
  const { orderId, merchant, state } = attempt;
  const { totalAmount, taxFreeAmount, vatAmount } = asCharged(attempt);
  return `${orderId} ${merchant} ${state} ${won(totalAmount, taxFreeAmount, vatAmount, givenBack)}`;
}

function show(said: Said): string {
  if (typeof said === 'string') return said;
  const { status, amount } = said;
  return `${status} ${won(amount.total, amount.taxFree, amount.vat, cancelledOf(said) ?? 'unknown')}`;
}

const won = (total: number, taxFree: number, vat: number, back: number | string): string =>
  `${total} (tax-free ${taxFree}, VAT ${vat}, given back ${back})`;

import { chargeRefusal, explainCode } from '@biz/kakaopay';
import { differences, type Expected, foreignFields } from '../attempts/compare';
import { answersOf, type Evidence, inOrderOfSending, isOpen, lastMomentOf, type Said, type SidSaid } from './evidence';

/** The charge of a period by SID that KakaoPay's answers are compared with. */
export interface SidCharge extends Expected {
  readonly partnerUserId: string;
  /** KakaoPay's last approval of the SID before the charge was decided on; absent when KakaoPay did not name it. */
  readonly approvedBefore?: Date;
}

export type ChargeEvidence = Evidence<Said | SidSaid>;

/**
 * What the evidence says about the money of a charge.
 *
 * - `paid`: it was taken
 * - `not-paid`: none was taken and none can be; `next` says whether another try may follow
 * - `unknown`: it cannot be known yet; `charge` is safe now, `look` asks for `status`, `wait` for the call's last moment
 * - `person`: money may be there that no answer of ours can name. `taken` says what is known of it
 */
export type ChargeVerdict =
  | { readonly is: 'paid'; readonly said: Said }
  | {
      readonly is: 'not-paid';
      readonly why: string;
      readonly next: 'dunning' | 'never';
      readonly code?: number;
      readonly message?: string;
    }
  | { readonly is: 'unknown'; readonly next: 'charge' | 'look' | 'wait'; readonly why: string }
  | { readonly is: 'person'; readonly why: string; readonly taken: 'yes' | 'no' | 'unknown'; readonly said?: Said };

type Call = Evidence;
type Look = Evidence<SidSaid>;

/** KakaoPay names its approvals by the second. */
const SAME_MOMENT_MS = 1_000;
const LOST = 'The answer to this charge was lost, and';

/**
 * Concludes how a charge stands from every call and look there is, in whatever order their answers came.
 *
 * KakaoPay takes money for each `subscription` call that reaches it. So a second call follows only when `status`, read
 * after the last moment of the first one, still names the approval from before it.
 */
export function verdictOnCharge(charge: SidCharge, evidence: readonly ChargeEvidence[], now: Date): ChargeVerdict {
  const known = inOrderOfSending(evidence);
  const calls = known.filter((each): each is Call => each.operation === 'charge');
  const looks = known.filter((each): each is Look => each.operation === 'status');
  const open = calls.filter((call) => mayHaveCharged(call) && !looks.some((look) => clears(charge, calls, call, look)));
  return fromAnswers(charge, calls, open) ?? fromOpenCalls(charge, open, looks, now) ?? fromClosedCalls(calls, looks);
}

/** A refusal such as "duplicate" tells of another call, not that this period was left alone. */
const mayHaveCharged = (call: Call): boolean =>
  isOpen(call) || (call.outcome?.kind === 'refused' && chargeRefusal(call.outcome.code) === 'look');

/** Whether the look proves that the call took nothing. */
function clears(charge: SidCharge, calls: readonly Call[], call: Call, { sentAt, outcome }: Look): boolean {
  if (outcome?.kind !== 'answered' || sentAt.getTime() <= lastMomentOf([call])) return false;
  const { lastApprovedAt } = outcome.said;
  return (
    lastApprovedAt !== undefined &&
    charge.approvedBefore !== undefined &&
    lastApprovedAt <= charge.approvedBefore &&
    !isSameMoment(lastApprovedAt, calls)
  );
}

const isSameMoment = (approvedAt: Date, [first]: readonly Call[]): boolean =>
  first !== undefined && approvedAt.getTime() > first.sentAt.getTime() - SAME_MOMENT_MS;

function fromAnswers(charge: SidCharge, calls: readonly Call[], open: readonly Call[]): ChargeVerdict | undefined {
  const answers = answersOf(calls);
  const [said] = answers;
  if (!said) return undefined;
  // What another payment cost is no amount of this one, nor is its tid.
  const own = answers.find((each) => foreignFields(charge, charge.partnerUserId, each).length === 0);
  const person = (why: string): ChargeVerdict => ({ is: 'person', why, taken: 'yes', ...(own && { said: own }) });
  const tids = new Set(answers.map(({ tid }) => tid));
  if (tids.size > 1) return person(`KakaoPay charged this period ${tids.size} times`);
  const wrong = [...(said.otherSid ? ['sid'] : []), ...differences(charge, charge.partnerUserId, said)];
  if (wrong.length > 0) return person(`KakaoPay charged something else: ${wrong.join(', ')} differ`);
  if (open.some((call) => isOpen(call)))
    return person('KakaoPay charged this period, and another call for it may have too');
  return { is: 'paid', said };
}

/** A call may have taken money that no answer told of. */
function fromOpenCalls(
  charge: SidCharge,
  open: readonly Call[],
  looks: readonly Look[],
  now: Date,
): ChargeVerdict | undefined {
  if (open.length === 0) return undefined;
  const until = lastMomentOf(open);
  if (now.getTime() <= until) return { is: 'unknown', next: 'wait', why: 'a charge may still be on its way' };
  const person = (why: string, taken: 'yes' | 'unknown' = 'unknown'): ChargeVerdict => ({ is: 'person', why, taken });
  for (const { outcome } of looks.toReversed()) {
    if (outcome?.kind !== 'answered') continue;
    const { lastApprovedAt } = outcome.said;
    if (lastApprovedAt === undefined || !isLater(lastApprovedAt, charge)) continue;
    const when = lastApprovedAt.toISOString();
    return person(
      `KakaoPay charged the SID at ${when}, but its answer was lost and with it the tid: look the payment up at KakaoPay`,
      'yes',
    );
  }
  const last = looks.findLast(({ sentAt, outcome }) => sentAt.getTime() > until && isWord(outcome));
  if (!last) return { is: 'unknown', next: 'look', why: 'status has not told whether this charge took place' };
  const said = last.outcome?.kind === 'answered' ? last.outcome.said : undefined;
  if (said?.lastApprovedAt === undefined) {
    return person(`${LOST} KakaoPay does not say when it last charged the SID: look the payment up at KakaoPay`);
  }
  return person(
    `${LOST} KakaoPay charged the SID so shortly before that it cannot tell the two apart: look it up at KakaoPay`,
  );
}

/** An approval that was not there before the first call. */
const isLater = (approvedAt: Date, { approvedBefore }: SidCharge): boolean =>
  approvedBefore === undefined || approvedAt > approvedBefore;

/** Whether a look said something about the SID: how it stands, or that it is over. */
const isWord = (outcome: Look['outcome']): boolean =>
  outcome?.kind === 'answered' || (outcome?.kind === 'refused' && chargeRefusal(outcome.code) === 'ended');

/** No call took money. */
function fromClosedCalls(calls: readonly Call[], looks: readonly Look[]): ChargeVerdict {
  const call = calls.at(-1);
  const look = looks.findLast(({ outcome }) => isWord(outcome));
  if (look && (!call || look.sentAt > call.sentAt)) {
    const { outcome } = look;
    if (outcome?.kind === 'refused') {
      return {
        is: 'not-paid',
        next: 'never',
        why: `status refused with ${outcome.code}: ${explainCode(outcome.code)}`,
      };
    }
    if (outcome?.kind === 'answered' && outcome.said.status === 'INACTIVE') {
      return { is: 'not-paid', next: 'never', why: 'ended at KakaoPay before this charge' };
    }
  }
  if (call?.outcome?.kind !== 'refused') return { is: 'unknown', next: 'charge', why: 'KakaoPay did nothing so far' };
  const { code, message } = call.outcome;
  const why = `charge refused with ${code}: ${explainCode(code)}`;
  const refused = { is: 'not-paid', why, code, ...(message !== undefined && { message }) } as const;
  switch (chargeRefusal(code)) {
    case 'failed':
    case 'look':
      return { ...refused, next: 'dunning' };
    case 'ended':
      return { ...refused, next: 'never' };
    case 'person':
      return { is: 'person', why, taken: 'no' };
    case 'later':
      return { is: 'unknown', next: 'charge', why };
  }
}

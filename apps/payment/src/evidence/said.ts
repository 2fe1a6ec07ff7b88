import type { Answer, Approval, Cancellation, PaymentOrder, SubscriptionStatus } from '@biz/kakaopay';
import type { CancelSaid, Outcome, Said, SidSaid } from './evidence';
import type { EvidenceRow } from './evidence.entity';

/** What stays of an answer: its kind, a refusal's code and sentence, and what the answer named. */
export function outcomeOf<T, S>(answer: Answer<T>, said: (value: T) => S): Outcome<S> {
  switch (answer.kind) {
    case 'answered':
      return { kind: 'answered', said: said(answer.value) };
    case 'refused': {
      const { code, userMessage } = answer;
      return { kind: 'refused', code, ...(userMessage !== undefined && { message: userMessage }) };
    }
    case 'not-sent':
    case 'unknown':
      return { kind: answer.kind };
  }
}

/** Everything that is asked of an answer later; a SID is kept sealed, in `payment.sids`. */
export function saidIn(answer: Approval | PaymentOrder): Said {
  const { cid, tid, partnerOrderId, partnerUserId, amount, method, card, approvedAt } = answer;
  const seen: Said = { cid, tid, partnerOrderId, partnerUserId, amount };
  const told = {
    ...seen,
    ...(method !== undefined && { method }),
    ...(card && { card }),
    ...(approvedAt && { approvedAt }),
  };
  if (!('status' in answer)) return { ...told, aid: answer.aid };
  const { status, cancelledAmount, actions } = answer;
  const { aid: cancelAid, at: cancelledAt = answer.cancelledAt } =
    actions.findLast(({ type }) => type === 'CANCEL') ?? {};
  return {
    ...told,
    status,
    ...(cancelledAmount !== undefined && { cancelledAmount }),
    ...(cancelledAt && { cancelledAt }),
    ...(cancelAid !== undefined && { cancelAid }),
  };
}

export function cancelSaid({ tid, cancelledAmount, aid, cancelledAt }: Cancellation): CancelSaid {
  return { tid, cancelledAmount, aid, ...(cancelledAt && { cancelledAt }) };
}

export function sidSaid({ status, lastApprovedAt }: SubscriptionStatus): SidSaid {
  return { status, ...(lastApprovedAt && { lastApprovedAt }) };
}

/** What a row keeps of the end of its call; nothing while it has none. */
export function outcomeIn<S>({ outcome, code, message, said }: EvidenceRow): Outcome<S> | undefined {
  if (outcome === null) return undefined;
  if (outcome === 'answered') return { kind: outcome, said: withDates(said ?? {}) as S };
  if (outcome === 'refused') return { kind: outcome, code: code ?? 0, ...(message !== null && { message }) };
  return { kind: outcome };
}

/** JSON keeps a time as text. */
const withDates = (said: object): object =>
  Object.fromEntries(
    Object.entries(said).map(([name, value]: [string, unknown]) => [
      name,
      name.endsWith('At') && typeof value === 'string' ? new Date(value) : value,
    ]),
  );

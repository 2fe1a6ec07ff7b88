import { cancelRefusal } from '@biz/kakaopay';
import { BOOKS, playRefunds, REFUND, type RefundRule } from '../../test/interleavings/refunds';
import type { CancelSaid, Evidence, Outcome, Said } from './evidence';
import { type RefundEvidence, verdictOnRefund } from './refund-verdict';

const at = (second: number): Date => new Date(REFUND.askedAt.getTime() + second * 1000);
const call = (second: number, outcome?: Outcome<CancelSaid>): Evidence<CancelSaid> => ({
  id: `cancel ${second}`,
  operation: 'cancel',
  sentAt: at(second),
  mayActUntil: at(second + 60),
  ...(outcome && { outcome }),
});
const look = (second: number, said: Partial<Said>): Evidence => ({
  id: `order ${second}`,
  operation: 'order',
  sentAt: at(second),
  outcome: { kind: 'answered', said: { ...BOOKS, ...said } },
});
const refused = (code: number): Outcome<never> => ({ kind: 'refused', code });
const LOST: Outcome<never> = { kind: 'unknown' };
const TARGET = REFUND.before + REFUND.amount;
const REFUSED = [-782, -703, -721, -401];

const withEach =
  (operation: 'cancel' | 'order', change: (each: RefundEvidence) => Partial<RefundEvidence>): RefundRule =>
  (refund, evidence) =>
    verdictOnRefund(
      refund,
      evidence.map((each) => (each.operation === operation ? { ...each, ...change(each) } : each)),
    );

const withSum = (said: Said | CancelSaid): Said => ({
  ...BOOKS,
  ...said,
  cancelledAmount: said.cancelledAmount ?? REFUND.before,
});

/** Rules that each forget one thing, and what the play must find of each. */
const BROKEN_RULES: Record<string, RefundRule> = {
  'a refusal ends the refund, whatever another call did': (refund, evidence) => {
    const code = evidence.flatMap(({ outcome }) => (outcome?.kind === 'refused' ? [outcome.code] : []))[0];
    if (code === undefined || cancelRefusal(code) !== 'person') return verdictOnRefund(refund, evidence);
    return { is: 'not-done', why: 'refused', code };
  },
  'a look about another payment is believed': withEach('order', ({ outcome }) =>
    outcome?.kind === 'answered' ? { outcome: { kind: 'answered', said: { ...outcome.said, tid: 'T1' } } } : {},
  ),
  'an answer about another payment means that nothing was done': withEach('cancel', ({ outcome }) =>
    outcome?.kind === 'answered' && outcome.said.tid !== 'T1' ? { outcome: { kind: 'not-sent' } } : {},
  ),
  'a call without an answer did nothing': withEach('cancel', ({ outcome }) =>
    outcome === undefined || outcome.kind === 'unknown' ? { outcome: { kind: 'not-sent' } } : {},
  ),
  'a call acts no longer than our side waits': withEach('cancel', ({ sentAt }) => ({ mayActUntil: sentAt })),
  'order does not lag': withEach('cancel', ({ mayActUntil }) => ({
    ...(mayActUntil && { mayActUntil: new Date(mayActUntil.getTime() - 1000) }),
  })),
  'what order does not say is what we know': withEach('order', ({ outcome }) =>
    outcome?.kind === 'answered' ? { outcome: { kind: 'answered', said: withSum(outcome.said) } } : {},
  ),
};

describe('the verdict on a refund', () => {
  it('holds in every interleaving of six events, whatever KakaoPay does and in whatever order it is learned', () => {
    const { worlds, broken } = playRefunds(verdictOnRefund);
    expect(broken).toEqual([]);
    expect(worlds).toBeGreaterThan(20_000);
  });

  it.each(Object.entries(BROKEN_RULES))('is not this one, in which %s', (_what, rule) => {
    expect(playRefunds(rule).broken).toHaveLength(1);
  });

  it.each(REFUSED)(
    'is not taken from a repeat that is refused with %i, while the first call may have acted',
    (code) => {
      const evidence = [call(0, LOST), look(1, {}), call(2, refused(code)), look(3, {})];
      expect(verdictOnRefund(REFUND, evidence)).toMatchObject({ is: 'unknown', next: 'look' });
      expect(verdictOnRefund(REFUND, [...evidence, look(61, {})])).toMatchObject({ is: 'not-done', code });
      expect(verdictOnRefund(REFUND, [...evidence, look(61, { cancelledAmount: TARGET })]).is).toBe('done');
    },
  );

  it.each(REFUSED)('is “not done” when the only call was refused with %i', (code) => {
    expect(verdictOnRefund(REFUND, [call(0, refused(code))])).toMatchObject({ is: 'not-done', code });
  });

  it('is done by an answer or a look that adds up, with KakaoPay’s own number and time', () => {
    const cancelledAt = at(-5);
    const said = { tid: 'T1', aid: 'A1', cancelledAmount: TARGET, cancelledAt };
    const done = { is: 'done', aid: 'A1', doneAt: cancelledAt };
    expect(verdictOnRefund(REFUND, [call(0, { kind: 'answered', said })])).toMatchObject(done);
    const told = { cancelledAmount: TARGET, cancelAid: 'A1', cancelledAt };
    expect(verdictOnRefund(REFUND, [call(0, LOST), look(1, told)])).toMatchObject(done);
  });

  it('is a person’s when KakaoPay’s books differ from ours', () => {
    const of = (said: Partial<Said>) => verdictOnRefund(REFUND, [call(0, LOST), look(61, said)]).is;
    expect(of({ cancelledAmount: 4_000 })).toBe('person');
    expect(of({ cancelledAmount: 0 })).toBe('person');
    expect(of({ amount: { ...BOOKS.amount, total: 13_000 } })).toBe('person');
    for (const other of [{ tid: 'T2' }, { cid: 'x' }, { partnerOrderId: 'x' }, { partnerUserId: 'x' }]) {
      expect(of(other)).toBe('person');
    }
  });

  it('of one that was asked for again counts what came since; calls of before may still act', () => {
    const again = { ...REFUND, askedAt: at(30) };
    expect(verdictOnRefund(again, [call(0, refused(-782))])).toMatchObject({ is: 'unknown', next: 'cancel' });
    const evidence = [call(0, LOST), call(31, refused(-782)), look(32, {})];
    expect(verdictOnRefund(again, evidence)).toMatchObject({ is: 'unknown', next: 'look' });
  });
});

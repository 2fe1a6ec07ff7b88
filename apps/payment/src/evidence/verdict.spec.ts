import { approveRefusal } from '@biz/kakaopay';
import type { Evidence, Outcome, Said } from './evidence';
import { OURS, PAYMENT, play, type Rule } from '../../test/interleavings/payments';
import { verdictOn } from './verdict';

const at = (second: number): Date => new Date(PAYMENT.expiresAt.getTime() + second * 1000);
const ask = (second: number, outcome?: Outcome): Evidence => ({
  id: `approve ${second}`,
  operation: 'approve',
  sentAt: at(second),
  mayActUntil: at(second + 60),
  ...(outcome && { outcome }),
});
const look = (second: number, said: Partial<Said>): Evidence => ({
  id: `order ${second}`,
  operation: 'order',
  sentAt: at(second),
  outcome: { kind: 'answered', said: { ...OURS, ...said } },
});
const refusedLook = (second: number, code: number): Evidence => ({
  id: `order ${second}`,
  operation: 'order',
  sentAt: at(second),
  outcome: { kind: 'refused', code },
});
const refused = (code: number): Outcome => ({ kind: 'refused', code });
const LOST: Outcome = { kind: 'unknown' };
const FINAL = [
  -2, -401, -703, -704, -705, -706, -707, -721, -722, -723, -726, -730, -731, -733, -780, -797, -798, -799,
];

/** Rules that each forget one thing, and what the play must find of each. */
const BROKEN_RULES: Record<string, Rule> = {
  'a refusal ends the payment, whatever another call did': (payment, evidence, now) => {
    const code = evidence.flatMap(({ outcome }) => (outcome?.kind === 'refused' ? [outcome.code] : []))[0];
    if (code === undefined || approveRefusal(code) !== 'failed') return verdictOn(payment, evidence, now);
    return { is: 'not-paid', end: 'failed', why: 'refused', code };
  },
  'a look that says failed ends it, though a call is on its way': (payment, evidence, now) => {
    const failed = evidence.some(
      ({ outcome }) => outcome?.kind === 'answered' && outcome.said.status === 'FAIL_AUTH_PASSWORD',
    );
    return failed ? { is: 'not-paid', end: 'failed', why: 'failed' } : verdictOn(payment, evidence, now);
  },
  'a look about another payment is believed': (payment, evidence, now) =>
    verdictOn(
      payment,
      evidence.map((each) =>
        each.outcome?.kind === 'answered'
          ? { ...each, outcome: { kind: 'answered', said: { ...each.outcome.said, tid: 'T1' } } }
          : each,
      ),
      now,
    ),
  'a call without an answer did nothing': (payment, evidence, now) =>
    verdictOn(
      payment,
      evidence.map((each) =>
        each.outcome === undefined || each.outcome.kind === 'unknown'
          ? { ...each, outcome: { kind: 'not-sent' } }
          : each,
      ),
      now,
    ),
  'a call acts no longer than our side waits': (payment, evidence, now) =>
    verdictOn(
      payment,
      evidence.map((each) => ({ ...each, ...(each.mayActUntil && { mayActUntil: each.sentAt }) })),
      now,
    ),
  'order does not lag': (payment, evidence, now) =>
    verdictOn(
      payment,
      evidence.map((each) => ({
        ...each,
        ...(each.mayActUntil && { mayActUntil: new Date(each.mayActUntil.getTime() - 1000) }),
      })),
      now,
    ),
  'what arrived last counts': (payment, evidence, now) => {
    const looks = evidence.filter(({ operation }) => operation === 'order');
    const last = looks.slice(-1);
    return verdictOn(payment, [...evidence.filter(({ operation }) => operation !== 'order'), ...last], now);
  },
  'an unanswered call is waited for for ever': (payment, evidence, now) => {
    const open = evidence.some(({ operation, outcome }) => operation === 'approve' && outcome === undefined);
    return open ? { is: 'unknown', next: 'look', why: 'no answer' } : verdictOn(payment, evidence, now);
  },
};

describe('the verdict on a payment', () => {
  it('holds in every interleaving of six events, whatever KakaoPay does and in whatever order it is learned', () => {
    const { worlds, broken } = play(verdictOn);
    expect(broken).toEqual([]);
    expect(worlds).toBeGreaterThan(40_000);
  });

  it.each(Object.entries(BROKEN_RULES))('is not this one, in which %s', (_what, rule) => {
    expect(play(rule).broken).toHaveLength(1);
  });

  it.each(FINAL)('is not taken from a repeat that is refused with %i, while the first call may have acted', (code) => {
    const evidence = [ask(-300, LOST), ask(-250, refused(code)), look(-245, { status: 'AUTH_PASSWORD' })];
    expect(verdictOn(PAYMENT, evidence, at(-240))).toMatchObject({ is: 'unknown', next: 'look' });
    expect(verdictOn(PAYMENT, [...evidence, look(-235, { status: 'AUTH_PASSWORD' })], at(-234))).toMatchObject({
      is: 'not-paid',
      code,
    });
    expect(verdictOn(PAYMENT, [...evidence, look(-235, { status: 'SUCCESS_PAYMENT' })], at(-234)).is).toBe('paid');
  });

  it.each(FINAL)('is “not paid” when the only call was refused with %i', (code) => {
    expect(verdictOn(PAYMENT, [ask(-300, refused(code))], at(-299))).toMatchObject({ is: 'not-paid', code });
  });

  it.each(['FAIL_PAYMENT', 'QUIT_PAYMENT', 'CANCEL_PAYMENT', 'SUCCESS_PAYMENT', 'AUTH_PASSWORD', 'NEW_STATUS'])(
    'is a person’s when order says %s of another tid, order, user or CID',
    (status) => {
      for (const other of [{ tid: 'T2' }, { partnerOrderId: 'x' }, { partnerUserId: 'x' }, { cid: 'x' }]) {
        const evidence = [ask(-300, LOST), look(-290, { status, ...other })];
        expect(verdictOn(PAYMENT, evidence, at(-289)).is).toBe('unknown');
        expect(verdictOn(PAYMENT, evidence, at(-200)).is).toBe('person');
      }
    },
  );

  it('is a person’s when another amount was taken, a part was cancelled, or how much is not said', () => {
    const of = (said: Partial<Said>) => verdictOn(PAYMENT, [look(-200, said)], at(-199));
    expect(of({ status: 'SUCCESS_PAYMENT', amount: { ...OURS.amount, total: 13_499 } }).is).toBe('person');
    expect(of({ status: 'PART_CANCEL_PAYMENT', cancelledAmount: 500 }).is).toBe('person');
    const less = { ...OURS.amount, total: 13_499 };
    expect(of({ status: 'CANCEL_PAYMENT', amount: less, cancelledAmount: 13_499 }).is).toBe('person');
    expect(of({ status: 'CANCEL_PAYMENT' }).is).toBe('person');
    expect(of({ status: 'SUCCESS_PAYMENT', cancelledAmount: 13_500 }).is).toBe('person');
    expect(of({ status: 'SUCCESS_PAYMENT', cancelledAmount: 0 }).is).toBe('paid');
    expect(of({ status: 'ISSUED_SID' }).is).toBe('person');
    expect(of({ status: 'CANCEL_PAYMENT', cancelledAmount: 13_500 }).is).toBe('given-back');
  });

  it('is “expired” only by a look past the end that nothing contradicts', () => {
    expect(verdictOn(PAYMENT, [refusedLook(-1, -721)], at(1)).is).toBe('unknown');
    expect(verdictOn(PAYMENT, [refusedLook(1, -721)], at(2))).toMatchObject({ is: 'not-paid', end: 'expired' });
    expect(verdictOn(PAYMENT, [ask(-300, LOST), refusedLook(1, -721)], at(2)).is).toBe('unknown');
    expect(verdictOn(PAYMENT, [look(-1, { status: 'READY' })], at(1)).is).toBe('unknown');
    const forgotten = [look(-300, { status: 'READY' }), refusedLook(1, -721)];
    expect(verdictOn(PAYMENT, forgotten, at(2))).toMatchObject({ is: 'not-paid', end: 'expired' });
    expect(verdictOn(PAYMENT, [ask(-300, LOST), ...forgotten], at(2)).is).toBe('unknown');
    expect(verdictOn(PAYMENT, [...forgotten, look(2, { status: 'NEW_STATUS' })], at(3)).is).toBe('person');
    expect(verdictOn(PAYMENT, [look(-300, { status: 'SUCCESS_PAYMENT' }), refusedLook(1, -721)], at(2)).is).toBe(
      'paid',
    );
    expect(verdictOn(PAYMENT, [look(1, { status: 'READY' })], at(2))).toMatchObject({ is: 'not-paid', end: 'expired' });
    expect(verdictOn(PAYMENT, [look(1, { status: 'NEW_STATUS' })], at(2)).is).toBe('person');
  });
});

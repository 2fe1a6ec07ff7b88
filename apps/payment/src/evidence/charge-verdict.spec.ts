import { chargeRefusal } from '@biz/kakaopay';
import { CHARGE, CHARGED, type ChargeRule, playCharges } from '../../test/interleavings/charges';
import { type ChargeEvidence, verdictOnCharge } from './charge-verdict';
import type { Evidence, Outcome, Said, SidSaid } from './evidence';

const at = (second: number): Date => new Date(Date.UTC(2026, 10, 30) + second * 1000);
const call = (second: number, outcome?: Outcome): Evidence => ({
  id: `charge ${second}`,
  operation: 'charge',
  sentAt: at(second),
  mayActUntil: at(second + 60),
  ...(outcome && { outcome }),
});
const status = (second: number, outcome: Outcome<SidSaid>): Evidence<SidSaid> => ({
  id: `status ${second}`,
  operation: 'status',
  sentAt: at(second),
  outcome,
});
const active = (lastApprovedAt?: Date): Outcome<SidSaid> => ({
  kind: 'answered',
  said: { status: 'ACTIVE', ...(lastApprovedAt && { lastApprovedAt }) },
});
const refused = (code: number): Outcome<never> => ({ kind: 'refused', code });
const answered = (said: Partial<Said> = {}): Outcome => ({ kind: 'answered', said: { ...CHARGED, ...said } });
const LOST: Outcome<never> = { kind: 'unknown' };
const LONG_AGO = at(-86_400);
const charge = { ...CHARGE, approvedBefore: LONG_AGO };

const isStatus = (each: ChargeEvidence): each is Evidence<SidSaid> => each.operation === 'status';
const withLooks =
  (change: (said: SidSaid, approvedBefore: Date) => SidSaid): ChargeRule =>
  (subject, evidence, now) =>
    verdictOnCharge(
      subject,
      evidence.map((each) =>
        isStatus(each) && each.outcome?.kind === 'answered'
          ? {
              ...each,
              outcome: { kind: 'answered', said: change(each.outcome.said, subject.approvedBefore ?? at(-999)) },
            }
          : each,
      ),
      now,
    );
const withCalls =
  (change: (each: ChargeEvidence) => Partial<ChargeEvidence>): ChargeRule =>
  (subject, evidence, now) =>
    verdictOnCharge(
      subject,
      evidence.map((each) => (each.operation === 'charge' ? { ...each, ...change(each) } : each)),
      now,
    );

/** Rules that each forget one thing, and what the play must find of each. */
const BROKEN_RULES: Record<string, ChargeRule> = {
  'a refusal ends the charge, whatever another call did': (subject, evidence, now) => {
    const code = evidence.flatMap(({ outcome }) => (outcome?.kind === 'refused' ? [outcome.code] : []))[0];
    if (code === undefined || chargeRefusal(code) !== 'ended') return verdictOnCharge(subject, evidence, now);
    return { is: 'not-paid', why: 'refused', code, next: 'never' };
  },
  'a status that names no approval means that there was none': withLooks((said, approvedBefore) => ({
    ...said,
    lastApprovedAt: said.lastApprovedAt ?? approvedBefore,
  })),
  'an approval of the very second is taken for an old one': (subject, evidence, now) =>
    withLooks((said, approvedBefore) => ({
      ...said,
      ...(said.lastApprovedAt?.getTime() === approvedBefore.getTime() && { lastApprovedAt: at(-100) }),
    }))({ ...subject }, evidence, now),
  'a call without an answer did nothing': withCalls(({ outcome }) =>
    outcome === undefined || outcome.kind === 'unknown' ? { outcome: { kind: 'not-sent' } } : {},
  ),
  'a duplicate that KakaoPay refuses is no trace of the first call': withCalls(({ outcome }) =>
    outcome?.kind === 'refused' && chargeRefusal(outcome.code) === 'look' ? { outcome: { kind: 'not-sent' } } : {},
  ),
  'a call acts no longer than our side waits': withCalls(({ sentAt }) => ({ mayActUntil: sentAt })),
  'status does not lag': withCalls(({ mayActUntil }) => ({
    ...(mayActUntil && { mayActUntil: new Date(mayActUntil.getTime() - 1000) }),
  })),
  'an unanswered call is waited for for ever': (subject, evidence, now) =>
    evidence.some(({ operation, outcome }) => operation === 'charge' && outcome === undefined)
      ? { is: 'unknown', next: 'wait', why: 'no answer' }
      : verdictOnCharge(subject, evidence, now),
};

describe('the verdict on the charge of a SID', () => {
  it('holds in every interleaving of six events, whatever KakaoPay does and in whatever order it is learned', () => {
    const { worlds, broken } = playCharges(verdictOnCharge);
    expect(broken).toEqual([]);
    expect(worlds).toBeGreaterThan(40_000);
  });

  it.each(Object.entries(BROKEN_RULES))('is not this one, in which %s', (_what, rule) => {
    expect(playCharges(rule).broken).toHaveLength(1);
  });

  it('is “paid” by the answer alone, whose identity and amounts are compared', () => {
    const of = (said: Partial<Said>) => verdictOnCharge(charge, [call(0, answered(said))], at(1));
    expect(of({})).toMatchObject({ is: 'paid', said: { tid: 'T2' } });
    for (const other of [{ cid: 'x' }, { partnerOrderId: 'x' }, { partnerUserId: 'x' }, { otherSid: true as const }]) {
      expect(of(other)).toMatchObject({ is: 'person', taken: 'yes' });
    }
    expect(of({ amount: { ...CHARGED.amount, total: 9_999 } })).toMatchObject({ is: 'person', taken: 'yes' });
  });

  it.each([-782, -751, -753, -798, -785])('is not taken from a repeat that is refused with %i', (code) => {
    const evidence = [call(0, LOST), call(10, refused(code))];
    expect(verdictOnCharge(charge, evidence, at(50))).toMatchObject({ is: 'unknown', next: 'wait' });
    expect(verdictOnCharge(charge, evidence, at(71))).toMatchObject({ is: 'unknown', next: 'look' });
    const seen = [...evidence, status(80, active(at(2)))];
    expect(verdictOnCharge(charge, seen, at(81))).toMatchObject({ is: 'person', taken: 'yes' });
  });

  it.each([
    ['none', undefined],
    ['the one of the very second', at(0)],
  ])('is a person’s when the answer was lost and status names %s', (_what, lastApprovedAt) => {
    const before = { ...CHARGE, ...(lastApprovedAt && { approvedBefore: lastApprovedAt }) };
    const evidence = [call(0, LOST), status(61, active(lastApprovedAt))];
    expect(verdictOnCharge(before, evidence, at(62))).toMatchObject({ is: 'person', taken: 'unknown' });
  });

  it('charges again only when status, read past the call’s last moment, names the old approval', () => {
    const early = [call(0, LOST), status(59, active(LONG_AGO))];
    expect(verdictOnCharge(charge, early, at(61))).toMatchObject({ is: 'unknown', next: 'look' });
    expect(verdictOnCharge(charge, [...early, status(61, active(LONG_AGO))], at(62))).toMatchObject({
      is: 'unknown',
      next: 'charge',
    });
    const inactive = { kind: 'answered', said: { status: 'INACTIVE', lastApprovedAt: LONG_AGO } } as const;
    expect(verdictOnCharge(charge, [...early, status(61, inactive)], at(62))).toMatchObject({
      is: 'not-paid',
      next: 'never',
    });
  });
});

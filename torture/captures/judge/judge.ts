import type { Window } from '../../disturbances';
import type { Broken } from '../../judge/verdict';
import type { Received } from '../../world/shop';
import type { Played } from '../plan';
import type { Ask } from '../world/kakao';
import { calmOf } from './calm';
import type { CaptureRow, Case } from './case';
import { Haste } from './haste';
import { whatTheShopWasTold } from './told';

export interface CaptureEvidence {
  played: readonly Played[];
  rows: readonly CaptureRow[];
  received: readonly Received[];
  forged: number;
  windows: readonly Window[];
  /** What Kakao was asked for. */
  asks: readonly Ask[];
}

/** An answer that was on its way as an app gave up waiting is asked for again. */
const ASKED_AGAIN = 2;

/**
 * Every OTP that Kakao would still answer before its deadline is captured and delivered exactly once by id, or visible as
 * failed with a reason; and failing needs a cause.
 */
export function judge(evidence: CaptureEvidence): Broken[] {
  const { played, rows, received, forged, windows } = evidence;
  const haste = new Haste(evidence.asks, played);
  const broken: Broken[] = [];
  if (forged > 0) broken.push({ rule: 'shop', what: `${forged} deliveries were not signed rightly` });
  const tokens = new Set(played.map(({ plan }) => plan.token));
  const ids = new Set(rows.map(({ id }) => id));
  const strangers = rows.filter(({ token }) => !tokens.has(token)).length;
  if (strangers > 0) broken.push({ rule: 'stored', what: `${strangers} captures that nobody handed over` });
  const untrue = received.filter(({ data }) => !ids.has(String(data.id))).length;
  if (untrue > 0) broken.push({ rule: 'shop', what: `${untrue} events about no capture` });
  for (const { plan, acceptedAt, endsAt, refusals } of played) {
    const say = (rule: string, what: string): void => void broken.push({ rule, what, order: plan.token });
    for (const refusal of refusals) say('answers', `a callback was answered ${refusal}`);
    const mine = rows.filter(({ token }) => token === plan.token);
    if (acceptedAt !== undefined && mine.length === 0)
      say('stored', 'a callback was accepted, and no capture is there');
    if (mine.length > 1) say('once', `${mine.length} captures of one OTP`);
    for (const row of mine) {
      const told = received.filter(({ data }) => data.id === row.id);
      const time = calmOf(plan.kind, row.received.getTime(), endsAt, windows);
      const one: Case = { plan, row, told, time, haste };
      for (const what of [...outcome(one), ...whatTheShopWasTold(one), ...askedAgain(one, windows)])
        say('capture', what);
    }
  }
  return broken;
}

function outcome({ plan, row: { state, failure }, time, haste }: Case): string[] {
  const { outcome: said, files, token } = plan;
  switch (state) {
    case 'delivered':
      return said === 'data' ? [] : [`delivered, though Kakao says ${said}`];
    case 'unavailable':
      return said === 'unavailable' ? [] : [`unavailable, though Kakao says ${said}`];
    case 'failed':
      if (failure === 'refused-by-kakao' && said === 'refused') return [];
      // At its end Kakao refuses every address.
      if (failure === 'refused-by-kakao' && (said === 'never' || !time) && haste.wasOver(token)) return [];
      if (failure === 'unreadable-answer' && said === 'garbage') return [];
      if (failure === 'no-image-stored' && said === 'data' && haste.allRefused(token, files)) return [];
      return [`failed as ${failure ?? 'nothing'}, and Kakao says ${said}; the OTP: ${haste.talksOf(token)}`];
    case 'expired': {
      const reasons = plan.kind === 'image' ? ['deadline-passed', 'no-image-stored'] : ['deadline-passed'];
      if (failure === null || !reasons.includes(failure)) return [`expired as ${failure ?? 'nothing'}`];
      if (said === 'never' || !time) return [];
      const late = failure === 'no-image-stored' && files.every((file, at) => haste.excused(token, at, file, time));
      return late
        ? []
        : [`expired (${failure}), though there was time and Kakao says ${said}; the OTP: ${haste.talksOf(token)}`];
    }
    default:
      return [`ends as ${state}`];
  }
}

/** An answer that is held is read again, and never asked for again, unless nothing in it was understood. */
function askedAgain({ plan: { kind, token, outcome: said }, haste }: Case, windows: readonly Window[]): string[] {
  if (said === 'never' || said === 'garbage') return [];
  const answers = haste.answersOf(token);
  const restarts = windows.filter(({ what, of }) => what === 'database' || of === kind);
  const again = answers.slice(1).filter((at, before) => {
    const last = answers[before] ?? at;
    return !restarts.some(({ from, to }) => from <= at && to >= last - 1_000);
  });
  return again.length > ASKED_AGAIN
    ? [`asked for ${answers.length} times, though Kakao had answered: ${haste.talksOf(token)}`]
    : [];
}

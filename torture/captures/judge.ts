import { createHash } from 'node:crypto';
import type { Broken } from '../judge/verdict';
import type { Window } from '../disturbances';
import type { Received } from '../world/shop';
import { Haste, type Calm } from './haste';
import { digestOf, type Ask } from './world/kakao';
import type { Played } from './plan';

export interface CaptureRow {
  id: string;
  token: string;
  state: string;
  failure: string | null;
  received: Date;
}

export interface CaptureEvidence {
  played: readonly Played[];
  rows: readonly CaptureRow[];
  received: readonly Received[];
  forged: number;
  windows: readonly Window[];
  /** What Kakao was asked for. */
  asks: readonly Ask[];
}

interface ToldFile {
  state: string;
  sha256?: string;
  failure?: string;
  href?: string;
}

/** So long without a disturbance is time enough for whatever waits. */
export const CALM_MS = 10_000;

/**
 * Every OTP that Kakao would still answer before its deadline is captured and delivered exactly once by id, or visible as
 * failed with a reason; and failing needs a cause.
 */
export function judge(evidence: CaptureEvidence): Broken[] {
  const { played, rows, received, forged } = evidence;
  const haste = new Haste(evidence.asks, played);
  const broken: Broken[] = [];
  if (forged > 0) broken.push({ rule: 'shop', what: `${forged} deliveries were not signed rightly` });
  for (const each of played) {
    const { plan, acceptedAt } = each;
    const say = (rule: string, what: string): void => void broken.push({ rule, what, order: plan.token });
    const mine = rows.filter(({ token }) => token === plan.token);
    if (acceptedAt !== undefined && mine.length === 0)
      say('stored', 'a callback was accepted, and no capture is there');
    if (mine.length > 1) say('once', `${mine.length} captures of one OTP`);
    for (const row of mine) {
      const told = received.filter(({ data }) => data.id === row.id);
      for (const what of [...outcome(each, row, evidence, haste), ...delivered(each, row, told, evidence, haste)])
        say('capture', what);
    }
  }
  return broken;
}

function outcome(each: Played, { state, failure }: CaptureRow, { windows }: CaptureEvidence, haste: Haste): string[] {
  const { outcome: said } = each.plan;
  switch (state) {
    case 'delivered':
      return said === 'data' ? [] : [`delivered, though Kakao says ${said}`];
    case 'unavailable':
      return said === 'unavailable' ? [] : [`unavailable, though Kakao says ${said}`];
    case 'failed':
      // At its end Kakao refuses every address.
      if (failure === 'refused-by-kakao' && (said === 'refused' || said === 'never' || !calm(each, windows))) return [];
      if (failure === 'unreadable-answer' && said === 'garbage') return [];
      if (failure === 'no-image-stored' && each.plan.files.every((file) => file.outcome === 'refused')) return [];
      return [`failed as ${failure ?? 'nothing'}, and Kakao says ${said}`];
    case 'expired': {
      if (failure === null) return ['expired without a reason'];
      const time = calm(each, windows);
      const { token, files: planned } = each.plan;
      if (said === 'never' || !time) return [];
      if (failure === 'no-image-stored' && planned.every((_, at) => haste.handsFull(token, at, time))) return [];
      return [`expired (${failure}), though there was time and Kakao says ${said}; the OTP: ${haste.talksOf(token)}`];
    }
    default:
      return [`ends as ${state}`];
  }
}

function delivered(each: Played, row: CaptureRow, told: Received[], evidence: CaptureEvidence, haste: Haste): string[] {
  const idsOf = (type: string): Set<string> => new Set(told.filter((one) => one.type === type).map(({ id }) => id));
  const received = idsOf(`${each.plan.kind}.received`).size;
  if (row.state === 'unavailable')
    return idsOf('location.unavailable').size === 1 ? [] : ['unavailable, and the shop was told otherwise'];
  if (row.state !== 'delivered')
    return idsOf('capture.failed').size === 1 && received === 0
      ? []
      : [`${row.state}, and the shop was told otherwise`];
  if (received !== 1) return [`delivered, and the shop has ${received} different events of it`];
  const data = told.filter((one) => one.type === `${each.plan.kind}.received`).at(-1)?.data ?? {};
  if (each.plan.kind !== 'image') {
    const { nickname, detail } = data[each.plan.kind] as { nickname?: string; detail?: string };
    return (nickname ?? detail) === each.plan.token ? [] : [`the shop has somebody else’s ${each.plan.kind}`];
  }
  return files(each, data.files as ToldFile[], evidence, haste);
}

function files(each: Played, told: ToldFile[], { windows }: CaptureEvidence, haste: Haste): string[] {
  const { token, files: planned } = each.plan;
  const seen = new Set(told.flatMap(({ sha256 }) => sha256 ?? []));
  if (told.length !== planned.length) return [`${told.length} files instead of ${planned.length}`];
  const unknown = told.filter(({ state, failure }) => state !== 'stored' && failure === undefined).length;
  const time = calm(each, windows);
  const missing = planned.flatMap((file, at) =>
    file.outcome === 'data' && !seen.has(digestOf(token, at, file)) && time && !haste.handsFull(token, at, time)
      ? [at]
      : [],
  );
  const reasons = [...new Set(told.flatMap(({ failure }) => failure ?? []))].join(', ');
  return [
    ...(unknown > 0 ? [`${unknown} files are missing without a reason`] : []),
    ...(missing.length > 0
      ? [
          `${missing.length} files are missing (${reasons}), though there was time; the OTP: ${haste.talksOf(token)}`,
          ...missing.map((at) => `its file ${at}: ${haste.talksOf(token, at)}`),
        ]
      : []),
    ...(seen.size > planned.length ? ['files that Kakao never sent'] : []),
  ];
}

/** The last time without a disturbance that was long enough, between the callback and the end of the OTP. */
function calm({ acceptedAt, endsAt }: Played, windows: readonly Window[]): Calm | undefined {
  if (acceptedAt === undefined) return undefined;
  let from = acceptedAt;
  let found: Calm | undefined;
  const end = { from: endsAt, to: Infinity };
  for (const window of [...windows, end].sort((one, other) => one.from - other.from)) {
    if (window.to < from) continue;
    const to = Math.min(window.from, endsAt);
    if (to - from >= CALM_MS) found = [from, to];
    from = Math.max(from, window.to);
  }
  return found;
}

/** What the links of the last event lead to is what Kakao sent. */
export async function links(received: readonly Received[], most: number): Promise<Broken[]> {
  const told = received.flatMap(({ type, data }) => (type === 'image.received' ? (data.files as ToldFile[]) : []));
  const some = told.filter(({ href }) => href !== undefined).slice(-most);
  const verdicts = await Promise.all(
    some.map(async ({ href, sha256 }): Promise<Broken[]> => {
      const response = await fetch(href ?? '');
      const digest = createHash('sha256')
        .update(Buffer.from(await response.arrayBuffer()))
        .digest('hex');
      return digest === sha256 ? [] : [{ rule: 'links', what: `a link answered ${response.status}, not the image` }];
    }),
  );
  return verdicts.flat();
}

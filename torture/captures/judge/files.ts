import { createHash } from 'node:crypto';
import type { Broken } from '../../judge/verdict';
import type { Received } from '../../world/shop';
import type { FilePlan } from '../plan';
import { digestOf, sizeOf } from '../world/kakao';
import type { Case } from './case';

/** A file as the shop is told of it. */
export interface ToldFile {
  picture: number;
  variant: string;
  state: string;
  size?: number;
  type?: string;
  sha256?: string;
  failure?: string;
  href?: string;
}

/** In the order of Kakao's answer. */
const VARIANTS = ['original', '3m', '1m'];
/** How a file ends that there was no time for. */
const LATE = ['deadline-passed', 'store-unavailable'];
const LINKS_AT_ONCE = 8;

/** Every file is what Kakao sent under its name, or is missing for a reason. */
export function whatIsWrongWithFiles(one: Case, told: readonly ToldFile[]): string[] {
  const { files, token } = one.plan;
  const names = told.map(({ picture, variant }) => 3 * (picture - 1) + VARIANTS.indexOf(variant));
  if (told.length !== files.length || new Set(names).size !== files.length)
    return [`${told.length} files instead of ${files.length}`];
  const wrong = files.flatMap((file, at) => {
    const found = told[names.indexOf(at)];
    const what = found ? whatIsWrong(one, found, file, at) : 'not told of';
    return what === undefined ? [] : [`its file ${at} is ${what}: ${one.haste.talksOf(token, at)}`];
  });
  return wrong.length > 0 ? [`${wrong.length} files are wrong; the OTP: ${one.haste.talksOf(token)}`, ...wrong] : [];
}

function whatIsWrong({ plan, time, haste }: Case, told: ToldFile, file: FilePlan, at: number): string | undefined {
  const { state, failure = '' } = told;
  if (state === 'stored') {
    const isIt =
      file.outcome === 'data' &&
      told.sha256 === digestOf(plan.token, at, file) &&
      told.size === sizeOf(file) &&
      told.type === 'image/jpeg' &&
      told.href !== undefined;
    return isIt ? undefined : 'not what Kakao sent';
  }
  if (state !== 'failed') return state;
  if (failure === 'refused-by-kakao' && file.outcome === 'refused') return undefined;
  // At its end Kakao refuses every address.
  const late = LATE.includes(failure) || (failure === 'refused-by-kakao' && haste.wasOver(plan.token, at));
  if (!late) return `missing (${failure || 'without a reason'})`;
  const hadTime = time !== undefined && !haste.handsFull(plan.token, at, time);
  return hadTime ? `missing (${failure}), though there was time` : undefined;
}

/** What the links lead to that were sent last is what Kakao sent. @returns of how many images, too */
export async function links(received: readonly Received[]): Promise<{ broken: Broken[]; compared: number }> {
  const last = new Map(received.flatMap(({ type, data }) => (type === 'image.received' ? [[data.id, data]] : [])));
  const stored = [...last.values()].flatMap(({ files }) =>
    (files as ToldFile[]).filter(({ state }) => state === 'stored'),
  );
  const broken: Broken[] = [];
  const compared = stored.length;
  const readers = Array.from({ length: LINKS_AT_ONCE }, async () => {
    for (let file = stored.pop(); file; file = stored.pop()) {
      const response = await fetch(file.href ?? '');
      const bytes = Buffer.from(await response.arrayBuffer());
      const digest = createHash('sha256').update(bytes).digest('hex');
      if (digest !== file.sha256)
        broken.push({ rule: 'links', what: `a link answered ${response.status}, not the image` });
    }
  });
  await Promise.all(readers);
  return { broken, compared };
}

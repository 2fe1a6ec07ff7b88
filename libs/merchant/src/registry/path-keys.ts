import { customerPathKeyOf } from '@biz/platform';

/** What a path key opens: what Kakao's servers call, or what a customer's device opens. */
export type PathKeyKind = 'server' | 'customer';

/** Never a dot first: `.` and `..` are parts of an address that gateways and browsers take away. */
const PATH_KEY = /^[A-Za-z0-9][A-Za-z0-9._~-]*$/;
/** In production; without the merchant's id, which everybody knows. */
const MIN_LENGTH = 16;
/** Of sixteen random hexadecimal digits fewer are different once in 25,000 times. */
const MIN_DIFFERENT = 6;

/**
 * What is wrong with a path key, never the key itself; nothing when it may be used.
 *
 * @param ids of all merchants: development makes its keys of them
 */
export function pathKeyProblem(
  pathKey: string,
  { id, ids, production }: { id: string; ids: readonly string[]; production: boolean },
): string | undefined {
  if (!PATH_KEY.test(pathKey)) {
    const found = pathKey === '' ? 'nothing' : 'a value of another form';
    return `found ${found}; it must begin with a letter or digit, then letters, digits and . _ ~ -`;
  }
  if (!production) return undefined;
  const found = `found a value of ${pathKey.length} characters`;
  if (ids.some((each) => pathKey === each || pathKey === customerPathKeyOf(each)))
    return `${found} that is a default of development; production needs ${MIN_LENGTH} or more that nobody can guess`;
  const own = pathKey.replaceAll(id, '');
  if (own.length < MIN_LENGTH || new Set(own).size < MIN_DIFFERENT)
    return `${found}; production needs ${MIN_LENGTH} or more, beside the merchant's id, that nobody can guess`;
  return undefined;
}

interface Keyed {
  readonly name: string;
  readonly pathKey: string;
  readonly customerPathKey: string;
}

/** One line for each path key that opens the addresses of two merchants, or of both kinds. */
export function collidingPathKeys(merchants: readonly Keyed[]): string[] {
  const known = merchants.filter(({ pathKey }) => pathKey !== '');
  return known.flatMap(({ name, pathKey }, at) => {
    const same = known.slice(0, at).find((other) => other.pathKey === pathKey);
    if (same)
      return [`${name}: found the value of ${same.name}; two merchants have the same PATH_KEY, their orders would mix`];
    const derived = known.find((other) => other.customerPathKey === pathKey);
    return derived ? [`${name}: found the customer path key of ${derived.name}, which customers can read`] : [];
  });
}

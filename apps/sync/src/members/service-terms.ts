import { canBeKept, namesKakaoError } from '@biz/platform';

/** A service term (서비스 약관) as it stands for one user. */
export interface ServiceTerm {
  /** 태그. */
  tag: string;
  version?: string;
  required?: boolean;
  agreed: boolean;
  agreedAt?: Date;
  /** Entered by the shop through Kakao's API (`agreed_by: KAPI`) instead of on the consent screen. */
  byShop: boolean;
}

/** Kakao has no field for it; shops write the day a term came into force at the end of its tag: `service_20260101`, `service_2026_0101`. */
const DAY_IN_TAG = /_(\d{4})_?(\d{2})_?(\d{2})$/;

/** What Kakao told of a user's terms. */
export interface ToldTerms {
  terms: ServiceTerm[];
  /** Whether it is all there is: only then has a term that is missing been withdrawn. */
  isWhole: boolean;
}

/** Longer texts are no tag or version of Kakao's. */
const LONGEST = 255;

/**
 * Reads `/v2/user/service_terms`, in today's shape (`service_terms`) and the older one (`allowed_service_terms`); of an
 * answer with both each list counts.
 *
 * @returns nothing when the answer holds no list, which says nothing about what the user agreed to; a tag that comes twice
 *   counts once, the last time
 */
export function readServiceTerms(answer: Record<string, unknown>): ToldTerms | undefined {
  const told = [answer.allowed_service_terms, answer.service_terms].filter((each) => (each ?? undefined) !== undefined);
  const lists = told.filter((each) => Array.isArray(each));
  if (lists.length === 0) return undefined;
  const read = lists.flat().map((entry: unknown) => readTerm(entry));
  const terms = read.filter((term) => term !== undefined);
  const isWhole = terms.length === read.length && lists.length === told.length && !namesKakaoError(answer);
  return { terms: [...new Map(terms.map((term) => [term.tag, term])).values()], isWhole };
}

/** @returns nothing for an entry that cannot be read as a term of this user */
function readTerm(entry: unknown): ServiceTerm | undefined {
  if (typeof entry !== 'object' || entry === null) return undefined;
  const { tag: given, version, required, agreed = true, agreed_at, agreed_by } = entry as Record<string, unknown>;
  const tag = keptText(given);
  if (tag === undefined || typeof agreed !== 'boolean') return undefined;
  const at = typeof agreed_at === 'string' ? new Date(agreed_at) : undefined;
  const stated = keptText(version) ?? DAY_IN_TAG.exec(tag)?.slice(1).join('');
  return {
    tag,
    ...(stated !== undefined && { version: stated }),
    ...(typeof required === 'boolean' && { required }),
    // The list holds agreed terms unless all of the app were asked for.
    agreed,
    ...(at && !Number.isNaN(at.getTime()) && { agreedAt: at }),
    byShop: agreed_by === 'KAPI',
  };
}

/** What a table can keep as it is. */
function keptText(given: unknown): string | undefined {
  const text = typeof given === 'string' ? given.trim() : '';
  return text !== '' && text.length <= LONGEST && canBeKept(text) ? text : undefined;
}

/** Agreements are kept as they are where Kakao did not tell of them. @returns why, for an operator */
export function whyUntold(told: ToldTerms | 'untold'): string | undefined {
  if (told === 'untold') return 'NO_TERMS_TOLD';
  return told.isWhole ? undefined : 'UNREADABLE_TERMS';
}

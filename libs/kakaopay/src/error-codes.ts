/**
 * What a refused approve says about the attempt.
 *
 * - `failed`: no money moved and none can with this tid
 * - `look`: only `order` tells
 * - `wait`: the buyer has not finished; approve later
 * - `wrong-token`: this pg_token is not this tid's; another may come
 */
export type ApproveMeaning = 'failed' | 'look' | 'wait' | 'wrong-token';

/**
 * What a refused cancel says about the refund.
 *
 * - `look`: only `order` tells whether it happened
 * - `later`: not now; the same request may succeed
 * - `person`: it never will as it stands
 */
export type CancelMeaning = 'look' | 'later' | 'person';

/**
 * What a refused charge of a SID says about it.
 *
 * - `failed`: no money moved; it may go through another day
 * - `later`: it is not about the buyer (quota, keys, maintenance); the same request may succeed
 * - `look`: only `status` tells
 * - `ended`: the SID is gone, nothing can be charged any more
 * - `person`: it never will as it stands
 */
export type ChargeMeaning = 'failed' | 'later' | 'look' | 'ended' | 'person';

interface Code {
  readonly says: string;
  readonly approve: ApproveMeaning;
  readonly cancel: CancelMeaning;
  readonly charge: ChargeMeaning;
}

const CODES = {
  '-1': { says: 'internal error at Kakao', approve: 'look', cancel: 'look', charge: 'look' },
  '-2': { says: 'a field is missing or wrong', approve: 'failed', cancel: 'person', charge: 'person' },
  '-10': { says: 'call quota exceeded', approve: 'look', cancel: 'later', charge: 'later' },
  '-401': { says: 'key refused', approve: 'failed', cancel: 'person', charge: 'later' },
  '-701': { says: 'authentication not finished', approve: 'wait', cancel: 'person', charge: 'look' },
  '-702': { says: 'tid already approved', approve: 'look', cancel: 'look', charge: 'look' },
  '-703': { says: 'payment amount wrong', approve: 'failed', cancel: 'person', charge: 'person' },
  '-704': { says: 'amount of the payment method wrong', approve: 'failed', cancel: 'person', charge: 'failed' },
  '-705': { says: 'payment method not supported', approve: 'failed', cancel: 'person', charge: 'failed' },
  '-706': { says: 'partner_order_id differs from ready', approve: 'failed', cancel: 'person', charge: 'person' },
  '-707': { says: 'partner_user_id differs from ready', approve: 'failed', cancel: 'person', charge: 'person' },
  '-708': { says: 'wrong pg_token', approve: 'wrong-token', cancel: 'person', charge: 'person' },
  '-710': { says: 'cancel amount above what is left', approve: 'look', cancel: 'look', charge: 'look' },
  '-711': { says: 'cancel amount above what is left', approve: 'look', cancel: 'look', charge: 'look' },
  '-721': { says: 'no such tid', approve: 'failed', cancel: 'person', charge: 'person' },
  '-722': { says: 'amounts wrong', approve: 'failed', cancel: 'look', charge: 'person' },
  '-723': { says: 'payment time expired', approve: 'failed', cancel: 'person', charge: 'look' },
  '-726': { says: 'order information wrong', approve: 'failed', cancel: 'person', charge: 'person' },
  '-730': { says: 'app information wrong', approve: 'failed', cancel: 'person', charge: 'later' },
  '-731': { says: 'CID wrong', approve: 'failed', cancel: 'person', charge: 'later' },
  '-733': { says: 'CID secret wrong', approve: 'failed', cancel: 'person', charge: 'later' },
  '-750': { says: 'no such SID', approve: 'failed', cancel: 'person', charge: 'ended' },
  '-751': { says: 'SID is inactive', approve: 'failed', cancel: 'person', charge: 'ended' },
  '-752': { says: 'monthly limit of the SID reached', approve: 'failed', cancel: 'person', charge: 'failed' },
  '-753': {
    says: 'partner_user_id differs from the first payment',
    approve: 'failed',
    cancel: 'person',
    charge: 'person',
  },
  '-761': { says: 'phone number is not on Talk', approve: 'failed', cancel: 'person', charge: 'failed' },
  '-780': { says: 'approve failed', approve: 'failed', cancel: 'person', charge: 'failed' },
  '-781': { says: 'cancel failed', approve: 'look', cancel: 'later', charge: 'look' },
  '-782': { says: 'subscription payment failed', approve: 'failed', cancel: 'person', charge: 'failed' },
  '-783': { says: 'not approvable now', approve: 'look', cancel: 'person', charge: 'look' },
  '-784': { says: 'not cancellable now', approve: 'look', cancel: 'look', charge: 'look' },
  '-785': { says: 'duplicate approve or cancel', approve: 'look', cancel: 'look', charge: 'look' },
  '-797': { says: 'limit of one payment exceeded', approve: 'failed', cancel: 'person', charge: 'failed' },
  '-798': { says: 'IP address not allowed', approve: 'failed', cancel: 'later', charge: 'later' },
  '-799': { says: 'site domain not registered', approve: 'failed', cancel: 'person', charge: 'later' },
  '-9798': { says: 'maintenance at Kakao', approve: 'look', cancel: 'later', charge: 'later' },
} as const satisfies Record<string, Code>;

/** The codes Kakao documents; the app's own answer to one not listed is to look. */
export type ErrorCode = keyof typeof CODES;

const NOT_LISTED: Code = { says: 'a code no document names', approve: 'look', cancel: 'look', charge: 'look' };

function codeOf(code: number): Code {
  const key = String(code);
  return Object.hasOwn(CODES, key) ? CODES[key as ErrorCode] : NOT_LISTED;
}

/** In English, for operators. */
export function explainCode(code: number): string {
  return codeOf(code).says;
}

export function approveRefusal(code: number): ApproveMeaning {
  return codeOf(code).approve;
}

export function cancelRefusal(code: number): CancelMeaning {
  return codeOf(code).cancel;
}

export function chargeRefusal(code: number): ChargeMeaning {
  return codeOf(code).charge;
}

/** Calls that can be made to misbehave. `pay.*` is KakaoPay in both generations, `shop` the shop's webhook inbox. */
export const FAULT_POINTS = [
  'otp',
  'image',
  'pay.ready',
  'pay.approve',
  'pay.order',
  'pay.cancel',
  'pay.subscription',
  'pay.inactive',
  'pay.status',
  'token',
  'me',
  'terms',
  'address',
  'unlink',
  'jwks',
  'shop',
] as const;
export type FaultPoint = (typeof FAULT_POINTS)[number];

export const FAULT_KINDS = [
  'slow',
  'late',
  'status',
  'drop-before',
  'drop-after',
  'hold',
  'garbage',
  'refuse',
  'wrong-amount',
  'says',
  'cut',
  'wrong-type',
  'too-large',
] as const;
export type FaultKind = (typeof FAULT_KINDS)[number];

export interface Fault {
  id: string;
  point: FaultPoint;
  kind: FaultKind;
  /** Calls left that it applies to. */
  times: number;
  /** Milliseconds of `slow` and `late` (default 5,000). */
  ms: number;
  /** HTTP status of `status` (default 500). */
  status: number;
  /** KakaoPay's code of `refuse`. */
  code: number;
  /** `extras.method_result_code` of `refuse`. */
  resultCode?: string;
  /** `extras.method_result_message` of `refuse`. */
  resultMessage?: string;
  /** What the answer of `says` names instead of what is. */
  fields?: Record<string, unknown>;
  /** Applies only to calls about this OTP token, image, tid, sid, partner_order_id or login code. */
  subject?: string;
}

/** What the caller may leave out. */
export type FaultOrder = Pick<Fault, 'point' | 'kind'> & Partial<Omit<Fault, 'id'>>;

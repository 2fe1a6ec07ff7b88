/**
 * `issued`: ours, for this plugin, in time. `expired`: ours, and too old when Kakao sent it. `other-purpose`: ours, for
 * another plugin. `foreign`: not ours, another merchant's, or changed on the way.
 */
export type RelayState = 'issued' | 'expired' | 'other-purpose' | 'foreign';

/** A relay id (용도 ID) as it came with a call. */
export interface Relay {
  /** As Kakao sent it. */
  id: string;
  state: RelayState;
  /** What the shop called it when it had it issued; also of an expired one, never of one for another purpose. */
  reference?: string;
}

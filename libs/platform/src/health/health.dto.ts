/** The state of one app. */
export class HealthAnswer {
  /** @example ok */
  status: 'ok';
}

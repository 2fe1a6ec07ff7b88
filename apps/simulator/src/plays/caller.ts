import { randomInt } from 'node:crypto';
import type { Run } from '../scenarios/run';

/** A user nobody has seen yet, in digits as Kakao sends them, beyond 2^53. */
export const newAppUserId = (): string => (9_007_199_254_740_993n + BigInt(randomInt(1, 2 ** 40)) * 2n).toString();

/** Headers of a plugin call: the user unless unknown, the relay id unless there is none. */
export function callerHeaders(run: Run, relayId: string | undefined): Record<string, string> {
  const { appUserId } = run;
  return {
    ...(!run.has('no-user') && appUserId !== '' && { 'X-Kakao-AppUserId': appUserId }),
    ...(relayId && { 'X-Kakao-Plugin-Relay-Id': relayId }),
  };
}

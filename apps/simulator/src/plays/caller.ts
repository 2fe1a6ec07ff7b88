import type { Run } from '../scenarios/run';

/** A user of the app, in digits as Kakao sends them, beyond 2^53. */
export const DEFAULT_APP_USER_ID = '9007199254740993';

/** Headers of a plugin call: the user unless unknown, the relay id unless there is none. */
export function callerHeaders(run: Run, relayId: string | undefined): Record<string, string> {
  const appUserId = run.options.appUserId ?? DEFAULT_APP_USER_ID;
  return {
    ...(!run.has('no-user') && appUserId !== '' && { 'X-Kakao-AppUserId': appUserId }),
    ...(relayId && { 'X-Kakao-Plugin-Relay-Id': relayId }),
  };
}

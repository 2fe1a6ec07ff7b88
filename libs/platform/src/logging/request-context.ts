import { AsyncLocalStorage } from 'node:async_hooks';

interface RequestContext {
  requestId: string;
}

const storage = new AsyncLocalStorage<RequestContext>();

/** Runs `work` so that its log lines and outgoing calls carry the request id. */
export const withRequestId = <T>(requestId: string, work: () => T): T => storage.run({ requestId }, work);

/** The id of the current request or job; sent on as `X-Request-Id`. */
export const requestId = (): string | undefined => storage.getStore()?.requestId;

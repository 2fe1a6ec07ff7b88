import { AsyncLocalStorage } from 'node:async_hooks';
import { randomBytes } from 'node:crypto';

interface RequestContext {
  requestId: string;
}

const storage = new AsyncLocalStorage<RequestContext>();

/** Runs `work` so that its log lines and outgoing calls carry the request id. */
export const withRequestId = <T>(requestId: string, work: () => T): T => storage.run({ requestId }, work);

/** The id of the current request or job; sent on as `X-Request-Id`. */
export const requestId = (): string | undefined => storage.getStore()?.requestId;

/** Letters and digits of a process, so that its request ids are nobody else's. */
const PROCESS = randomBytes(6).toString('hex');
let requests = 0;

/** Unique among all instances; costs a request nothing, for it need be neither unguessable nor sortable. */
export const newRequestId = (): string => `${PROCESS}-${(++requests).toString(36)}`;

import { parseJson } from '@biz/platform';
import { isFields } from './fields';
import { type Finding, shown, violation, warning } from './violation';

/** A merchant's answer, read. */
export interface MerchantAnswer {
  /** HTTP status; absent when there was no answer. */
  status?: number;
  failure?: string;
  contentType: string;
  location?: string;
  text: string;
  ms: number;
}

export interface Envelope {
  /** The guide's code. */
  status: number;
  data: unknown;
  message?: string;
  findings: Finding[];
}

const BUDGET_MS = 1_000;
const LIMIT_MS = 3_000;
const CODES = [200, 300, 301, 400, 401, 500];

/** How fast it must be: Kakao publishes no limit; this is the contract's budget. */
export function speedOf(answer: MerchantAnswer): Finding[] {
  if (answer.failure !== undefined) return [violation('no-answer', `no answer: ${answer.failure}`)];
  if (answer.ms > LIMIT_MS)
    return [violation('too-slow', `answered after ${answer.ms} ms; 3 s is the worst a user waits`)];
  return answer.ms > BUDGET_MS ? [warning('slow', `answered after ${answer.ms} ms; aim for less than 1 s`)] : [];
}

/** The envelope that every answer to the plugin has: `{status, data, message}` (guide 5.2, 6.2). */
export function readEnvelope(answer: MerchantAnswer): Envelope {
  const findings = speedOf(answer);
  const none = (finding: Finding): Envelope => ({ status: 0, data: undefined, findings: [...findings, finding] });
  if (answer.status === undefined) return { status: 0, data: undefined, findings };
  let body: unknown;
  try {
    body = parseJson(answer.text);
  } catch {
    return none(violation('envelope', `HTTP ${answer.status} with a body that is no JSON: ${shown(answer.text)}`));
  }
  if (!isFields(body)) return none(violation('envelope', `the body is no object: ${shown(body)}`));
  if (!answer.contentType.includes('json')) {
    findings.push(
      violation('content-type', `Content-Type must be application/json, found ${shown(answer.contentType)}`),
    );
  }
  if (!Number.isInteger(body.status)) {
    return none(violation('envelope', `status must be an int in the body, found ${shown(body.status)}`));
  }
  const status = body.status as number;
  const transport = answer.status !== 200;
  if (transport && !(status === answer.status && [400, 404, 500].includes(status))) {
    findings.push(violation('http-status', `the outcome ${status} must come as HTTP 200, found HTTP ${answer.status}`));
  } else if (transport) {
    findings.push(violation('http-status', `HTTP ${answer.status}: the request was not served`));
  } else if (!CODES.includes(status)) {
    findings.push(violation('status-code', `status ${status} is none of ${CODES.join(', ')} (guide 6.2.1)`));
  }
  const { message } = body;
  if (message !== undefined && typeof message !== 'string') {
    findings.push(violation('type', `message must be a string, found ${shown(message)}`));
  }
  return { status, data: body.data, ...(typeof message === 'string' && { message }), findings };
}

/** A callback is answered `{"status": 200}` (guide 1.3, 3.4, 4.4). */
export function checkCallback(answer: MerchantAnswer): Finding[] {
  const { status, findings } = readEnvelope(answer);
  if (findings.some(({ severity }) => severity === 'violation') || status === 200) return findings;
  return [...findings, violation('callback-status', `a callback is answered {"status":200}, found ${status}`)];
}

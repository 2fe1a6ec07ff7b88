import { parseJson, parseOwnJson, textOrBytes } from '@biz/platform';
import type { Finding } from '../checks/violation';
import type { MerchantAnswer } from '../checks/answers';
import type { FaultKind, FaultPoint } from '../faults/fault';
import type { Faults } from '../faults/faults';
import { headersThatMatter } from '../wire/headers';
import type { Actor, Exchange, Traffic } from '../wire/traffic';
import { toWireJson } from '../wire/wire-json';
import type { ScenarioOptions } from './scenario.dto';
import type { StepShown, Verdict } from './scenario-shown.dto';
import type { ScenarioFault, ScenarioKind } from './scenario-kinds';

const CALL_TIMEOUT_MS = 15_000;
/** Deliveries to the shop come after the plugin's part is over. */
const LINGER_MS = 60_000;
const LONGEST_BODY = 20_000;

/** How a fault's suffix is ordered. */
const KINDS: Record<string, { kind: FaultKind; status?: number; ms?: number }> = {
  slow: { kind: 'slow', ms: 4_000 },
  '5xx': { kind: 'status', status: 503 },
  '429': { kind: 'status', status: 429 },
  '4xx': { kind: 'status', status: 400 },
  garbage: { kind: 'garbage' },
  cut: { kind: 'cut' },
  'wrong-type': { kind: 'wrong-type' },
  'too-large': { kind: 'too-large' },
  'drop-before': { kind: 'drop-before' },
  'drop-after': { kind: 'drop-after' },
  refused: { kind: 'refuse' },
};

const POINTS: Record<string, FaultPoint> = {
  otp: 'otp',
  image: 'image',
  approve: 'pay.approve',
  order: 'pay.order',
  cancel: 'pay.cancel',
  token: 'token',
  me: 'me',
  terms: 'terms',
};

/** A body as plain fields, to be copied and changed. */
export type Told<T> = { [Name in keyof T]: T[Name] };

export interface MerchantCall {
  what: string;
  method: string;
  url: string;
  headers?: Record<string, string>;
  json?: unknown;
  /** Body and its type, when it is no JSON. */
  text?: { type: string; body: string };
  from?: Actor;
}

/** One scenario under way: calls the merchant, sees what the merchant calls, and writes both down. */
export class Run {
  readonly startedAt: Date;
  endedAt?: Date;
  verdict?: Verdict;
  readonly facts: Record<string, unknown> = {};
  readonly timeline: StepShown[] = [];
  private readonly findings: (Finding & { step: number })[] = [];
  private readonly subjects = new Set<string>();
  private readonly started = performance.now();
  private readonly faultsLeft: Map<string, number>;

  constructor(
    readonly id: string,
    readonly kind: ScenarioKind,
    readonly options: Told<ScenarioOptions>,
    /** X-Kakao-AppUserId; empty: not known. */
    readonly appUserId: string,
    private readonly world: { faults: Faults; traffic: Traffic; now: () => Date },
  ) {
    this.startedAt = world.now();
    this.faultsLeft = new Map(
      (options.faults ?? []).map((fault) => {
        const [name = '', times = '1'] = fault.split(':');
        return [name, Number(times)];
      }),
    );
    this.stopListening = world.traffic.listen((exchange) => {
      if (exchange.subjects.some((subject) => this.subjects.has(subject))) this.write(exchange, []);
    });
  }

  readonly stopListening: () => void;

  has(fault: ScenarioFault): boolean {
    return this.faultsLeft.has(fault);
  }

  get faultNames(): string[] {
    return [...this.faultsLeft.keys()];
  }

  /** Calls about this OTP token, tid, code … belong to this scenario; the faults ordered for it hit them. */
  about(subject: string, points: readonly string[] = []): void {
    this.subjects.add(subject);
    for (const [name, times] of this.faultsLeft) {
      const [point = ''] = name.split('-', 1);
      const order = KINDS[name.slice(point.length + 1)];
      const at = POINTS[point];
      if (!order || !at || !points.includes(point)) continue;
      const message =
        order.kind === 'refuse' ? { resultCode: 'LACK_BALANCE', resultMessage: '잔액이 부족합니다.' } : {};
      this.world.faults.add({ point: at, ...order, ...message, times, subject });
    }
  }

  /** Seconds it may take. */
  get timeoutMs(): number {
    return (this.options.timeoutSeconds ?? 20) * 1_000;
  }

  elapsed(): number {
    return performance.now() - this.started;
  }

  now(): Date {
    return this.world.now();
  }

  async call(call: MerchantCall, judge: (answer: MerchantAnswer) => Finding[] = () => []): Promise<MerchantAnswer> {
    const headers: Record<string, string> = { 'user-agent': 'talk-plugin (simulated)', ...call.headers };
    const body = call.text?.body ?? (call.json === undefined ? undefined : toWireJson(call.json));
    if (body !== undefined) headers['content-type'] = call.text?.type ?? 'application/json;charset=UTF-8';
    const at = this.world.now();
    const answer = await send(call.method, call.url, headers, body);
    this.write(
      {
        at,
        from: call.from ?? 'plugin',
        to: 'merchant',
        what: call.what,
        request: { method: call.method, url: call.url, headers: headersThatMatter(headers), body: call.json ?? body },
        response: shownAnswer(answer),
        subjects: [],
      },
      judge(answer),
    );
    return answer;
  }

  /** Writes a call down that was not made by HTTP, or a note. */
  note(exchange: Omit<Exchange, 'at' | 'subjects'>, findings: Finding[] = []): void {
    this.write({ ...exchange, at: this.world.now(), subjects: [] }, findings);
  }

  /** Whether the shop has been told. */
  get delivered(): boolean {
    return this.timeline.some(({ to }) => to === 'shop');
  }

  /** A finding about the scenario as a whole. */
  find(...findings: Finding[]): void {
    this.findings.push(...findings.map((finding) => ({ ...finding, step: 0 })));
  }

  /** Ends the judgement; what is delivered to the shop afterwards is still written down for a while. */
  end(outcome: string): void {
    setTimeout(this.stopListening, LINGER_MS).unref();
    this.endedAt = this.world.now();
    const violations = this.findings.filter(({ severity }) => severity === 'violation');
    const warnings = this.findings.filter(({ severity }) => severity === 'warning');
    this.verdict = { ok: violations.length === 0, outcome, violations, warnings };
  }

  private write(exchange: Exchange, findings: Finding[]): void {
    const last = this.timeline.at(-1);
    // T4 comes twice a second: equal answers in a row are one step.
    if (last && findings.length === 0 && sameCall(last, exchange)) {
      last.times += 1;
      return;
    }
    const no = this.timeline.length + 1;
    const located = findings.map((finding) => ({ ...finding, step: no }));
    this.findings.push(...located);
    const { at, from, to, what, request, response } = exchange;
    this.timeline.push({
      no,
      at,
      afterMs: Math.round(this.elapsed() - response.ms),
      from,
      to,
      what,
      request: plain(request),
      response: plain(response),
      times: 1,
      findings: located,
    });
  }
}

/** Ids beyond 2^53 as text: a browser that reads the timeline would round them. */
function plain(value: object): Record<string, unknown> {
  const text = JSON.stringify(value, (_key, part: unknown) => (typeof part === 'bigint' ? part.toString() : part));
  return parseOwnJson(text) as Record<string, unknown>;
}

function sameCall(step: StepShown, { what, request, response }: Exchange): boolean {
  return (
    step.what === what &&
    step.findings.length === 0 &&
    step.request.url === request.url &&
    what.startsWith('T4') &&
    step.response.status === response.status &&
    toWireJson(step.response.body) === toWireJson(response.body)
  );
}

async function send(
  method: string,
  url: string,
  headers: Record<string, string>,
  body: string | undefined,
): Promise<MerchantAnswer> {
  const started = performance.now();
  const ms = (): number => Math.round(performance.now() - started);
  try {
    const signal = AbortSignal.timeout(CALL_TIMEOUT_MS);
    const response = await fetch(url, {
      method,
      headers,
      redirect: 'manual',
      signal,
      ...(body !== undefined && { body }),
    });
    const text = textOrBytes(Buffer.from(await response.arrayBuffer()), response.headers.get('content-type') ?? '');
    const location = response.headers.get('location');
    return {
      status: response.status,
      contentType: response.headers.get('content-type') ?? '',
      ...(location !== null && { location }),
      text,
      ms: ms(),
    };
  } catch (error) {
    return { failure: reasonOf(error), contentType: '', text: '', ms: ms() };
  }
}

function reasonOf(error: unknown): string {
  const { cause, message, name } = error as Error & { cause?: { code?: string; message?: string } };
  if (name === 'TimeoutError') return `nothing within ${CALL_TIMEOUT_MS / 1_000} s`;
  return cause?.code ?? cause?.message ?? message;
}

function shownAnswer({ status, failure, contentType, location, text, ms }: MerchantAnswer): Exchange['response'] {
  if (failure !== undefined) return { failure, ms };
  const cut = text.length > LONGEST_BODY ? `${text.slice(0, LONGEST_BODY)}…` : text;
  return {
    ...(status !== undefined && { status }),
    headers: { 'content-type': contentType, ...(location !== undefined && { location }) },
    body: parsed(cut),
    ms,
  };
}

function parsed(text: string): unknown {
  try {
    return parseJson(text);
  } catch {
    return text;
  }
}

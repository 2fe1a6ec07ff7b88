import { setTimeout as delay } from 'node:timers/promises';
import type { Random } from '../random';
import type { Instance } from '../world/instance';

export interface Call {
  method: 'GET' | 'POST';
  path: string;
  headers?: Record<string, string>;
  body?: unknown;
}

export interface Reply {
  http: number;
  body: Record<string, unknown>;
}

/** A call that nobody answered, though the caller was patient. */
export interface Silence {
  /** Name of the app. */
  of: string;
  from: number;
  to: number;
  text: string;
}

/** Whether an answer comes at all; that it comes within Kakao's three seconds is measured where the machine is not flooded. */
const PATIENCE_MS = 30_000;
const OPERATOR = { authorization: 'Bearer dev-operator-token' };

/** Kakao's side of the wire: each call goes to whichever instance is drawn, up or down. */
export class Caller {
  /** Answers of 500 and above that said why, with their time. */
  readonly failures: { at: number; text: string }[] = [];
  readonly silences: Silence[] = [];

  constructor(private readonly instances: readonly Instance[]) {}

  /** @returns nothing when no answer came */
  async once(random: Random, call: Call): Promise<Reply | undefined> {
    const instance = this.instances[random.int(0, this.instances.length - 1)];
    // Some callers hang up before they are answered.
    const patience = random.chance(0.02) ? random.int(1, 15) : PATIENCE_MS;
    const from = Date.now();
    try {
      const response = await fetch(`${instance?.url ?? ''}${call.path}`, {
        method: call.method,
        headers: { ...(call.body !== undefined && { 'content-type': 'application/json' }), ...call.headers },
        ...(call.body !== undefined && { body: JSON.stringify(call.body) }),
        signal: AbortSignal.timeout(patience),
      });
      const text = await response.text();
      if (response.status >= 500) {
        this.failures.push({ at: Date.now(), text: `${call.method} ${call.path} ${response.status} ${text}` });
      }
      return { http: response.status, body: JSON.parse(text) as Record<string, unknown> };
    } catch (error) {
      if (patience === PATIENCE_MS) {
        const text = `${call.method} ${call.path}: ${(error as Error).message}`;
        this.silences.push({ of: instance?.name ?? '', from, to: Date.now(), text });
      }
      return undefined;
    }
  }

  /** Repeats a call until somebody answers it, for a while. */
  async untilAnswered(random: Random, call: Call, tries = 12): Promise<Reply | undefined> {
    for (let at = 0; at < tries; at++) {
      const reply = await this.once(random, call);
      if (reply && reply.http < 500) return reply;
      await delay(random.int(50, 400));
    }
    return undefined;
  }

  async operator(
    random: Random,
    path: string,
    headers: Record<string, string>,
    body: unknown,
    tries?: number,
  ): Promise<Reply | undefined> {
    const call = { method: 'POST', path: `/operator/${path}`, headers: { ...OPERATOR, ...headers }, body } as const;
    return this.untilAnswered(random, call, tries);
  }
}

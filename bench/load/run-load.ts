import { setTimeout as delay } from 'node:timers/promises';
import { Connection } from './connection';
import type { LoadPlan, LoadResult } from './plan';
import { requestsOf, type RequestList } from './requests';

/** How long after the end an answer is waited for. */
const LAST_ANSWERS_MS = 10_000;

/** Plays one round against one server. */
export async function runLoad(plan: LoadPlan): Promise<LoadResult> {
  const requests = requestsOf(plan.requests);
  const connections = await openAll(plan, requests.mark.toString('latin1'));
  const round = new Round(plan, requests, connections);
  const cpu = process.cpuUsage();
  const begin = performance.now();
  await (plan.rate === undefined ? round.closedLoop(begin) : round.steady(begin, plan.rate));
  const { user, system } = process.cpuUsage(cpu);
  const seconds = (round.lastAt - begin) / 1000;
  for (const connection of connections) connection.end();
  return { ...round.result(), seconds, clientCpu: (user + system) / 1e6 / seconds };
}

class Round {
  private readonly latencies: number[] = [];
  private next = 0;
  private wrong = 0;
  private firstWrong?: string;
  private ranOut = false;
  lastAt = 0;

  constructor(
    private readonly plan: LoadPlan,
    private readonly requests: RequestList,
    private readonly connections: Connection[],
  ) {}

  /** Every connection asks again at once; counted is what was answered within the time. */
  closedLoop(begin: number): Promise<void> {
    const end = begin + this.plan.seconds * 1000;
    let busy = this.connections.length;
    return new Promise<void>((resolve) => {
      const stop = (): void => {
        if (--busy === 0) resolve();
      };
      const ask = (connection: Connection): void => {
        const request = connection.open ? this.take() : undefined;
        if (!request) {
          stop();
          return;
        }
        const sentAt = performance.now();
        connection.send(request, (right, text) => {
          const now = performance.now();
          this.note(right, text, now - sentAt);
          this.lastAt = now;
          if (now < end) ask(connection);
          else stop();
        });
      };
      for (const connection of this.connections) ask(connection);
      setTimeout(resolve, this.plan.seconds * 1000 + LAST_ANSWERS_MS).unref();
    });
  }

  /** Requests are due one after the other whatever the server does; one that finds no free connection waits, and its wait counts. */
  async steady(begin: number, rate: number): Promise<void> {
    const all = Math.floor(rate * this.plan.seconds);
    const free = [...this.connections];
    let due = 0;
    let answered = 0;
    const sendDue = (): void => {
      const dueNow = Math.min(all, Math.floor(((performance.now() - begin) * rate) / 1000) + 1);
      for (let connection = free.at(-1); connection && due < dueNow; connection = free.at(-1)) {
        const request = this.take();
        if (!request) return;
        free.pop();
        const dueAt = begin + (due++ * 1000) / rate;
        const taken = connection;
        taken.send(request, (right, text) => {
          this.lastAt = performance.now();
          this.note(right, text, this.lastAt - dueAt);
          answered++;
          if (taken.open) free.push(taken);
          sendDue();
        });
      }
    };
    const giveUpAt = begin + this.plan.seconds * 1000 + LAST_ANSWERS_MS;
    while (answered < all && !this.ranOut && performance.now() < giveUpAt) {
      sendDue();
      await delay(1);
    }
  }

  result(): Omit<LoadResult, 'seconds' | 'clientCpu'> {
    const sorted = Float64Array.from(this.latencies).sort();
    const at = (share: number): number => sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? NaN;
    return {
      answered: this.latencies.length,
      wrong: this.wrong,
      firstWrong: this.firstWrong,
      p50: at(0.5),
      p95: at(0.95),
      p99: at(0.99),
      max: sorted.at(-1) ?? NaN,
      sent: this.next,
      ranOut: this.ranOut,
    };
  }

  private take(): Buffer | undefined {
    const { list, once } = this.requests;
    const at = this.next++;
    if (!once) return list[at % list.length];
    if (at >= list.length) this.ranOut = true;
    return list[at];
  }

  private note(right: boolean, text: string, ms: number): void {
    if (right) {
      this.latencies.push(ms);
      return;
    }
    this.wrong++;
    this.firstWrong ??= text.slice(0, 600);
  }
}

function openAll({ port, connections }: LoadPlan, mark: string): Promise<Connection[]> {
  return Promise.all(
    Array.from(
      { length: connections },
      () =>
        new Promise<Connection>((resolve, reject) => {
          const connection = new Connection(port, mark, (problem) => {
            if (problem) reject(problem);
            else resolve(connection);
          });
        }),
    ),
  );
}

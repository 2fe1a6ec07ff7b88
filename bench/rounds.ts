import type { LoadClient } from './load/load-client';
import type { LoadPlan, LoadResult } from './load/plan';
import { cpuByProcess, cpuSeconds, cpuSince, residentMb } from './machine/processes';
import type { Server } from './machine/server';
import { median } from './report/statistics';

/** One round of one server. */
export interface Round extends LoadResult {
  perSecond: number;
  /** Shares of a core. */
  serverCpu: number;
  databaseCpu: number;
  /** Of the server, at the end. */
  residentMb: number;
}

/** What one server did in all rounds. */
export interface Measured {
  perSecond: number;
  slowestToMedian: number;
  p50: number;
  p95: number;
  p99: number;
  /** Right answers for each second of processor time of the server: steadier than the rate when the machine is busy. */
  perServerSecond: number;
  serverCpu: number;
  databaseCpu: number;
  clientCpu: number;
  residentMb: number;
  wrong: number;
  firstWrong?: string;
  /** A round ended early because every request was used up. */
  ranOut: boolean;
  rounds: number[];
}

export interface Runner {
  load: LoadClient;
  databasePids: () => number[];
  rounds: number;
  seconds: number;
  warmUpSeconds: number;
}

/** Says what each round asks. */
export interface Work {
  /** @param fastest right answers a second of this server's best round so far */
  plan(seconds: number, fastest: number | undefined): Promise<Omit<LoadPlan, 'port' | 'seconds'>>;
  /** What became of the last plan. */
  done?(round: Round): void;
}

/**
 * Measures servers against each other: A B C, A B C, …, so that whatever else the machine does hits all alike.
 *
 * Who is not measured is stopped, and takes nothing from the others.
 */
export async function interleaved(
  runner: Runner,
  servers: readonly Server[],
  workOf: (server: Server) => Work,
): Promise<Record<string, Measured>> {
  for (const server of servers) server.pause();
  const rounds = new Map<string, Round[]>(servers.map(({ name }) => [name, []]));
  const fastest = new Map<string, number>();
  for (let turn = 0; turn <= runner.rounds; turn++) {
    for (const server of servers) {
      const work = workOf(server);
      const seconds = turn === 0 ? runner.warmUpSeconds : runner.seconds;
      const plan = { ...(await work.plan(seconds, fastest.get(server.name))), port: server.port, seconds };
      server.resume();
      const round = await oneRound(runner, server, plan);
      server.pause();
      work.done?.(round);
      fastest.set(server.name, Math.max(round.perSecond, fastest.get(server.name) ?? 0));
      if (turn > 0) rounds.get(server.name)?.push(round);
    }
  }
  for (const server of servers) server.resume();
  return Object.fromEntries([...rounds].map(([name, all]) => [name, summary(all)]));
}

/** What a server did; for reading a result by name. */
export function of(measured: Record<string, Measured>, name: string): Measured {
  const found = measured[name];
  if (!found) throw new Error(`${name} was not measured`);
  return found;
}

async function oneRound({ load, databasePids }: Runner, server: Server, plan: LoadPlan): Promise<Round> {
  const server0 = cpuSeconds([server.pid]);
  const database0 = cpuByProcess(databasePids());
  const result = await load.run(plan);
  return {
    ...result,
    perSecond: result.answered / result.seconds,
    serverCpu: (cpuSeconds([server.pid]) - server0) / result.seconds,
    databaseCpu: cpuSince(database0, databasePids()) / result.seconds,
    residentMb: residentMb(server.pid),
  };
}

function summary(rounds: Round[]): Measured {
  const rates = rounds.map(({ perSecond }) => perSecond);
  const firstWrong = rounds.find((round) => round.firstWrong !== undefined)?.firstWrong;
  const each = (value: (round: Round) => number): number => median(rounds.map(value));
  return {
    perSecond: median(rates),
    slowestToMedian: Math.min(...rates) / median(rates),
    p50: each(({ p50 }) => p50),
    p95: each(({ p95 }) => p95),
    p99: each(({ p99 }) => p99),
    perServerSecond: each(({ perSecond, serverCpu }) => perSecond / serverCpu),
    serverCpu: each(({ serverCpu }) => serverCpu),
    databaseCpu: each(({ databaseCpu }) => databaseCpu),
    clientCpu: each(({ clientCpu }) => clientCpu),
    residentMb: Math.max(...rounds.map((round) => round.residentMb)),
    wrong: rounds.reduce((sum, { wrong }) => sum + wrong, 0),
    ranOut: rounds.some(({ ranOut }) => ranOut),
    ...(firstWrong !== undefined && { firstWrong }),
    rounds: rates.map(Math.round),
  };
}

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
  rounds: number[];
}

export interface Runner {
  load: LoadClient;
  databasePids: () => number[];
  rounds: number;
  seconds: number;
  warmUpSeconds: number;
}

export type PlanOf = (server: Server, seconds: number) => Promise<Omit<LoadPlan, 'port' | 'seconds'>>;

/**
 * Measures servers against each other: A B C, A B C, …, so that whatever else the machine does hits all alike.
 *
 * Who is not measured is stopped, and takes nothing from the others.
 */
export async function interleaved(runner: Runner, servers: readonly Server[], planOf: PlanOf): Promise<Measured[]> {
  for (const server of servers) server.pause();
  const rounds = new Map<Server, Round[]>(servers.map((server) => [server, []]));
  for (let turn = 0; turn <= runner.rounds; turn++) {
    for (const server of servers) {
      const seconds = turn === 0 ? runner.warmUpSeconds : runner.seconds;
      const plan = { ...(await planOf(server, seconds)), port: server.port, seconds };
      server.resume();
      const round = await oneRound(runner, server, plan);
      server.pause();
      if (turn > 0) rounds.get(server)?.push(round);
    }
  }
  for (const server of servers) server.resume();
  return servers.map((server) => summary(rounds.get(server) ?? []));
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
  const of = (value: (round: Round) => number): number => median(rounds.map(value));
  return {
    perSecond: median(rates),
    slowestToMedian: Math.min(...rates) / median(rates),
    p50: of(({ p50 }) => p50),
    p95: of(({ p95 }) => p95),
    p99: of(({ p99 }) => p99),
    perServerSecond: of(({ perSecond, serverCpu }) => perSecond / serverCpu),
    serverCpu: of(({ serverCpu }) => serverCpu),
    databaseCpu: of(({ databaseCpu }) => databaseCpu),
    clientCpu: of(({ clientCpu }) => clientCpu),
    residentMb: Math.max(...rounds.map((round) => round.residentMb)),
    wrong: rounds.reduce((sum, { wrong }) => sum + wrong, 0),
    ...(firstWrong !== undefined && { firstWrong }),
    rounds: rates.map(Math.round),
  };
}

import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import type { BenchDatabase } from '../machine/database-server';
import type { Server } from '../machine/server';
import { type Outside, startProgram } from '../outside/outside';
import type { Report } from '../report/report';

/** The pool of the usual way gives a picture up after this time; usual are 30 s, so its wait is scaled down by thirty, and ours is not. */
const PEER_LIMIT_MS = 1_000;
const BAD_CUSTOMERS = ['hangs', 'drips', 'hangs'] as const;
const PICTURES = 10;

/** One good customer of ten small pictures: alone, behind 90 bad addresses of three customers, and the same by the usual way. */
export async function measureSlowPictures(
  kakao: Outside,
  ours: Server,
  database: BenchDatabase,
  report: Report,
): Promise<void> {
  const give = async (kind: string, name: string): Promise<void> => {
    const otp = `${kakao.origin}/otp/${kind}-${name}/secure_image`;
    const { status } = await fetch(`http://127.0.0.1:${ours.port}/callback`, {
      method: 'POST',
      headers: { 'content-type': 'application/json', 'x-kakao-plugin-relay-id': name },
      body: JSON.stringify({ otp }),
    });
    if (status !== 200) throw new Error(`a callback was answered ${status}`);
  };
  const good = async (name: string): Promise<number> => {
    const begin = performance.now();
    await give('good', name);
    for (;;) {
      const [row] = await database.query<{ delivered: boolean }>(
        `SELECT EXISTS (SELECT FROM capture.captures WHERE relay_id = $1 AND state = 'delivered') AS delivered`,
        [name],
      );
      if (row?.delivered) return performance.now() - begin;
      await delay(5);
    }
  };
  await good('first');
  const alone = await good('alone');
  for (const [at, kind] of BAD_CUSTOMERS.entries()) await give(kind, `bad-${at}`);
  await delay(500);
  const beside = await good('beside');
  const usual = await byTheUsualWay(kakao);
  const seconds = (ms: number): string => `${(ms / 1_000).toFixed(2)} s`;
  report.note(
    `\nA good customer of ${PICTURES} small pictures, alone: ${seconds(alone)}; behind 90 bad addresses of three customers: ${seconds(beside)}; ` +
      `by one pool of eight, first in, first out, with a flat limit of ${PEER_LIMIT_MS / 1_000} s (30 s are usual): ${seconds(usual)}`,
  );
  report.verdict({
    ...{ what: 'a good customer beside slow pictures, to the usual way', measured: usual / beside, unit: '×' },
    ...{ target: 5, atLeast: true },
  });
  report.note(`To the same customer alone: ${(beside / alone).toFixed(1)}× the time`);
}

async function byTheUsualWay(kakao: Outside): Promise<number> {
  const pool = await startProgram(join(__dirname, '../peers/shared-pool.program.js'), {
    LIMIT_MS: String(PEER_LIMIT_MS),
  });
  const urls = (kind: string, count: number): string[] =>
    Array.from({ length: count }, (_, at) => `${kakao.origin}/dna/${kind}/${at}.jpg`);
  const post = (list: string[]): Promise<unknown> => fetch(pool.origin, { method: 'POST', body: JSON.stringify(list) });
  try {
    const bad = Promise.all(BAD_CUSTOMERS.map((kind) => post(urls(kind, 30)))).catch(() => undefined);
    await delay(500);
    const begin = performance.now();
    await post(urls('good', PICTURES));
    const took = performance.now() - begin;
    await bad;
    return took;
  } finally {
    pool.stop();
  }
}

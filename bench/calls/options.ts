import { join } from 'node:path';
import { combination } from '@biz/commerce';
import type { Product } from '@biz/commerce';
import { Server } from '../machine/server';
import { median, percentile } from '../report/statistics';
import type { World } from '../world';

const QUESTIONS = ['사이즈', '색상', '소재', '길이', '추가옵션'] as const;
/** Each question knows forty values; how many of them go on from a path: in all 20,000 SKUs in 6,246 sub-groups. */
const BRANCHES = [40, 5, 5, 5, 4];
const VALUES = 40;
const CALLS = 60;
const WARM_UP = 10;
const OPERATOR = { authorization: 'Bearer dev-operator-token', 'content-type': 'application/json' };

/** T1 of the largest product a shop may have, from the database, beside writing the same answer as JSON. */
export async function measureOptions(world: World): Promise<void> {
  const { report } = world;
  const database = await world.server.create('bench_options', ['option']);
  const server = await Server.start({
    ...{ name: 'option', program: [join(__dirname, '../../apps/option/src/main.js')], core: 'server' },
    env: { RATE_LIMITS: 'false', DATABASE_URL: database.url, DATA_DIR: world.folder },
    ...{ portVariable: 'OPTION_PORT', readyPath: '/health/ready', log: join(world.folder, 'option.log') },
  });
  try {
    const url = `http://127.0.0.1:${server.port}`;
    const body = JSON.stringify(largest());
    const put = { method: 'PUT', headers: OPERATOR, body };
    const saved = await timed(() => fetch(`${url}/operator/products/largest`, put));
    const replaced = await timed(() => fetch(`${url}/operator/products/largest`, put));
    const first = await timed(() => fetch(`${url}/options?id=largest`, { headers: { 'accept-encoding': 'identity' } }));
    const plain = await series(() =>
      fetch(`${url}/options?id=largest`, { headers: { 'accept-encoding': 'identity' } }),
    );
    const packed = await series(() => fetch(`${url}/options?id=largest`, { headers: { 'accept-encoding': 'gzip' } }));
    const answer = JSON.parse(first.text) as { data: { option_groups: object[] } };
    const written = await series(() => JSON.stringify(answer));
    const megabytes = (Buffer.byteLength(first.text) / 1e6).toFixed(1);
    const ms = (value: number): string => `${value.toFixed(1)} ms`;
    report.note(
      `\nT1 of 5 groups × ${VALUES} options, 20,000 SKUs (${megabytes} MB), one call at a time: median ${ms(median(plain))}, ` +
        `p95 ${ms(percentile(plain, 0.95))}; in gzip ${ms(median(packed))}; the first, definition read, ${ms(first.ms)}; ` +
        `JSON.stringify of the answer alone ${ms(median(written))}; saving the product ${ms(saved.ms)}, again ${ms(replaced.ms)}`,
    );
    const lowest = { unit: 'ms', atLeast: false } as const;
    report.verdict({ what: 'T1 of 20,000 SKUs, median', measured: median(plain), target: 50, moonshot: 25, ...lowest });
    report.verdict({ what: 'T1 of 20,000 SKUs, p95', measured: percentile(plain, 0.95), target: 50, ...lowest });
    report.verdict({
      what: 'T1 of 20,000 SKUs, to JSON.stringify of it',
      measured: median(plain) / median(written),
      ...{ unit: '×', target: 4, moonshot: 2, atLeast: false },
    });
  } finally {
    await server.stop();
    await database.close();
  }
}

/** Every sub-group shows other values of its question, so that none is there twice by its path. */
function largest(): Product {
  const count = BRANCHES.reduce((product, branches) => product * branches, 1);
  const skus = Array.from({ length: count }, (_, at) => {
    const path: number[] = [];
    let rest = at;
    for (const branches of BRANCHES.toReversed()) {
      path.unshift(rest % branches);
      rest = Math.floor(rest / branches);
    }
    const shift = path[0] ?? 0;
    const values = path.map(
      (step, depth) => `${QUESTIONS[depth] ?? ''} ${((depth === 0 ? step : step + shift) % VALUES) + 1}`,
    );
    return {
      values: values as [string, string, string, string, string],
      addPrice: at % 500,
      stock: 100,
      maxQuantity: 9,
      extra: `A${at}`,
    };
  });
  return {
    id: 'largest',
    name: '가장 큰 상품',
    kind: 'commerce',
    price: 10_000,
    maxQuantity: 9,
    groups: combination(QUESTIONS, skus),
  };
}

async function timed(call: () => Promise<Response>): Promise<{ ms: number; text: string }> {
  const begin = performance.now();
  const response = await call();
  const text = await response.text();
  if (response.status !== 200) throw new Error(`answered ${response.status}: ${text.slice(0, 300)}`);
  return { ms: performance.now() - begin, text };
}

/** Milliseconds of each call once all is warm; a body counts when its last byte is here. */
async function series(call: () => Promise<Response> | string): Promise<number[]> {
  const times: number[] = [];
  for (let turn = 0; turn < CALLS + WARM_UP; turn++) {
    const begin = performance.now();
    const answer = call();
    if (typeof answer !== 'string') await (await answer).arrayBuffer();
    if (turn >= WARM_UP) times.push(performance.now() - begin);
  }
  return times;
}

import { readFileSync } from 'node:fs';
import { setTimeout as delay } from 'node:timers/promises';
import { begin, finish, leave } from '../calls/buyer';
import type { BenchDatabase } from '../machine/database-server';
import type { World } from '../world';

/** Tables of fewer rows are read whole, and rightly so. */
const LARGE = 5_000;
/** No statement of a purchase, of the open work or of one page of a list needs as many. */
const MANY = 1_000;
/** Open work is little of all work: another share than T4's, and other plans. */
const PENDING_EVERY = 2_000;
/** Minutes of the reconciler and the sweeps pass in this time. */
const OPEN_WORK_MS = 8_000;
const TIME_SCALE = '0.02';

interface PlanNode {
  'Node Type': string;
  Schema?: string;
  'Relation Name'?: string;
  'Index Name'?: string;
  'Actual Rows'?: number;
  'Actual Loops'?: number;
  'Rows Removed by Filter'?: number;
  Plans?: PlanNode[];
}

interface LoggedPlan {
  'Query Text': string;
  Plan: PlanNode;
}

/**
 * What the planner really does with every statement our app sends, on this many orders: auto_explain writes the plan of
 * each while buyers buy and the app looks after open work.
 */
export async function checkPlans(world: World): Promise<void> {
  const database = await world.database(world.options.orders, PENDING_EVERY);
  const name = new URL(database.url).pathname.slice(1);
  const { size } = world.server.log();
  await database.query(`
    ALTER DATABASE ${name} SET session_preload_libraries = 'auto_explain';
    ALTER DATABASE ${name} SET auto_explain.log_min_duration = 0;
    ALTER DATABASE ${name} SET auto_explain.log_nested_statements = on;
    ALTER DATABASE ${name} SET auto_explain.log_verbose = on;
    ALTER DATABASE ${name} SET auto_explain.log_analyze = on;
    ALTER DATABASE ${name} SET auto_explain.log_timing = off;
    ALTER DATABASE ${name} SET auto_explain.log_format = json`);
  const ours = await world.startOurs(database, { env: { RETRY_TIME_SCALE: TIME_SCALE } });
  await tradeOn(ours.port);
  await delay(OPEN_WORK_MS);
  await world.stop([ours]);
  await database.query(`ALTER DATABASE ${name} RESET ALL`);
  report(world, await largeTables(database), plansIn(readFileSync(world.server.log().path, 'utf8').slice(size)));
}

/** A bit of everything: paid, paid after an answer was lost, given up, refused, given back, and looked at by people. */
async function tradeOn(port: number): Promise<void> {
  const operator = (path: string, init: RequestInit = {}): Promise<Response> =>
    fetch(`http://127.0.0.1:${port}/operator/${path}`, {
      ...init,
      headers: {
        Authorization: 'Bearer dev-operator-token',
        'Content-Type': 'application/json',
        'Idempotency-Key': path,
      },
    });
  const paid = await begin(port, 'buyer-paid');
  await finish(paid);
  await finish(await begin(port, 'buyer-lost', 'L'));
  await leave(await begin(port, 'buyer-left'), 'cancel');
  await leave(await begin(port, 'buyer-failed'), 'fail');
  await begin(port, 'buyer-asleep');
  await operator(`orders/${paid.orderId}/cancel`, { method: 'POST', body: '{"reason":"seen"}' });
  const lists = ['orders', 'refunds', 'subscriptions', 'deliveries', 'settlements'];
  const filters = ['', '?state=review', '?state=pending', '?state=failed', '?state=active'];
  for (const list of lists) {
    for (const filter of filters) await operator(list + filter);
  }
  await operator(`orders/${paid.orderId}`);
}

async function largeTables(database: BenchDatabase): Promise<Set<string>> {
  const rows = await database.query<{ name: string }>(
    `SELECT schemaname || '.' || relname AS name FROM pg_stat_user_tables WHERE n_live_tup > $1`,
    [LARGE],
  );
  return new Set(rows.map((row) => row.name));
}

function plansIn(log: string): LoggedPlan[] {
  const entries = log.split(/^(?=\d{4}-\d\d-\d\d \d\d:\d\d:\d\d\.\d+ )/m);
  return entries.flatMap((entry) => {
    const at = entry.indexOf('plan:\n');
    return at < 0 ? [] : [JSON.parse(entry.slice(at + 6)) as LoggedPlan];
  });
}

function report({ report }: World, large: Set<string>, plans: LoggedPlan[]): void {
  const costly = new Set<string>();
  const statements = new Map<string, Set<string>>();
  for (const { 'Query Text': text, Plan } of plans) {
    const statement = shorten(text);
    for (const node of nodesOf(Plan)) {
      const table = `${node.Schema ?? ''}.${node['Relation Name'] ?? ''}`;
      if (!large.has(table)) continue;
      const known = statements.get(statement) ?? new Set();
      statements.set(statement, known.add(node['Index Name'] ?? node['Node Type']));
      const read = ((node['Actual Rows'] ?? 0) + (node['Rows Removed by Filter'] ?? 0)) * (node['Actual Loops'] ?? 1);
      if (node['Node Type'] === 'Seq Scan' || read > MANY) {
        costly.add(`${node['Node Type']} of ${table}, ${read} rows: ${statement}`);
      }
    }
  }
  report.note(`\nPlans of ${plans.length} statements; large tables: ${[...large].sort().join(', ')}`);
  for (const [text, used] of statements) {
    report.note(`  ${text}\n      ${[...used].filter((each) => each !== 'ModifyTable').join(', ')}`);
  }
  for (const line of costly) report.note(`  COSTLY ${line}`);
  report.verdict({
    what: `statements that read a large table whole, or more than ${MANY} of its rows`,
    measured: costly.size,
    ...{ unit: '', target: 0, atLeast: false },
  });
}

const nodesOf = (node: PlanNode): PlanNode[] => [node, ...(node.Plans ?? []).flatMap(nodesOf)];

const shorten = (text: string): string => {
  const line = text.replace(/\s+/g, ' ').trim();
  return line.length > 400 ? `${line.slice(0, 200)} … ${line.slice(-200)}` : line;
};

import { readFileSync } from 'node:fs';
import { setTimeout as delay } from 'node:timers/promises';
import { buy } from '../calls/buyer';
import type { BenchDatabase } from '../machine/database-server';
import type { World } from '../world';

/** Tables of fewer rows are read whole, and rightly so. */
const LARGE = 5_000;
/** Minutes of the reconciler and the sweeps pass in this time. */
const OPEN_WORK_MS = 8_000;
const TIME_SCALE = '0.02';

interface PlanNode {
  'Node Type': string;
  Schema?: string;
  'Relation Name'?: string;
  'Index Name'?: string;
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
export async function checkPlans(world: World, database: BenchDatabase): Promise<void> {
  const name = new URL(database.url).pathname.slice(1);
  const { size } = world.server.log();
  await database.query(`
    ALTER DATABASE ${name} SET session_preload_libraries = 'auto_explain';
    ALTER DATABASE ${name} SET auto_explain.log_min_duration = 0;
    ALTER DATABASE ${name} SET auto_explain.log_nested_statements = on;
    ALTER DATABASE ${name} SET auto_explain.log_verbose = on;
    ALTER DATABASE ${name} SET auto_explain.log_format = json`);
  const ours = await world.startOurs(database, { env: { RETRY_TIME_SCALE: TIME_SCALE } });
  for (let order = 0; order < 3; order++) await buy(ours.port, `explained-${order}`);
  for (const list of ['orders?state=review', 'orders?state=pending', 'deliveries?state=failed']) {
    await fetch(`http://127.0.0.1:${ours.port}/operator/${list}`, {
      headers: { Authorization: 'Bearer dev-operator-token' },
    });
  }
  await delay(OPEN_WORK_MS);
  await world.stop([ours]);
  await database.query(`ALTER DATABASE ${name} RESET ALL`);
  report(world, await largeTables(database), plansIn(readFileSync(world.server.log().path, 'utf8').slice(size)));
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
  const readWhole = new Map<string, string>();
  const statements = new Map<string, Set<string>>();
  for (const { 'Query Text': text, Plan } of plans) {
    const touched = nodesOf(Plan).flatMap((node) => {
      const table = node['Relation Name'] === undefined ? undefined : `${node.Schema ?? ''}.${node['Relation Name']}`;
      if (table === undefined || !large.has(table)) return [];
      if (node['Node Type'] === 'Seq Scan') readWhole.set(shorten(text), table);
      return node['Index Name'] === undefined ? [] : [node['Index Name']];
    });
    if (touched.length === 0) continue;
    const known = statements.get(shorten(text)) ?? new Set();
    for (const each of touched) known.add(each);
    statements.set(shorten(text), known);
  }
  report.note(
    `\nPlans of ${plans.length} statements; ${statements.size} different ones touch large tables (${[...large].join(', ')}):`,
  );
  for (const [text, used] of statements) report.note(`  ${text}\n      ${[...used].join(', ')}`);
  for (const [text, table] of readWhole) report.note(`  READS THE WHOLE TABLE ${table}: ${text}`);
  report.verdict({
    what: 'statements that read a large table whole',
    measured: readWhole.size,
    ...{ unit: '', target: 0, atLeast: false },
  });
}

const nodesOf = (node: PlanNode): PlanNode[] => [node, ...(node.Plans ?? []).flatMap(nodesOf)];

const shorten = (text: string): string => {
  const line = text.replace(/\s+/g, ' ').trim();
  return line.length > 150 ? `${line.slice(0, 110)} … ${line.slice(-40)}` : line;
};

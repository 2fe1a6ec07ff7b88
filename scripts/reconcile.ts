import { parseArgs } from 'node:util';
import { isCalendarDay, Merchants } from '@biz/merchant';
import { createApp, createDataSource, pendingMigrations } from '@biz/platform';
import { DayComparison } from '../apps/payment/src/reconciliation/day-comparison';
import { Differences } from '../apps/payment/src/reconciliation/differences';
import { appDefinitions } from './apps';
import { loadEnvironment, openDatabaseOf, run } from './environment';
import { PlainProblem } from './plain-problem';

const KOREA_MS = 9 * 3_600_000;
const DAY_MS = 86_400_000;

/**
 * `npm run reconcile -- [--day 2026-11-23] [--merchant demo-shop]`: holds every payment of a day (yesterday in Korea, unless
 * said) against KakaoPay's own word, prints each difference and writes it down for `GET /operator/differences`.
 *
 * Ends with 0 when all are equal, 1 when some differ, 2 when none differs but some could not be asked.
 */
run(async () => {
  const { day, merchant } = wishes();
  const env = loadEnvironment();
  const [definition] = await appDefinitions(['payment']);
  if (!definition) throw new Error('there is no payment app');
  const database = await openDatabaseOf(env);
  try {
    await refuseToMigrate(database.url, definition.schemas);
    // Not started: no port is opened, and no job is taken.
    const app = await createApp(definition, {
      env: { ...env, DATABASE_URL: database.url, LOG_LEVEL: env.LOG_LEVEL ?? 'error' },
    });
    try {
      refuseUnknown(merchant, app.get(Merchants));
      const differences = app.get(Differences);
      const counts = { equal: 0, differs: 0, 'not-asked': 0 };
      for await (const finding of app.get(DayComparison).of(day, merchant)) {
        counts[finding.kind]++;
        if (finding.kind !== 'equal') console.log(finding.line);
        await differences.record(finding);
      }
      const all = counts.equal + counts.differs + counts['not-asked'];
      const unasked = counts['not-asked'];
      console.log(`${day}: ${all} payments compared, ${counts.differs} differ, ${unasked} could not be asked.`);
      if (counts.differs > 0) process.exitCode = 1;
      else if (unasked > 0) process.exitCode = 2;
    } finally {
      await app.close();
    }
  } finally {
    await database.close();
  }
});

function wishes(): { day: string; merchant?: string } {
  const options = { day: { type: 'string' }, merchant: { type: 'string' } } as const;
  try {
    const { day = yesterday(), merchant } = parseArgs({ options }).values;
    if (!isCalendarDay(day))
      throw new RangeError(`--day: found ${JSON.stringify(day)}; it must be a day such as 2026-11-23`);
    return { day, ...(merchant !== undefined && { merchant }) };
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error);
    throw new PlainProblem(`${why}\nUse: npm run reconcile -- [--day YYYY-MM-DD] [--merchant ID]`);
  }
}

const yesterday = (): string => new Date(Date.now() + KOREA_MS - DAY_MS).toISOString().slice(0, 10);

/** A typing error would otherwise compare nothing, and end well. */
function refuseUnknown(merchant: string | undefined, { all }: Merchants): void {
  const ids = all.map(({ id }) => id);
  if (merchant === undefined || ids.includes(merchant)) return;
  throw new PlainProblem(`--merchant: found ${JSON.stringify(merchant)}; it must be one of ${ids.join(', ')}`);
}

async function refuseToMigrate(url: string, schemas: Parameters<typeof createDataSource>[0]['schemas']): Promise<void> {
  const dataSource = createDataSource({ url, poolSize: 1, name: 'reconcile', schemas });
  await dataSource.initialize();
  try {
    const pending = await pendingMigrations(dataSource);
    if (pending.length > 0) throw new PlainProblem(`${pending.length} migrations are pending: npm run migrate`);
  } finally {
    await dataSource.destroy();
  }
}

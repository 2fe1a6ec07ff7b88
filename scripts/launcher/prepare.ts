import {
  Addresses,
  APP_NAMES,
  createDataSource,
  prepareDatabase,
  readConfig,
  RuntimeConfig,
  type AppName,
} from '@biz/platform';
import { appAccesses, schemaOwners } from '../apps';
import { explain } from '../environment';
import { PlainProblem } from '../plain-problem';
import { portProblem } from './ports';
import type { FromPreparation, Plan, ToPreparation } from './preparation';

/** What `Preparation` runs: needs the whole platform for a moment, so it is a process that ends. */
function tell(message: FromPreparation): void {
  process.send?.(message);
}

function orTell(work: () => Promise<void>): void {
  work().catch((error: unknown) => {
    process.send?.({ problem: explain(error) } satisfies FromPreparation, () => process.exit(1));
  });
}

async function plan(): Promise<Plan> {
  const addresses = readConfig(Addresses, process.env);
  const { production, host } = readConfig(RuntimeConfig, process.env);
  const names = chooseApps(process.argv.slice(2), production);
  const problem = await portProblem(names, addresses, host);
  if (problem) throw new PlainProblem(problem);
  const local = host === '0.0.0.0' ? '127.0.0.1' : host;
  return names.map((name) => ({ name, url: `http://${local}:${addresses.port(name)}` }));
}

/** All, unless some are named; Kakao is not played in production. */
function chooseApps(only: string[], production: boolean): AppName[] {
  const apps = APP_NAMES.filter((name) => name !== 'simulator' || !production);
  const unknown = only.filter((name) => !apps.some((app) => app === name));
  if (unknown.length > 0) throw new PlainProblem(`No such app: ${unknown.join(', ')}. There are ${apps.join(', ')}.`);
  return only.length === 0 ? apps : apps.filter((name) => only.includes(name));
}

orTell(async () => {
  const apps = await plan();
  const owners = schemaOwners(apps.map(({ name }) => name));
  process.on('disconnect', () => process.exit(1));
  process.on('message', ({ databaseUrl, logins }: ToPreparation) => {
    orTell(async () => {
      const dataSource = createDataSource({
        url: databaseUrl,
        poolSize: 3,
        name: 'migrate',
        schemas: await owners,
      });
      await dataSource.initialize();
      const [apps, all] = await Promise.all([appAccesses({ ...process.env, ...logins }), schemaOwners()]);
      await prepareDatabase(dataSource, { url: databaseUrl, apps, owners: all });
      await dataSource.destroy();
      tell({ migrated: true });
      process.disconnect();
    });
  });
  tell({ plan: apps });
});

import { existsSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { APP_NAMES, type AppDefinition, type AppName, type SchemaOwner } from '@biz/platform';
import { merchants } from '@biz/merchants';

/** The program of an app, built. */
export function mainFile(app: AppName): string {
  return join(__dirname, `../apps/${app}/src/main.js`);
}

/** The apps of this house, in the order in which a person meets them. */
export function builtApps(): AppName[] {
  return APP_NAMES.filter((app) => existsSync(mainFile(app)));
}

export function appDefinitions(): AppDefinition[] {
  const load = createRequire(__filename);
  return builtApps().map((app) => {
    const module = load(`../apps/${app}/src/${app}.module.js`) as Record<
      string,
      (m: typeof merchants) => AppDefinition
    >;
    const define = module[`${app}App`];
    if (!define) throw new Error(`apps/${app}/src/${app}.module.ts exports no ${app}App`);
    return define(merchants);
  });
}

/** Every owner of every app, each once. */
export function schemaOwners(): SchemaOwner[] {
  return [...new Set(appDefinitions().flatMap(({ schemas }) => schemas))];
}

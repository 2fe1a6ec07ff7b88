import {
  APP_NAMES,
  AppDatabases,
  readConfig,
  type AppAccess,
  type AppDefinition,
  type AppName,
  type Environment,
  type SchemaOwner,
} from '@biz/platform';
import { merchants } from '@biz/merchants';

/** Loaded only when needed: each brings its own world. */
const DEFINITIONS: Record<AppName, () => Promise<AppDefinition>> = {
  profile: async () => (await import('../apps/profile/src/profile.module.js')).profileApp(merchants),
  location: async () => (await import('../apps/location/src/location.module.js')).locationApp(merchants),
  image: async () => (await import('../apps/image/src/image.module.js')).imageApp(merchants),
  option: async () => (await import('../apps/option/src/option.module.js')).optionApp(merchants),
  payment: async () => (await import('../apps/payment/src/payment.module.js')).paymentApp(merchants),
  sync: async () => (await import('../apps/sync/src/sync.module.js')).syncApp(merchants),
  simulator: async () => (await import('../apps/simulator/src/simulator.module.js')).simulatorApp(),
};

/** In the order in which a person meets them. */
export function appDefinitions(names: readonly AppName[] = APP_NAMES): Promise<AppDefinition[]> {
  return Promise.all(names.map((name) => DEFINITIONS[name]()));
}

/** Every owner of these apps, each once. */
export async function schemaOwners(names?: readonly AppName[]): Promise<SchemaOwner[]> {
  return [...new Set((await appDefinitions(names)).flatMap(({ schemas }) => schemas))];
}

/** The apps that have a connection of their own in this environment; one that is given the owner's has none. */
export async function appAccesses(env: Environment): Promise<AppAccess[]> {
  const databases = readConfig(AppDatabases, env);
  return (await appDefinitions()).flatMap(({ name, schemas }) => {
    const url = databases.url(name);
    return url === undefined || url === env.DATABASE_URL ? [] : [{ name, schemas, url }];
  });
}

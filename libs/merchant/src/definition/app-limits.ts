import type { MerchantDefinition } from './merchant-definition';

/** Image plugins one Kakao app may have (guide 0.5, 4.1). */
const MAX_IMAGE_PLUGINS = 10;

/** How many plugins of each kind one Kakao app has, whichever merchants they belong to. */
export interface AppPlugins {
  profile: number;
  image: number;
  location: number;
  sync: number;
}

/** The plugins of an app id over all merchants that use it: Kakao counts by app (guide 0.5). */
export function pluginsOfApp(appId: string, all: readonly MerchantDefinition[]): AppPlugins {
  const plugins = all.filter(({ app }) => app.id === appId).map((each) => each.plugins);
  const sum = (count: (of: MerchantDefinition['plugins']) => number): number =>
    plugins.reduce((total, each) => total + count(each), 0);
  return {
    profile: sum(({ profile = [] }) => profile.length),
    image: sum(({ image = [] }) => image.length),
    location: sum(({ location }) => (location ? 1 : 0)),
    sync: sum(({ sync }) => (sync ? 1 : 0)),
  };
}

/** Every limit of an app (guide 0.5) that its merchants break together, and every plugin id that stands twice. */
export function appProblems(definitions: readonly MerchantDefinition[]): string[] {
  const apps = new Map<string, MerchantDefinition[]>();
  for (const definition of definitions) {
    // A shop that has no app yet: `npm run new-merchant` writes 0.
    if (/^0*$/.test(definition.app.id)) continue;
    const known = apps.get(definition.app.id);
    if (known) known.push(definition);
    else apps.set(definition.app.id, [definition]);
  }
  return [
    ...[...apps].flatMap(([appId, merchants]) =>
      [...limitProblems(appId, merchants)].map((problem) => `merchant ${sharersOf(appId, merchants)}: ${problem}`),
    ),
    ...pluginIdProblems(definitions),
  ];
}

function* limitProblems(appId: string, merchants: readonly MerchantDefinition[]): Generator<string> {
  const scopes = merchants.flatMap(({ plugins }) =>
    (plugins.profile ?? []).flatMap((each) => [...new Set(each.scopes)]),
  );
  const shared = repeated(scopes);
  if (shared.length > 0)
    yield `profile plugins share the scope ${shared.join(', ')}; Kakao registers a scope once for an app (guide 0.5)`;
  const { image, location, sync } = pluginsOfApp(appId, merchants);
  if (image > MAX_IMAGE_PLUGINS)
    yield `${image} image plugins; Kakao allows ${MAX_IMAGE_PLUGINS} for an app (guide 0.5)`;
  for (const [kind, count] of Object.entries({ location, sync }))
    if (count > 1) yield `${count} ${kind} plugins of app ${appId}; Kakao allows 1 for an app (guide 0.5)`;
}

function pluginIdProblems(definitions: readonly MerchantDefinition[]): string[] {
  const all = definitions.flatMap((definition) =>
    pluginIdsOf(definition).map(([, pluginId]) => ({ definition, pluginId: pluginId.toLowerCase() })),
  );
  return repeated(all.map(({ pluginId }) => pluginId)).map((twice) => {
    const merchants = new Set(all.filter(({ pluginId }) => pluginId === twice).map(({ definition }) => definition));
    return `merchant ${namesOf([...merchants])}: two plugins have the pluginId ${twice}`;
  });
}

/** Every plugin id of a merchant, with what it is called in a message. */
export function pluginIdsOf({ plugins, registrations = [] }: MerchantDefinition): [plugin: string, id: string][] {
  const { profile = [], image = [], ...single } = plugins;
  const all: [string, { pluginId?: string } | undefined][] = [
    ...profile.map((plugin): [string, typeof plugin] => [`profile plugin ${plugin.key}`, plugin]),
    ...image.map((plugin): [string, typeof plugin] => [`image plugin ${plugin.key}`, plugin]),
    ...Object.entries(single),
    ...registrations.map((plugin): [string, typeof plugin] => [`registration ${plugin.key}`, plugin]),
  ];
  return all.flatMap(([name, plugin]): [string, string][] =>
    plugin?.pluginId === undefined ? [] : [[name, plugin.pluginId]],
  );
}

const namesOf = (merchants: readonly MerchantDefinition[]): string =>
  [...new Set(merchants.map(({ id }) => id))].join(' and ');

/** A copied definition brings the app id of the other with it, so that is said first. */
const sharersOf = (appId: string, merchants: readonly MerchantDefinition[]): string =>
  merchants.length > 1 ? `${namesOf(merchants)} have the same app id ${appId}` : namesOf(merchants);

export const repeated = <T>(values: readonly T[]): T[] => [
  ...new Set(values.filter((value, at) => values.indexOf(value) !== at)),
];

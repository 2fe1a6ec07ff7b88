import { PROFILE_SCOPES } from './merchant-definition';
import type { MerchantDefinition } from './merchant-definition';

/** Image plugins one Kakao app may have (guide 0.5, 4.1). */
const MAX_IMAGE_PLUGINS = 10;
const ID = /^[a-z][a-z0-9]*(-[a-z0-9]+)*$/;
const KEY = /^[a-z0-9][a-z0-9-]{0,39}$/;

/** Every way in which the definitions break the guide's limits (0.5), one line each. */
export function checkMerchants(definitions: readonly MerchantDefinition[]): string[] {
  const ids = definitions.map(({ id }) => id);
  return [
    ...repeated(ids).map((id) => `merchant ${id}: two merchants have this id`),
    ...definitions.flatMap((definition) =>
      problemsOf(definition).map((problem) => `merchant ${definition.id}: ${problem}`),
    ),
  ];
}

function problemsOf({ id, app, plugins }: MerchantDefinition): string[] {
  const problems: string[] = [];
  if (!ID.test(id)) problems.push('the id must be lower-case words joined by dashes');
  if (!/^\d+$/.test(app.id))
    problems.push(`app id ${JSON.stringify(app.id)} must be digits, as Kakao Developers shows it`);
  const profiles = plugins.profile ?? [];
  const images = plugins.image ?? [];
  for (const scope of repeated(profiles.flatMap(({ scopes }) => [...new Set(scopes)]))) {
    problems.push(`profile plugins share the scope ${scope}; Kakao registers a scope once for an app (guide 0.5)`);
  }
  for (const { key, scopes } of profiles) {
    if (scopes.length === 0) problems.push(`profile plugin ${key} asks for nothing; it needs a scope`);
    for (const scope of scopes.filter((each) => !PROFILE_SCOPES.includes(each))) {
      problems.push(`profile plugin ${key}: unknown scope ${scope}`);
    }
  }
  if (images.length > MAX_IMAGE_PLUGINS) {
    problems.push(`${images.length} image plugins; Kakao allows ${MAX_IMAGE_PLUGINS} for an app (guide 0.5)`);
  }
  for (const [kind, keyed] of [
    ['profile', profiles],
    ['image', images],
  ] as const) {
    const keys = keyed.map(({ key }) => key);
    problems.push(...repeated(keys).map((key) => `two ${kind} plugins have the key ${key}`));
    problems.push(
      ...keys
        .filter((key) => !KEY.test(key))
        .map((key) => `${kind} plugin key ${JSON.stringify(key)} must be lower-case letters, digits and dashes`),
    );
  }
  const collecting = [...profiles, ...images, ...(plugins.location ? [plugins.location] : [])];
  if (collecting.some(({ retainDays = 0 }) => !Number.isInteger(retainDays) || retainDays < 0)) {
    problems.push('retainDays must be a whole number of days, 0 or more');
  }
  return problems;
}

const repeated = <T>(values: readonly T[]): T[] => [
  ...new Set(values.filter((value, at) => values.indexOf(value) !== at)),
];

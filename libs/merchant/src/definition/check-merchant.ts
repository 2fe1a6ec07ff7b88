import { isVisibleLine } from '@biz/platform';
import { appProblems, pluginIdsOf, repeated } from './app-limits';
import { isCalendarDay } from './calendar-day';
import { PROFILE_SCOPES } from './merchant-definition';
import type { MerchantDefinition } from './merchant-definition';
import { registrationProblems } from './registrations';

const ID = /^[a-z][a-z0-9]*(-[a-z0-9]+)*$/;
const PLUGIN_ID = /^[0-9a-f]{24}$/i;
const KEY = /^[a-z0-9][a-z0-9-]{0,39}$/;

/** Every way in which the definitions break the guide's limits (0.5), one line each. */
export function checkMerchants(definitions: readonly MerchantDefinition[]): string[] {
  const ids = definitions.map(({ id }) => id);
  return [
    ...definitions.flatMap((definition) =>
      twinProblems(definition, definitions).map((problem) => `merchant ${definition.id}: ${problem}`),
    ),
    ...repeated(ids).map((id) => `merchant ${id}: two merchants have this id`),
    ...appProblems(definitions),
    ...definitions.flatMap((definition) =>
      problemsOf(definition).map((problem) => `merchant ${definition.id}: ${problem}`),
    ),
  ];
}

/** Test and live app of one merchant (guide 0.7) are two merchants here, so that no row and no key belongs to both. */
function twinProblems({ id, app, tables }: MerchantDefinition, all: readonly MerchantDefinition[]): string[] {
  const problems: string[] = [];
  const { testOf } = app;
  if (testOf !== undefined) {
    const live = all.find((each) => each.id === testOf);
    if (app.environment !== 'test') problems.push('app.testOf is for a test app only');
    if (id !== `${testOf}-test`) problems.push(`the test app of ${testOf} must be the merchant ${testOf}-test`);
    if (live?.app.environment !== 'live') problems.push(`app.testOf names ${testOf}, which is no live merchant here`);
    if (tables && live?.tables === tables) problems.push(`its tables are those of ${testOf}`);
  } else if (app.environment === 'live' && id.endsWith('-test')) {
    problems.push('a live merchant is not called -test: whoever reads its name would think it play money');
  }
  if (all.some((each) => each.id !== id && each.app.id === app.id && each.app.environment !== app.environment)) {
    problems.push(`app id ${app.id} is a test app here and a live app there; they are two apps at Kakao (guide 0.7)`);
  }
  return problems;
}

function problemsOf(definition: MerchantDefinition): string[] {
  const { id, name, title, app, plugins, tables, registrations = [], imageQuotaBytes = 0 } = definition;
  const problems: string[] = [...registrationProblems(definition)];
  if (!isVisibleLine(name)) problems.push('name must be one visible line');
  if (title !== undefined && !isVisibleLine(title)) problems.push('title must be one visible line');
  if (!Number.isSafeInteger(imageQuotaBytes) || imageQuotaBytes < 0) {
    problems.push('imageQuotaBytes must be a whole number of bytes, 0 or more');
  }
  for (const [plugin, pluginId] of pluginIdsOf(definition)) {
    if (!PLUGIN_ID.test(pluginId))
      problems.push(`pluginId of ${plugin} must be 24 hex digits, as 플러그인 관리자센터 shows it`);
  }
  const schema = `shop_${id.replaceAll('-', '_')}`;
  if (tables && tables.schema !== schema) problems.push(`its tables must stand in the PostgreSQL schema ${schema}`);
  if (!ID.test(id)) problems.push('the id must be lower-case words joined by dashes');
  if (!/^\d+$/.test(app.id))
    problems.push(`app id ${JSON.stringify(app.id)} must be digits, as Kakao Developers shows it`);
  const profiles = plugins.profile ?? [];
  const images = plugins.image ?? [];
  for (const { key, scopes } of profiles) {
    if (scopes.length === 0) problems.push(`profile plugin ${key} asks for nothing; it needs a scope`);
    for (const scope of scopes.filter((each) => !PROFILE_SCOPES.includes(each))) {
      problems.push(`profile plugin ${key}: unknown scope ${scope}`);
    }
  }
  for (const [kind, keyed] of [
    ['profile', profiles],
    ['image', images],
    ['applied', registrations],
  ] as const) {
    const keys = keyed.map(({ key }: { key: string }) => key);
    problems.push(...repeated(keys).map((key) => `two ${kind} plugins have the key ${key}`));
    problems.push(
      ...keys
        .filter((key) => !KEY.test(key))
        .map((key) => `${kind} plugin key ${JSON.stringify(key)} must be lower-case letters, digits and dashes`),
    );
  }
  const match = plugins.sync?.userMatchOrigin;
  if (match !== undefined && !(URL.canParse(match) && /^https?:/.test(match) && new URL(match).origin === match)) {
    problems.push(`userMatchOrigin ${JSON.stringify(match)} must be an origin such as https://shop.example`);
  }
  const collecting = [...profiles, ...images, ...(plugins.location ? [plugins.location] : [])];
  if (collecting.some(({ retainDays = 0 }) => !Number.isInteger(retainDays) || retainDays < 0)) {
    problems.push('retainDays must be a whole number of days, 0 or more');
  }
  for (const [field, day] of Object.entries(plugins.payment?.subscriptionAgreement ?? {}) as [string, string][]) {
    if (!isCalendarDay(day))
      problems.push(`subscriptionAgreement.${field}: ${JSON.stringify(day)} is no day, YYYY-MM-DD`);
  }
  const { retainDays: draftDays = 1 } = plugins.option ?? {};
  if (!Number.isInteger(draftDays) || draftDays < 1) {
    problems.push(
      'retainDays of the option plugin must be a whole number of days, 1 or more: money may come after the draft has expired',
    );
  }
  return problems;
}

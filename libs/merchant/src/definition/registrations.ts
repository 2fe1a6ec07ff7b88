import { isVisibleLine } from '@biz/platform';
import { OPTION_TYPES, PAYMENT_TYPES, SCENARIOS } from './merchant-definition';
import type { MerchantDefinition, PluginKind, PluginRegistration, Scenario } from './merchant-definition';

/** What a plugin of the application form is made of. */
export type ScenarioPart = 'sync' | 'option' | 'payment';

export const SCENARIO_PARTS: Record<Scenario, readonly ScenarioPart[]> = {
  1: ['option'],
  2: ['sync', 'option'],
  3: ['sync', 'payment'],
  4: ['sync', 'option', 'payment'],
};

/** 플러그인 제목 (guide 9.2). */
export const MAX_TITLE = 20;

type WithRegistrations = Pick<MerchantDefinition, 'registrations'>;

/** The plugins of the application form that have a part of this kind, in the order of the definition. */
export function registrationsWith({ registrations = [] }: WithRegistrations, kind: PluginKind): PluginRegistration[] {
  return registrations.filter(({ scenario }) => SCENARIO_PARTS[scenario].some((part) => part === kind));
}

/** The plugin whose addresses end in a key. */
export function registrationOf(
  merchant: WithRegistrations,
  kind: PluginKind,
  key: string,
): PluginRegistration | undefined {
  return registrationsWith(merchant, kind).find((each) => each.key === key);
}

/** Why Kakao would refuse a title; nothing when it takes it. */
export function titleProblem(title: string): string | undefined {
  const { length } = title;
  if (title.trim() === '') return 'empty';
  if (!isVisibleLine(title)) return 'not one visible line';
  return length > MAX_TITLE ? `${length} characters; Kakao takes ${MAX_TITLE}` : undefined;
}

/** What is wrong with the plugins that a merchant applies for, one line each. */
export function* registrationProblems({ plugins, registrations = [] }: MerchantDefinition): Generator<string> {
  for (const { key, scenario, title, option, payment } of registrations) {
    const name = `registration ${key}`;
    // Definitions may come from JavaScript.
    if (!SCENARIOS.includes(scenario)) {
      yield `${name}: scenario must be one of ${SCENARIOS.join(', ')} (guide 9.1)`;
      continue;
    }
    const titled = titleProblem(title);
    if (titled !== undefined) yield `${name}: title ${JSON.stringify(title)}: ${titled}`;
    const parts = SCENARIO_PARTS[scenario];
    for (const part of parts)
      if (!plugins[part]) yield `${name}: scenario ${scenario} has a ${part} plugin, and plugins.${part} is missing`;
    yield* typeProblems(name, 'option', option, OPTION_TYPES, parts.includes('option'));
    yield* typeProblems(name, 'payment', payment, PAYMENT_TYPES, parts.includes('payment'));
    if (scenario === 4 && option === 'non-commerce')
      yield `${name}: option: a payment follows, so it must be commerce (커머스형)`;
  }
}

function* typeProblems(
  name: string,
  field: 'option' | 'payment',
  value: string | undefined,
  types: readonly string[],
  needed: boolean,
): Generator<string> {
  if (needed && (value === undefined || !types.includes(value)))
    yield `${name}: ${field} must be ${types.join(' or ')}`;
  if (!needed && value !== undefined) yield `${name}: ${field} is not part of its scenario`;
}

import type { Provider, Type } from '@nestjs/common';
import { validateSync } from 'class-validator';

/** The environment an app was started with; tests pass their own instead of `process.env`. */
export type Environment = Readonly<Record<string, string | undefined>>;
export const ENVIRONMENT = Symbol('ENVIRONMENT');

/** An editor may begin a file of variables with a byte order mark; what reads the file makes it a part of the first name. */
export function withoutMarks(env: Environment): Environment {
  const names = Object.keys(env).filter((name) => name.startsWith('\uFEFF'));
  if (names.length === 0) return env;
  return { ...Object.fromEntries(names.map((name) => [name.slice(1), env[name]])), ...env };
}

export interface VariableOptions {
  /** What the variable is for, as a person reads it in an error. */
  about: string;
  /** The value is never printed. */
  secret?: boolean;
}

interface Variable extends VariableOptions {
  name: string;
  property: string;
  type: unknown;
}

const variables = new WeakMap<object, Variable[]>();

/**
 * Binds a property of a configuration class to an environment variable.
 *
 * The text is converted to the property's declared type (number, boolean, string[] by commas)
 * and then judged by the class-validator decorators beside it; an empty text means unset.
 */
export function Variable(name: string, options: VariableOptions): PropertyDecorator {
  return (target, property) => {
    const type: unknown = Reflect.getMetadata('design:type', target, property);
    const known = variables.get(target) ?? [];
    known.push({ ...options, name, property: String(property), type });
    variables.set(target, known);
  };
}

/** Every reason why the environment does not fit, one line each, ready to print. Never holds a secret. */
export class ConfigError extends Error {
  override name = 'ConfigError';

  constructor(readonly problems: readonly string[]) {
    super(problems.join('\n'));
  }
}

/** What a configuration class may add when its properties are only wrong together or only in production. */
export interface CheckedConfig {
  /** @returns one line for each problem, starting with the variable's name. */
  problems(env: Environment): string[];
}

const NUMBER = /^-?\d+(\.\d+)?$/;

function convert(text: string, type: unknown): unknown {
  if (type === Number) return NUMBER.test(text) ? Number(text) : NaN;
  if (type === Boolean) return text === 'true' || text === '1' ? true : text === 'false' || text === '0' ? false : text;
  if (type === Array) {
    return text
      .split(',')
      .map((part) => part.trim())
      .filter((part) => part !== '');
  }
  return text;
}

/**
 * Reads one configuration class from the environment.
 *
 * @throws ConfigError naming each variable, what was found (a secret only by its length) and what is allowed.
 */
export function readConfig<T extends object>(config: Type<T>, env: Environment): T {
  const value = new config();
  const bound = variables.get(config.prototype as object) ?? [];
  for (const variable of bound) {
    const text = env[variable.name];
    if (text !== undefined && text !== '') {
      (value as Record<string, unknown>)[variable.property] = convert(text, variable.type);
    }
  }
  const problems = validateSync(value, { forbidUnknownValues: false }).map((error) => {
    const variable = bound.find(({ property }) => property === error.property);
    const text = variable && env[variable.name];
    const found = text ? (variable.secret ? `a value of ${text.length} characters` : JSON.stringify(text)) : 'nothing';
    const allowed = Object.values(error.constraints ?? {})
      .map((constraint) => constraint.replace(`${error.property} `, ''))
      .join(' and ');
    return `${variable?.name ?? error.property}: found ${found}; it ${allowed} (${variable?.about ?? ''})`;
  });
  if (problems.length === 0 && 'problems' in value) problems.push(...(value as CheckedConfig).problems(env));
  if (problems.length > 0) throw new ConfigError(problems);
  return value;
}

/** Makes a configuration class injectable; it is read once, when the app starts. */
export function provideConfig(config: Type<object>): Provider {
  return { provide: config, inject: [ENVIRONMENT], useFactory: (env: Environment) => readConfig(config, env) };
}

export const isProduction = (env: Environment): boolean => env.NODE_ENV === 'production';

import { isWebAddress, MAX_ADDRESS } from './web-address';

/** What is wrong, and where: `groups[1].subGroups[0].options[2].addPrice`. */
export interface Problem {
  path: string;
  message: string;
}

/** PostgreSQL keeps no U+0000 and no half of a character. */
const canBeKept = (text: string): boolean => !/[\0\p{Surrogate}]/u.test(text);

const NO_ADDRESS = `must be an address of the web (http or https), at most ${MAX_ADDRESS} characters`;

/** The fields of one JSON object; each read notes what does not fit and answers something that can be read on. */
export class Fields {
  private readonly given: Record<string, unknown>;
  private readonly read = new Set<string>();

  constructor(
    value: unknown,
    private readonly path: string,
    private readonly problems: Problem[],
  ) {
    const fits = typeof value === 'object' && value !== null && !Array.isArray(value);
    if (!fits) this.problems.push({ path, message: 'must be an object' });
    this.given = fits ? (value as Record<string, unknown>) : {};
  }

  text(name: string, { max }: { max: number }): string | undefined {
    const value = this.value(name);
    if (value === undefined) return undefined;
    if (typeof value === 'string' && value.trim() !== '' && value.length <= max && canBeKept(value)) return value;
    this.wrong(name, `must be a text of 1 to ${max} characters`);
    return undefined;
  }

  neededText(name: string, limits: { max: number }): string {
    return this.value(name) === undefined ? this.missing(name, '') : (this.text(name, limits) ?? '');
  }

  integer(name: string, { min, max }: { min: number; max: number }): number | undefined {
    const value = this.value(name);
    if (value === undefined) return undefined;
    if (typeof value === 'number' && Number.isInteger(value) && value >= min && value <= max) return value;
    this.wrong(name, `must be a whole number from ${min} to ${max}`);
    return undefined;
  }

  neededInteger(name: string, limits: { min: number; max: number }): number {
    return this.value(name) === undefined ? this.missing(name, limits.min) : (this.integer(name, limits) ?? limits.min);
  }

  flag(name: string): boolean | undefined {
    const value = this.value(name);
    if (value === undefined || typeof value === 'boolean') return value;
    this.wrong(name, 'must be true or false');
    return undefined;
  }

  oneOf<const Words extends readonly [string, ...string[]]>(name: string, words: Words): Words[number] {
    const value = words.find((word) => word === this.value(name));
    if (value === undefined) this.wrong(name, `must be one of ${words.join(', ')}`);
    return value ?? words[0];
  }

  object<T>(name: string, read: (fields: Fields) => T): T | undefined {
    const value = this.value(name);
    return value === undefined ? undefined : read(new Fields(value, this.pathTo(name), this.problems));
  }

  list<T>(name: string, read: (item: Fields) => T, most = Infinity): T[] | undefined {
    return this.items(name, most)?.map((item, at) =>
      read(new Fields(item, `${this.pathTo(name)}[${at}]`, this.problems)),
    );
  }

  /** An address of the web. */
  address(name: string): string | undefined {
    const value = this.value(name);
    if (value === undefined) return undefined;
    if (isWebAddress(value)) return value;
    this.wrong(name, NO_ADDRESS);
    return undefined;
  }

  addresses(name: string, most: number): string[] | undefined {
    return this.items(name, most)?.flatMap((item, at) => {
      if (isWebAddress(item)) return [item];
      this.wrong(`${name}[${at}]`, NO_ADDRESS);
      return [];
    });
  }

  missing<T>(name: string, instead: T): T {
    this.wrong(name, 'is missing');
    return instead;
  }

  /** Absent fields are absent, not undefined. Comes last: what has not been read by now is a slip, such as `Price`. */
  present<T extends object>(fields: T): T {
    for (const name of Object.keys(this.given)) if (!this.read.has(name)) this.wrong(name, 'is no field here');
    return Object.fromEntries(Object.entries(fields).filter(([, field]) => field !== undefined)) as T;
  }

  private items(name: string, most: number): unknown[] | undefined {
    const value = this.value(name);
    if (value === undefined) return undefined;
    if (Array.isArray(value) && value.length <= most) return value as unknown[];
    this.wrong(name, most === Infinity ? 'must be a list' : `must be a list of at most ${most}`);
    return undefined;
  }

  private value(name: string): unknown {
    const value = this.given[name];
    if (value !== null) return this.noted(name, value);
    if (!this.read.has(name)) this.wrong(name, 'must not be null: leave it out');
    return this.noted(name, undefined);
  }

  private noted(name: string, value: unknown): unknown {
    this.read.add(name);
    return value;
  }

  private wrong(name: string, message: string): void {
    this.problems.push({ path: this.pathTo(name), message });
  }

  private pathTo(name: string): string {
    return this.path === '' ? name : `${this.path}.${name}`;
  }
}

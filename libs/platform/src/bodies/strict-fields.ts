import type { Problem } from '../http/answer.dto';
import { isVisibleLine, visibleLine } from '../texts/visible-line';
import { isWebAddress, MAX_WEB_ADDRESS } from '../texts/web-address';

/** Problems in one line, each with its place; none of them quotes a value. */
export const problemsLine = (problems: readonly Problem[]): string =>
  problems.map(({ path, message }) => `${path} ${message}`.trim()).join('; ');

const AN_ADDRESS = `an https address of at most ${MAX_WEB_ADDRESS} characters`;

interface TextLimit {
  max: number;
}

/** PostgreSQL keeps no U+0000 and no half of a character. */
export const canBeKept = (text: string): boolean => !/[\0\p{Surrogate}]/u.test(text);

/**
 * The fields of one JSON object that a shop or an operator made; each read notes what does not fit and answers something
 * that can be read on. Unknown fields and nulls do not fit: they are slips, or a sum that was none.
 */
export class StrictFields {
  private readonly object: Record<string, unknown>;
  private readonly read = new Set<string>();

  constructor(
    value: unknown,
    private readonly path: string,
    private readonly problems: Problem[],
  ) {
    const fits = typeof value === 'object' && value !== null && !Array.isArray(value);
    if (!fits) this.problems.push({ path, message: 'must be an object' });
    this.object = fits ? (value as Record<string, unknown>) : {};
  }

  /** What people read: made one visible line (NFC). A text in which nothing can be seen does not fit. */
  line(name: string, { max }: TextLimit): string | undefined {
    const value = this.value(name);
    if (value === undefined) return undefined;
    if (typeof value === 'string' && canBeKept(value)) {
      const line = visibleLine(value);
      if (line !== '' && line.length <= max) return line;
    }
    this.wrong(name, `must be a text of 1 to ${max} characters`);
    return undefined;
  }

  neededLine(name: string, limit: TextLimit): string {
    return this.value(name) === undefined ? this.missing(name, '') : (this.line(name, limit) ?? '');
  }

  /** What others know a thing by: a visible line as it stands, since it cannot be changed for them. */
  id(name: string, { max }: TextLimit): string | undefined {
    const value = this.text(name, { max });
    if (value === undefined || isVisibleLine(value)) return value;
    this.wrong(name, 'must be one line without unseen characters, in composed form (NFC)');
    return undefined;
  }

  neededId(name: string, limit: TextLimit): string {
    return this.value(name) === undefined ? this.missing(name, '') : (this.id(name, limit) ?? '');
  }

  /** What programs read, taken as it is. */
  text(name: string, { max }: TextLimit): string | undefined {
    const value = this.value(name);
    if (value === undefined) return undefined;
    if (typeof value === 'string' && value.trim() !== '' && value.length <= max && canBeKept(value)) return value;
    this.wrong(name, `must be a text of 1 to ${max} characters`);
    return undefined;
  }

  integer(name: string, { min, max }: { min: number; max: number }): number | undefined {
    const value = this.value(name);
    if (value === undefined) return undefined;
    if (typeof value === 'number' && Number.isInteger(value) && value >= min && value <= max) return value;
    this.wrong(name, `must be a whole number from ${min} to ${max}`);
    return undefined;
  }

  neededInteger(name: string, bounds: { min: number; max: number }): number {
    return this.value(name) === undefined ? this.missing(name, bounds.min) : (this.integer(name, bounds) ?? bounds.min);
  }

  flag(name: string): boolean | undefined {
    const value = this.value(name);
    if (value === undefined || typeof value === 'boolean') return value;
    this.wrong(name, 'must be true or false');
    return undefined;
  }

  neededFlag(name: string): boolean {
    return this.value(name) === undefined ? this.missing(name, false) : (this.flag(name) ?? false);
  }

  oneOf<const Words extends readonly [string, ...string[]]>(name: string, words: Words): Words[number] {
    const given = this.value(name);
    const value = words.find((word) => word === given);
    if (value === undefined && this.object[name] !== null) this.wrong(name, `must be one of ${words.join(', ')}`);
    return value ?? words[0];
  }

  /** A text with a form of its own. @param as what it must be, in words */
  matching(name: string, fits: (text: string) => boolean, as: string): string | undefined {
    const value = this.value(name);
    if (value === undefined) return undefined;
    if (typeof value === 'string' && fits(value)) return value;
    this.wrong(name, `must be ${as}`);
    return undefined;
  }

  neededMatching(name: string, fits: (text: string) => boolean, as: string): string {
    return this.value(name) === undefined ? this.missing(name, '') : (this.matching(name, fits, as) ?? '');
  }

  inner<T>(name: string, read: (fields: StrictFields) => T): T | undefined {
    const value = this.value(name);
    return value === undefined ? undefined : read(new StrictFields(value, this.pathTo(name), this.problems));
  }

  list<T>(name: string, read: (item: StrictFields) => T, max = Infinity): T[] | undefined {
    return this.items(name, max)?.map((item, at) =>
      read(new StrictFields(item, `${this.pathTo(name)}[${at}]`, this.problems)),
    );
  }

  /** An address of the web. */
  address(name: string): string | undefined {
    return this.matching(name, isWebAddress, AN_ADDRESS);
  }

  addresses(name: string, max = Infinity): string[] | undefined {
    return this.items(name, max)?.flatMap((item, at) => {
      if (isWebAddress(item)) return [item];
      this.wrong(`${name}[${at}]`, `must be ${AN_ADDRESS}`);
      return [];
    });
  }

  missing<T>(name: string, instead: T): T {
    this.wrong(name, 'is missing');
    return instead;
  }

  /** Absent fields are absent, not undefined. Comes last: what has not been read by now is a slip, such as `Price`. */
  present<T extends object>(fields: T): T {
    for (const name of Object.keys(this.object)) {
      if (!this.read.has(name) && this.object[name] !== undefined) this.wrong(name, 'is no field here');
    }
    return Object.fromEntries(Object.entries(fields).filter(([, field]) => field !== undefined)) as T;
  }

  wrong(name: string, message: string): void {
    this.problems.push({ path: this.pathTo(name), message });
  }

  private items(name: string, max: number): unknown[] | undefined {
    const value = this.value(name);
    if (value === undefined) return undefined;
    if (Array.isArray(value) && value.length <= max) return Array.from(value as unknown[]);
    this.wrong(name, Array.isArray(value) ? `must have ${max} entries at most` : 'must be a list');
    return undefined;
  }

  private value(name: string): unknown {
    const value = this.object[name];
    if (value !== null) return this.noted(name, value);
    if (!this.read.has(name)) this.wrong(name, 'must not be null: leave it out');
    return this.noted(name, undefined);
  }

  private noted(name: string, value: unknown): unknown {
    this.read.add(name);
    return value;
  }

  private pathTo(name: string): string {
    return this.path === '' ? name : `${this.path}.${name}`;
  }
}

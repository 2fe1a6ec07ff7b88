import { visibleLine } from '@biz/platform';

/** The largest number that an `integer` of PostgreSQL holds. */
const MAX_INTEGER = 2_147_483_647;
/** 2026-11-15T21:20:47, with or without an offset. A day that no calendar has is found by writing it again. */
const DATE = /^(\d{4}-\d\d-\d\d)[T ]\d\d:\d\d(?::\d\d(?:\.\d{1,9})?)?(Z|[+-]\d\d:?\d\d)?$/;

/** Thrown by a reader when a 200 does not hold what was asked for; the answer is then `unknown`. */
export class Unreadable extends Error {}

/** One JSON object of an answer, read field by field; absent, `null` and `""` are the same. */
export class Fields {
  constructor(private readonly raw: Record<string, unknown>) {}

  static of(value: unknown): Fields {
    if (typeof value !== 'object' || value === null || Array.isArray(value)) throw new Unreadable('no JSON object');
    return new Fields(value as Record<string, unknown>);
  }

  private present(name: string): unknown {
    const value = this.raw[name];
    return value === '' || value === null ? undefined : value;
  }

  text(name: string): string {
    return this.textIfAny(name) ?? missing(name);
  }

  /**
   * Ids sometimes come as numbers: they are read as text, digit for digit. What PostgreSQL could not keep (U+0000, half a
   * character) is no text of KakaoPay's: it counts as absent, so that the rest of the answer is kept.
   */
  textIfAny(name: string): string | undefined {
    const value = this.present(name);
    if (typeof value === 'number') return String(value);
    return typeof value === 'string' && !/[\0\p{Surrogate}]/u.test(value) ? value : undefined;
  }

  /** What people read, such as the reason of a refusal: as one visible line, which any table can keep. */
  line(name: string): string {
    const value = this.present(name);
    return typeof value === 'string' ? visibleLine(value) : '';
  }

  /** Won: never below zero. */
  won(name: string): number {
    return this.wonIfAny(name) ?? missing(name);
  }

  wonIfAny(name: string): number | undefined {
    const won = this.wholeIfAny(name);
    return won !== undefined && won >= 0 ? won : undefined;
  }

  /** What a column of ours could not keep is no number of KakaoPay's, as with texts. */
  wholeIfAny(name: string): number | undefined {
    const value = this.present(name);
    // Not Number alone, to which a blank is 0.
    const number = typeof value === 'string' && /^-?\d+$/.test(value) ? Number(value) : value;
    return Number.isInteger(number) && Math.abs(number as number) <= MAX_INTEGER ? (number as number) : undefined;
  }

  flag(name: string): boolean {
    const value = this.present(name);
    return value === true || value === 'true' || value === 'Y';
  }

  /** KakaoPay's dates carry no offset and mean Asia/Seoul, which has no summer time. */
  dateIfAny(name: string): Date | undefined {
    const value = this.textIfAny(name) ?? '';
    const [, day, offset] = DATE.exec(value) ?? [];
    if (day === undefined || !isCalendarDay(day)) return undefined;
    const date = new Date(offset === undefined ? `${value}+09:00` : value);
    return Number.isNaN(date.getTime()) ? undefined : date;
  }

  object(name: string): Fields {
    return this.objectIfAny(name) ?? missing(name);
  }

  objectIfAny(name: string): Fields | undefined {
    const value = this.present(name);
    return typeof value === 'object' && value !== null && !Array.isArray(value) ? Fields.of(value) : undefined;
  }

  objects(name: string): Fields[] {
    const value = this.present(name);
    return Array.isArray(value) ? value.map((item) => Fields.of(item)) : [];
  }
}

function isCalendarDay(day: string): boolean {
  const date = new Date(`${day}T00:00:00Z`);
  return !Number.isNaN(date.getTime()) && date.toISOString().startsWith(day);
}

function missing(name: string): never {
  throw new Unreadable(`no readable ${name}`);
}

/** Drops what is `undefined`: optional fields are absent on the wire, never empty. */
export function present(fields: Record<string, string | number | undefined>): Record<string, string | number> {
  return Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== undefined)) as Record<
    string,
    string | number
  >;
}

import type { MigrationInterface } from 'typeorm';

/** A column that holds a value of `Vault.seal`, or nothing. */
export interface SealedColumn {
  /** With its schema: `capture.captures`. */
  table: string;
  /** The primary key, by which rows are walked. */
  key: string;
  column: string;
}

/**
 * Rows of a table that are deleted some days after they ended: what ended without money or result, and records whose
 * legal time is over. `docs/operations.md` lists every purge, and a test compares the two.
 */
export interface Purge {
  /** With its schema: `sync.logins`. */
  table: string;
  /** A row is deleted so many days after `since`. */
  days: number;
  /** The time column by which rows are searched; an index begins with it. */
  since: string;
  /** The primary key; `id`, unless said. */
  key?: readonly string[];
  /** SQL over the row `t`: which rows may be deleted; `$1` is the moment that `since` lies before. All, unless said. */
  where?: string;
  /** Tables without a foreign key whose rows are deleted with their parent; `column` holds the parent's `id`. */
  children?: readonly { table: string; column: string }[];
}

/** 전자상거래법 시행령 제6조 keeps contracts and payments for five years, which have at most two leap days. */
export const FIVE_YEARS = 1_827;

/** The owner of one PostgreSQL schema: an app, or a lib that several apps share. */
export interface SchemaOwner {
  schema: string;
  entities: (new () => object)[];
  /** Written by hand, oldest first; names end in the 13 digits of their time, and are unique in the whole house. */
  migrations: (new () => MigrationInterface)[];
  /** Every sealed column, so that `npm run rotate-keys` finds it. */
  sealed?: SealedColumn[];
  /** Which rows the platform deletes by itself, every day. */
  purges?: Purge[];
  /**
   * What apps with this schema may do to a table, by its name without the schema: `SELECT, INSERT`. An app may read,
   * add, change and delete rows of a table that is not named. No app may empty, alter or drop one.
   */
  rights?: Record<string, string>;
  /**
   * Functions that every app may call, with their argument types: `journey(text, text, integer)`. They run with the
   * rights of the owner, so that a caller needs none on the tables behind them.
   */
  published?: string[];
}

import type { MigrationInterface } from 'typeorm';

/** A column that holds a value of `Vault.seal`, or nothing. */
export interface SealedColumn {
  /** With its schema: `capture.captures`. */
  table: string;
  /** The primary key, by which rows are walked. */
  key: string;
  column: string;
}

/** The owner of one PostgreSQL schema: an app, or a lib that several apps share. */
export interface SchemaOwner {
  schema: string;
  entities: (new () => object)[];
  /** Written by hand, oldest first; names end in the 13 digits of their time, and are unique in the whole house. */
  migrations: (new () => MigrationInterface)[];
  /** Every sealed column, so that `npm run rotate-keys` finds it. */
  sealed?: SealedColumn[];
}

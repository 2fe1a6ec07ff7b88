import type { SchemaOwner } from '../database/schema-owner';

/** One app as its database knows it. */
export interface AppRole {
  /** Its PostgreSQL role. */
  role: string;
  /** The schemas it works with. */
  schemas: readonly SchemaOwner[];
}

const ROWS = 'SELECT, INSERT, UPDATE, DELETE';
const KINDS = ['TABLES', 'SEQUENCES', 'ROUTINES'] as const;

/** A name as SQL takes it, whatever it holds. */
export const quoted = (name: string): string => `"${name.replaceAll('"', '""')}"`;

/**
 * Statements that leave every role with what its schemas declare, and with nothing else of these schemas: what an
 * earlier version granted is taken back first. To be run in one transaction, so that a running app sees no gap.
 *
 * @param owners of all schemas that are there, whatever app they belong to
 */
export function rightsOf(apps: readonly AppRole[], owners: readonly SchemaOwner[]): string[] {
  if (apps.length === 0) return [];
  const everyone = list(apps.map(({ role }) => role));
  const published = owners.filter((owner) => owner.published?.length);
  return [
    ...owners.flatMap(({ schema }) => nothingOf(schema, everyone)),
    ...owners.flatMap((owner) => {
      const users = apps.filter(({ schemas }) => schemas.some(({ schema }) => schema === owner.schema));
      return users.length === 0 ? [] : workWith(owner, list(users.map(({ role }) => role)));
    }),
    ...published.flatMap((owner) => call(owner, everyone)),
  ];
}

const list = (roles: readonly string[]): string => roles.map(quoted).join(', ');

function nothingOf(schema: string, everyone: string): string[] {
  const name = quoted(schema);
  return [
    `REVOKE ALL ON SCHEMA ${name} FROM PUBLIC, ${everyone}`,
    ...KINDS.map((kind) => `REVOKE ALL ON ALL ${kind} IN SCHEMA ${name} FROM PUBLIC, ${everyone}`),
  ];
}

function workWith({ schema, rights = {} }: SchemaOwner, users: string): string[] {
  const name = quoted(schema);
  return [
    `GRANT USAGE ON SCHEMA ${name} TO ${users}`,
    `GRANT ${ROWS} ON ALL TABLES IN SCHEMA ${name} TO ${users}`,
    `GRANT USAGE, SELECT ON ALL SEQUENCES IN SCHEMA ${name} TO ${users}`,
    `GRANT EXECUTE ON ALL ROUTINES IN SCHEMA ${name} TO ${users}`,
    ...Object.entries(rights).flatMap(([table, granted]) => [
      `REVOKE ALL ON ${name}.${quoted(table)} FROM ${users}`,
      `GRANT ${granted} ON ${name}.${quoted(table)} TO ${users}`,
    ]),
  ];
}

function call({ schema, published = [] }: SchemaOwner, everyone: string): string[] {
  const name = quoted(schema);
  return [
    `GRANT USAGE ON SCHEMA ${name} TO ${everyone}`,
    ...published.flatMap((routine) => [
      // Of the owner's rights a caller gets the function's own text only: no name in it is looked up elsewhere.
      `ALTER FUNCTION ${name}.${routine} SECURITY DEFINER SET search_path = pg_catalog, pg_temp`,
      `GRANT EXECUTE ON FUNCTION ${name}.${routine} TO ${everyone}`,
    ]),
  ];
}

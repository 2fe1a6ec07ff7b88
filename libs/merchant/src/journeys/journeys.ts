import { Injectable } from '@nestjs/common';
import { DataSource } from 'typeorm';
import { RelayIds } from '../relay/relay-ids';
import type { Journey, JourneyCustomer, JourneyStep } from './journey.dto';

/**
 * What every owner of a schema may publish about a relay id, by a function of this name and form in its own migrations:
 * `journey(of_relay text, of_user text, of_most integer)`. No app knows another's tables, and nothing is written twice.
 */
const PUBLISHED = `
  SELECT quote_ident(n.nspname) AS schema FROM pg_proc p JOIN pg_namespace n ON n.oid = p.pronamespace
   WHERE p.proname = 'journey' AND pg_get_function_identity_arguments(p.oid) = 'of_relay text, of_user text, of_most integer'
     AND has_schema_privilege(n.oid, 'USAGE') AND has_function_privilege(p.oid, 'EXECUTE')
   ORDER BY n.nspname`;
/** The same for memberships: whoever keeps members. */
const MEMBERSHIPS = `
  SELECT EXISTS (
    SELECT FROM pg_proc p JOIN pg_namespace n ON n.oid = p.pronamespace
     WHERE n.nspname = 'sync' AND p.proname = 'memberships'
       AND pg_get_function_identity_arguments(p.oid) = 'of_merchants text[], of_users text[]'
       AND has_schema_privilege(n.oid, 'USAGE') AND has_function_privilege(p.oid, 'EXECUTE')) AS known`;

/** Captures, drafts, logins and orders that one answer may hold, of each kind; a relay id may stand in a message to many. */
const MOST = 200;

type StepRow = Omit<JourneyStep, 'appUserId' | 'of'> & { appUserId: string | null; of: string | null };

/** What happened because of one relay id, across apps. */
@Injectable()
export class Journeys {
  constructor(
    private readonly dataSource: DataSource,
    private readonly relayIds: RelayIds,
  ) {}

  /** @param appUserId only this customer's steps; those of nobody known are left out then */
  async of(relayId: string, appUserId: string | undefined): Promise<Journey> {
    const rows = await this.steps(relayId, appUserId ?? null);
    const customers = await this.customers(rows);
    return {
      relayId,
      issued: this.relayIds.find(relayId),
      customers,
      items: rows.map(({ of, appUserId: user, ...step }) => ({
        ...step,
        ...(user !== null && { appUserId: user }),
        ...(of !== null && { of }),
      })),
      complete: Object.values(countBy(rows)).every((count) => count < MOST),
    };
  }

  private async steps(relayId: string, appUserId: string | null): Promise<StepRow[]> {
    const published = await this.dataSource.query<{ schema: string }[]>(PUBLISHED);
    if (published.length === 0) return [];
    const parts = published.map(({ schema }) => `SELECT * FROM ${schema}.journey($1, $2, $3)`);
    return this.dataSource.query<StepRow[]>(
      `SELECT at, app, what, id, of, state, merchant, app_user_id AS "appUserId"
         FROM (${parts.join(' UNION ALL ')}) AS step ORDER BY at, written`,
      [relayId, appUserId, MOST],
    );
  }

  /** Who joined before goes straight on (guide 0.6): then there is no login, and this says since when they are a member. */
  private async customers(rows: readonly StepRow[]): Promise<JourneyCustomer[]> {
    const found = new Map(
      rows.flatMap(({ merchant, appUserId }) =>
        appUserId === null ? [] : [[`${merchant} ${appUserId}`, { merchant, appUserId }] as const],
      ),
    );
    const [{ known } = { known: false }] = await this.dataSource.query<{ known: boolean }[]>(MEMBERSHIPS);
    if (!known || found.size === 0) return [...found.values()];
    const each = [...found.values()];
    const members = await this.dataSource.query<(JourneyCustomer & { state: string; joinedAt: Date })[]>(
      `SELECT merchant, app_user_id AS "appUserId", state, joined_at AS "joinedAt" FROM sync.memberships($1, $2)`,
      [each.map(({ merchant }) => merchant), each.map(({ appUserId }) => appUserId)],
    );
    return each.map((customer) => {
      const member = members.find((one) => one.merchant === customer.merchant && one.appUserId === customer.appUserId);
      return { ...customer, ...(member && { member: { state: member.state, joinedAt: member.joinedAt } }) };
    });
  }
}

/** How many things of each kind there are, not their steps. */
function countBy(rows: readonly StepRow[]): Record<string, number> {
  const ids: Record<string, Set<string>> = {};
  for (const { app, what, id } of rows) (ids[`${app} ${what}`] ??= new Set()).add(id);
  return Object.fromEntries(Object.entries(ids).map(([kind, each]) => [kind, each.size]));
}

import type { MigrationInterface, QueryRunner } from 'typeorm';

/**
 * One access log for every app, and the record of collected and provided locations.
 *
 * The lines of `capture.accesses` and `sync.accesses` move here in the order of their time, without codes: they enter
 * the chain as it begins (see access-chain.ts). The two tables are dropped.
 */
export class Privacy1795510000000 implements MigrationInterface {
  readonly name = 'Privacy1795510000000';

  async up(runner: QueryRunner): Promise<void> {
    await runner.query(`CREATE SCHEMA IF NOT EXISTS privacy`);
    await runner.query(`
      CREATE FUNCTION privacy.keep() RETURNS trigger LANGUAGE plpgsql AS $$
      BEGIN
        IF TG_OP = 'DELETE' THEN
          IF OLD.at < now() - TG_ARGV[0]::interval THEN RETURN OLD; END IF;
        END IF;
        RAISE EXCEPTION '% is append-only, and kept for %', TG_TABLE_NAME, TG_ARGV[0];
      END $$`);
    await runner.query(`
      CREATE TABLE privacy.accesses (
        seq bigint NOT NULL CONSTRAINT accesses_pkey PRIMARY KEY,
        at timestamptz NOT NULL,
        app text NOT NULL,
        merchant text NOT NULL,
        subject uuid NOT NULL,
        what text NOT NULL,
        part uuid,
        operator text,
        caller text NOT NULL,
        reason text NOT NULL,
        code text
      )`);
    await runner.query(`CREATE INDEX accesses_by_subject ON privacy.accesses (subject, seq)`);
    await runner.query(`CREATE INDEX accesses_by_time ON privacy.accesses (at, seq)`);
    await runner.query(`
      CREATE TABLE privacy.access_ends (
        id integer NOT NULL CONSTRAINT access_ends_pkey PRIMARY KEY CONSTRAINT access_ends_one CHECK (id = 1),
        sealed_key text NOT NULL,
        start_seq bigint NOT NULL,
        start_code text NOT NULL,
        end_seq bigint NOT NULL,
        end_code text NOT NULL,
        proof text NOT NULL
      )`);
    await runner.query(`
      CREATE TABLE privacy.location_facts (
        id uuid NOT NULL CONSTRAINT location_facts_pkey PRIMARY KEY,
        kind text NOT NULL CONSTRAINT location_facts_kind CHECK (kind IN ('collected', 'provided')),
        merchant text NOT NULL,
        capture_id uuid NOT NULL,
        subject text NOT NULL,
        source text NOT NULL,
        service text,
        receiver text,
        purpose text,
        at timestamptz NOT NULL,
        CONSTRAINT location_facts_once UNIQUE (capture_id, kind)
      )`);
    await runner.query(`CREATE INDEX location_facts_by_time ON privacy.location_facts (at, id)`);
    for (const [table, period] of [
      ['accesses', '2 years'],
      ['location_facts', '6 months'],
    ] as const) {
      await runner.query(`
        CREATE TRIGGER ${table}_kept BEFORE UPDATE OR DELETE ON privacy.${table}
        FOR EACH ROW EXECUTE FUNCTION privacy.keep('${period}')`);
      await runner.query(`
        CREATE TRIGGER ${table}_not_emptied BEFORE TRUNCATE ON privacy.${table}
        FOR EACH STATEMENT EXECUTE FUNCTION privacy.keep('${period}')`);
    }
    await this.moveOldLines(runner);
  }

  /** Either table may be missing: its owner has not been migrated here, or not yet. */
  private async moveOldLines(runner: QueryRunner): Promise<void> {
    const lines: string[] = [];
    if (await exists(runner, 'capture.accesses')) {
      lines.push(`SELECT a.accessed_at, coalesce(c.kind, 'capture') AS app, a.merchant, a.capture_id AS subject, a.what,
                         a.file_id AS part, a.caller, a.reason, a.id
                    FROM capture.accesses a LEFT JOIN capture.captures c ON c.id = a.capture_id`);
    }
    if (await exists(runner, 'sync.accesses')) {
      lines.push(`SELECT accessed_at, 'sync' AS app, merchant, member_id AS subject, 'member' AS what, NULL::uuid AS part, caller,
                         reason, id
                    FROM sync.accesses`);
    }
    if (lines.length === 0) return;
    await runner.query(`
      INSERT INTO privacy.accesses (seq, at, app, merchant, subject, what, part, caller, reason)
      SELECT row_number() OVER (ORDER BY accessed_at, id), accessed_at, app, merchant, subject, what, part, caller, reason
        FROM (${lines.join(' UNION ALL ')}) old`);
    await runner.query(`DROP TABLE IF EXISTS capture.accesses, sync.accesses`);
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query(`DROP SCHEMA privacy CASCADE`);
  }
}

async function exists(runner: QueryRunner, table: string): Promise<boolean> {
  const [row] = (await runner.query(`SELECT to_regclass($1) IS NOT NULL AS found`, [table])) as { found: boolean }[];
  return row?.found === true;
}

import type { MigrationInterface, QueryRunner } from 'typeorm';

export class SyncMembers1795413600000 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    await runner.query(`CREATE SCHEMA sync`);
    await runner.query(`
      CREATE TABLE sync.logins (
        id uuid CONSTRAINT logins_pkey PRIMARY KEY,
        merchant text NOT NULL,
        code_key text,
        relay_id text,
        state text NOT NULL CONSTRAINT logins_state CHECK (state IN ('pending', 'joined', 'failed', 'refused')),
        below_path_key boolean NOT NULL,
        code text,
        tokens text,
        claimed_until timestamptz,
        member_id uuid,
        received_at timestamptz NOT NULL,
        settled_at timestamptz,
        CONSTRAINT logins_code_once UNIQUE (merchant, code_key)
      )`);
    await runner.query(`CREATE INDEX logins_of_member ON sync.logins (member_id, id) WHERE member_id IS NOT NULL`);
    await runner.query(`
      CREATE TABLE sync.failures (
        id uuid CONSTRAINT failures_pkey PRIMARY KEY,
        merchant text NOT NULL,
        login_id uuid,
        step text NOT NULL CONSTRAINT failures_step
          CHECK (step IN ('consent', 'exchange', 'user', 'terms', 'join', 'unlink', 'event')),
        reason text NOT NULL,
        failed_at timestamptz NOT NULL
      )`);
    await runner.query(`CREATE INDEX failures_by_login ON sync.failures (login_id, id)`);
    await runner.query(`
      CREATE TABLE sync.members (
        id uuid CONSTRAINT members_pkey PRIMARY KEY,
        merchant text NOT NULL,
        app_user_id text NOT NULL,
        state text NOT NULL CONSTRAINT members_state CHECK (state IN ('joined', 'suspended', 'unlinked', 'erased')),
        relay_id text,
        account text,
        tokens text,
        joined_at timestamptz NOT NULL,
        seen_at timestamptz NOT NULL,
        ended_at timestamptz,
        end_reason text,
        CONSTRAINT members_user_once UNIQUE (merchant, app_user_id)
      )`);
    await runner.query(`CREATE INDEX members_by_state ON sync.members (state, id)`);
    await runner.query(`
      CREATE TABLE sync.consents (
        id uuid CONSTRAINT consents_pkey PRIMARY KEY,
        member_id uuid NOT NULL,
        tag text NOT NULL,
        version text,
        required boolean,
        action text NOT NULL CONSTRAINT consents_action CHECK (action IN ('agreed', 'withdrawn')),
        actor text NOT NULL CONSTRAINT consents_actor CHECK (actor IN ('member', 'shop', 'kakao')),
        at timestamptz NOT NULL,
        recorded_at timestamptz NOT NULL
      )`);
    await runner.query(`CREATE INDEX consents_of_member ON sync.consents (member_id, id)`);
    await runner.query(`
      CREATE TABLE sync.notices (
        id uuid CONSTRAINT notices_pkey PRIMARY KEY,
        merchant text NOT NULL,
        source text NOT NULL CONSTRAINT notices_source CHECK (source IN ('unlink', 'event')),
        type text NOT NULL,
        jti text,
        user_key text,
        unlinks boolean NOT NULL,
        effect text NOT NULL,
        happened_at timestamptz NOT NULL,
        received_at timestamptz NOT NULL,
        CONSTRAINT notices_token_once UNIQUE (merchant, jti, type)
      )`);
    await runner.query(`CREATE INDEX notices_by_user ON sync.notices (merchant, user_key, id)`);
    await runner.query(`
      CREATE TABLE sync.accesses (
        id uuid CONSTRAINT accesses_pkey PRIMARY KEY,
        member_id uuid NOT NULL,
        merchant text NOT NULL,
        reason text NOT NULL,
        caller text NOT NULL,
        accessed_at timestamptz NOT NULL
      )`);
    await runner.query(`CREATE INDEX accesses_of_member ON sync.accesses (member_id, id)`);
    await runner.query(`
      CREATE FUNCTION sync.refuse_change() RETURNS trigger LANGUAGE plpgsql AS $$
      BEGIN
        RAISE EXCEPTION '% is append-only', TG_TABLE_NAME;
      END $$`);
    for (const table of ['consents', 'accesses']) {
      await runner.query(`
        CREATE TRIGGER ${table}_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON sync.${table}
        FOR EACH STATEMENT EXECUTE FUNCTION sync.refuse_change()`);
    }
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query(`DROP SCHEMA sync CASCADE`);
  }
}

/**
 * The access log is one for all apps, in the schema `privacy`, whose own migration took the lines over.
 *
 * What is dropped here is the empty table of a schema that was made after that.
 */
export class SyncAccessesMoved1795510100000 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    await runner.query(`DROP TABLE IF EXISTS sync.accesses`);
  }

  async down(): Promise<void> {
    // Nothing stood in it.
  }
}

/** Logins that we start, the match with the shop's own members, and our own unlink call. */
export class SyncDepth1795540000000 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    await runner.query(`ALTER TABLE sync.logins ADD COLUMN verifier text`);
    await runner.query(`
      ALTER TABLE sync.members
        ADD COLUMN match text CONSTRAINT members_match CHECK (match IN ('matched', 'none', 'to-confirm', 'failed')),
        ADD COLUMN shop_member_id text,
        ADD COLUMN kakao_unlink text CONSTRAINT members_kakao_unlink CHECK (kakao_unlink IN ('pending', 'done', 'failed'))`);
    await runner.query(`
      ALTER TABLE sync.failures DROP CONSTRAINT failures_step, ADD CONSTRAINT failures_step
        CHECK (step IN ('consent', 'exchange', 'user', 'terms', 'match', 'join', 'unlink', 'event'))`);
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query(`DELETE FROM sync.failures WHERE step = 'match'`);
    await runner.query(`
      ALTER TABLE sync.failures DROP CONSTRAINT failures_step, ADD CONSTRAINT failures_step
        CHECK (step IN ('consent', 'exchange', 'user', 'terms', 'join', 'unlink', 'event'))`);
    await runner.query(
      `ALTER TABLE sync.members DROP COLUMN match, DROP COLUMN shop_member_id, DROP COLUMN kakao_unlink`,
    );
    await runner.query(`ALTER TABLE sync.logins DROP COLUMN verifier`);
  }
}

/**
 * Indexes for the daily purge, along the times by which it searches. Consents may be deleted with a membership that ended
 * five years ago, and in no other way.
 */
export class SyncPurge1796010000000 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    await runner.query(`
      CREATE INDEX logins_by_age ON sync.logins (received_at);
      CREATE INDEX failures_by_age ON sync.failures (failed_at);
      CREATE INDEX notices_by_age ON sync.notices (received_at);
      CREATE INDEX members_by_age ON sync.members (ended_at) WHERE ended_at IS NOT NULL;

      CREATE FUNCTION sync.keep_consent() RETURNS trigger LANGUAGE plpgsql AS $$
      BEGIN
        IF EXISTS (SELECT FROM sync.members m WHERE m.id = OLD.member_id
                    AND (m.ended_at IS NULL OR m.ended_at >= now() - interval '5 years')) THEN
          RAISE EXCEPTION '% is append-only until its membership ended five years ago', TG_TABLE_NAME;
        END IF;
        RETURN OLD;
      END $$;
      DROP TRIGGER consents_append_only ON sync.consents;
      CREATE TRIGGER consents_append_only BEFORE UPDATE OR TRUNCATE ON sync.consents
        FOR EACH STATEMENT EXECUTE FUNCTION sync.refuse_change();
      CREATE TRIGGER consents_kept BEFORE DELETE ON sync.consents FOR EACH ROW EXECUTE FUNCTION sync.keep_consent();
    `);
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query(`
      DROP TRIGGER consents_kept ON sync.consents;
      DROP TRIGGER consents_append_only ON sync.consents;
      CREATE TRIGGER consents_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON sync.consents
        FOR EACH STATEMENT EXECUTE FUNCTION sync.refuse_change();
      DROP FUNCTION sync.keep_consent;
      DROP INDEX sync.logins_by_age, sync.failures_by_age, sync.notices_by_age, sync.members_by_age;
    `);
  }
}

/** The logins' part of a journey, and who of its customers is a member. */
export class SyncJourney1795545300000 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    await runner.query(`
      CREATE INDEX logins_by_relay ON sync.logins (relay_id, id) WHERE relay_id IS NOT NULL;

      CREATE FUNCTION sync.journey(of_relay text, of_user text, of_most integer)
        RETURNS TABLE (merchant text, app_user_id text, at timestamptz, app text, what text, id text, of text, state text, written uuid)
        LANGUAGE sql STABLE AS $$
          WITH returned AS (
            SELECT l.*, m.app_user_id FROM sync.logins l LEFT JOIN sync.members m ON m.id = l.member_id
             WHERE l.relay_id = of_relay AND (of_user IS NULL OR m.app_user_id = of_user) ORDER BY l.id LIMIT of_most
          )
          SELECT l.merchant, l.app_user_id, step.at, 'sync', 'login', l.id::text, l.member_id::text, step.state, l.id
            FROM returned l, LATERAL (VALUES (l.received_at, 'received'), (l.settled_at, l.state)) AS step (at, state)
           WHERE step.at IS NOT NULL
        $$;

      CREATE FUNCTION sync.memberships(of_merchants text[], of_users text[])
        RETURNS TABLE (merchant text, app_user_id text, state text, joined_at timestamptz)
        LANGUAGE sql STABLE AS $$
          SELECT m.merchant, m.app_user_id, m.state, m.joined_at
            FROM unnest(of_merchants, of_users) AS customer (of_merchant, of_user)
            JOIN sync.members m ON m.merchant = customer.of_merchant AND m.app_user_id = customer.of_user
        $$;
    `);
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query(`DROP FUNCTION sync.journey; DROP FUNCTION sync.memberships; DROP INDEX sync.logins_by_relay`);
  }
}

/**
 * Bounds what an anonymous caller can store: failures without a login are counted by the minute, and logins that wait for
 * Kakao are found by their merchant.
 */
export class SyncBounds1796020000000 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    await runner.query(`
      ALTER TABLE sync.failures
        ADD COLUMN relay_id text,
        ADD COLUMN minute timestamptz,
        ADD COLUMN count integer NOT NULL DEFAULT 1,
        ADD COLUMN last_failed_at timestamptz,
        ADD CONSTRAINT failures_minute_once UNIQUE (merchant, step, reason, minute);
      CREATE INDEX logins_waiting ON sync.logins (merchant, received_at) WHERE state = 'pending';
    `);
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query(`
      DROP INDEX sync.logins_waiting;
      ALTER TABLE sync.failures DROP CONSTRAINT failures_minute_once,
        DROP COLUMN relay_id, DROP COLUMN minute, DROP COLUMN count, DROP COLUMN last_failed_at;
    `);
  }
}

/** What names another row names one that is there. */
export class SyncReferences1796060100000 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    await runner.query(`
      UPDATE sync.logins l SET member_id = NULL
       WHERE member_id IS NOT NULL AND NOT EXISTS (SELECT 1 FROM sync.members m WHERE m.id = l.member_id);
      DELETE FROM sync.failures f
       WHERE login_id IS NOT NULL AND NOT EXISTS (SELECT 1 FROM sync.logins l WHERE l.id = f.login_id);
      ALTER TABLE sync.logins
        ADD CONSTRAINT logins_member FOREIGN KEY (member_id) REFERENCES sync.members (id) ON DELETE SET NULL;
      ALTER TABLE sync.failures
        ADD CONSTRAINT failures_login FOREIGN KEY (login_id) REFERENCES sync.logins (id) ON DELETE CASCADE;
      ALTER TABLE sync.consents
        ADD CONSTRAINT consents_member FOREIGN KEY (member_id) REFERENCES sync.members (id);
    `);
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query(`
      ALTER TABLE sync.consents DROP CONSTRAINT consents_member;
      ALTER TABLE sync.failures DROP CONSTRAINT failures_login;
      ALTER TABLE sync.logins DROP CONSTRAINT logins_member;
    `);
  }
}

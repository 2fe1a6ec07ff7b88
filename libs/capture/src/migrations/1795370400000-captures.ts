import type { MigrationInterface, QueryRunner } from 'typeorm';

export class Captures1795370400000 implements MigrationInterface {
  readonly name = 'Captures1795370400000';

  async up(runner: QueryRunner): Promise<void> {
    await runner.query(`CREATE SCHEMA IF NOT EXISTS capture`);
    await runner.query(`
      CREATE TABLE capture.captures (
        id uuid NOT NULL CONSTRAINT captures_pk PRIMARY KEY,
        kind text NOT NULL,
        merchant text NOT NULL,
        plugin text NOT NULL,
        state text NOT NULL CONSTRAINT captures_state
          CHECK (state IN ('pending', 'redeemed', 'delivered', 'unavailable', 'failed', 'expired', 'erased')),
        relay_id text,
        otp_fingerprint text NOT NULL,
        sealed_otp text,
        sealed_answer text,
        answer_status integer,
        failure text CONSTRAINT captures_failure
          CHECK (failure IN ('refused-by-kakao', 'unreadable-answer', 'deadline-passed', 'no-image-stored')),
        service_name text,
        service_company text,
        consent jsonb NOT NULL,
        received_at timestamptz NOT NULL,
        deadline_at timestamptz NOT NULL,
        redeemed_at timestamptz,
        delivered_at timestamptz,
        expires_at timestamptz,
        erase_at timestamptz NOT NULL,
        erased_at timestamptz,
        changed_at timestamptz NOT NULL,
        CONSTRAINT captures_otp_once UNIQUE (merchant, kind, otp_fingerprint)
      )`);
    await runner.query(`CREATE INDEX captures_by_state ON capture.captures (kind, state, id)`);
    await runner.query(`CREATE INDEX captures_by_relay ON capture.captures (relay_id, id) WHERE relay_id IS NOT NULL`);
    await runner.query(`
      CREATE TABLE capture.files (
        id uuid NOT NULL CONSTRAINT files_pk PRIMARY KEY,
        capture_id uuid NOT NULL CONSTRAINT files_of_capture REFERENCES capture.captures ON DELETE CASCADE,
        picture integer NOT NULL,
        variant text NOT NULL,
        state text NOT NULL CONSTRAINT files_state CHECK (state IN ('pending', 'stored', 'failed', 'erased')),
        sealed_url text,
        store_key text,
        sealed_key text,
        size integer,
        type text,
        sha256 text,
        attempts integer NOT NULL,
        failure text,
        stored_at timestamptz,
        CONSTRAINT files_once UNIQUE (capture_id, picture, variant)
      )`);
    await runner.query(`
      CREATE TABLE capture.accesses (
        id uuid NOT NULL CONSTRAINT accesses_pk PRIMARY KEY,
        capture_id uuid NOT NULL,
        merchant text NOT NULL,
        what text NOT NULL,
        file_id uuid,
        reason text NOT NULL,
        caller text NOT NULL,
        accessed_at timestamptz NOT NULL
      )`);
    await runner.query(`CREATE INDEX accesses_by_capture ON capture.accesses (capture_id, id)`);
    await runner.query(`
      CREATE FUNCTION capture.refuse_change() RETURNS trigger LANGUAGE plpgsql AS $$
      BEGIN
        RAISE EXCEPTION 'the access log is append-only';
      END $$`);
    await runner.query(`
      CREATE TRIGGER accesses_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON capture.accesses
      FOR EACH STATEMENT EXECUTE FUNCTION capture.refuse_change()`);
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query(`DROP SCHEMA capture CASCADE`);
  }
}

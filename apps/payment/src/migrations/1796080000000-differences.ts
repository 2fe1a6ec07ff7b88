import type { MigrationInterface, QueryRunner } from 'typeorm';

/**
 * A payment that ended without money is compared with KakaoPay once more, a day after its end; those of the last thirty
 * days are, too. What differs from KakaoPay's word waits for a person in a table.
 */
export class Differences1796080000000 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    await runner.query(`
      ALTER TABLE payment.attempts ADD compare_at timestamptz, ADD compares integer NOT NULL DEFAULT 0;
      UPDATE payment.attempts SET compare_at = greatest(updated_at + interval '1 day', now())
       WHERE state IN ('failed', 'expired') AND tid IS NOT NULL AND updated_at > now() - interval '30 days';
      CREATE INDEX attempts_to_compare ON payment.attempts (merchant, compare_at) WHERE compare_at IS NOT NULL;

      CREATE TABLE payment.differences (
        id uuid CONSTRAINT differences_pkey PRIMARY KEY,
        order_id uuid NOT NULL CONSTRAINT differences_order REFERENCES payment.orders (id) ON DELETE CASCADE,
        attempt_id uuid NOT NULL CONSTRAINT differences_attempt REFERENCES payment.attempts (id) ON DELETE CASCADE,
        merchant text NOT NULL,
        kinds text[] NOT NULL,
        amount integer NOT NULL CONSTRAINT differences_amount CHECK (amount >= 0),
        line text NOT NULL,
        state text NOT NULL CONSTRAINT differences_state CHECK (state IN ('open', 'resolved', 'given-up')),
        found_at timestamptz NOT NULL,
        last_seen_at timestamptz NOT NULL,
        resolved_at timestamptz,
        reason text,
        given_up_by text,
        given_up_at timestamptz,
        CONSTRAINT differences_decision CHECK (
          (state = 'given-up') = (reason IS NOT NULL AND given_up_by IS NOT NULL AND given_up_at IS NOT NULL)
          AND (state = 'resolved') = (resolved_at IS NOT NULL))
      );
      CREATE UNIQUE INDEX differences_open_of_attempt ON payment.differences (attempt_id) WHERE state = 'open';
      CREATE INDEX differences_of_attempt ON payment.differences (attempt_id);
      CREATE INDEX differences_of_order ON payment.differences (order_id, id);
      CREATE INDEX differences_by_state ON payment.differences (state, id);
      CREATE TRIGGER differences_are_kept BEFORE DELETE ON payment.differences
        FOR EACH ROW EXECUTE FUNCTION payment.keep_with_order();

      CREATE TABLE payment.compared_days (
        day date CONSTRAINT compared_days_pkey PRIMARY KEY,
        handed_out_at timestamptz NOT NULL
      );
    `);
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query(`
      DROP TABLE payment.compared_days, payment.differences;
      DROP INDEX payment.attempts_to_compare;
      ALTER TABLE payment.attempts DROP COLUMN compare_at, DROP COLUMN compares;
    `);
  }
}

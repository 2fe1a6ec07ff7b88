import type { MigrationInterface, QueryRunner } from 'typeorm';

/**
 * Each call to KakaoPay about a payment becomes a row. A payment for which approve was called before this migration gets
 * one call of unknown outcome, so that the app concludes nothing while that call may still act.
 *
 * Money may turn up for a payment that had failed or expired: it is surplus then, and goes back.
 */
export class Evidence1796040000000 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    await runner.query(`
      CREATE TABLE payment.evidence (
        id uuid CONSTRAINT evidence_pkey PRIMARY KEY,
        order_id uuid NOT NULL CONSTRAINT evidence_order REFERENCES payment.orders (id) ON DELETE CASCADE,
        attempt_id uuid NOT NULL CONSTRAINT evidence_attempt REFERENCES payment.attempts (id) ON DELETE CASCADE,
        operation text NOT NULL CONSTRAINT evidence_operation CHECK (operation IN ('approve', 'order')),
        sent_at timestamptz NOT NULL,
        may_act_until timestamptz,
        outcome text CONSTRAINT evidence_outcome CHECK (outcome IN ('answered', 'refused', 'not-sent', 'unknown')),
        ended_at timestamptz,
        code integer,
        message text,
        said jsonb,
        sid_sealed text,
        CONSTRAINT evidence_said CHECK ((outcome = 'answered') = (said IS NOT NULL) AND (outcome = 'refused') = (code IS NOT NULL))
      );
      CREATE INDEX evidence_of_attempt ON payment.evidence (attempt_id, id);
      CREATE INDEX evidence_of_order ON payment.evidence (order_id);
      CREATE TRIGGER evidence_is_kept BEFORE DELETE ON payment.evidence FOR EACH ROW EXECUTE FUNCTION payment.keep_with_order();

      INSERT INTO payment.evidence (id, order_id, attempt_id, operation, sent_at, may_act_until)
        SELECT gen_random_uuid(), order_id, id, 'approve', updated_at, greatest(updated_at, expires_at) + interval '10 minutes'
          FROM payment.attempts WHERE state IN ('waiting', 'approving') AND calls > 0 AND tid IS NOT NULL;
    `);
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query(`DROP TABLE payment.evidence`);
  }
}

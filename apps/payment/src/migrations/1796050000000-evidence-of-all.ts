import type { MigrationInterface, QueryRunner } from 'typeorm';

/**
 * Charges of SIDs and refunds become evidence too. One that was being sent before this migration gets one call of unknown
 * outcome, so that the app concludes nothing while that call may still act.
 */
export class EvidenceOfAll1796050000000 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    await runner.query(`
      ALTER TABLE payment.refunds ADD COLUMN asked_at timestamptz;
      UPDATE payment.refunds SET asked_at = created_at;
      ALTER TABLE payment.refunds ALTER COLUMN asked_at SET NOT NULL;

      ALTER TABLE payment.evidence
        ADD COLUMN refund_id uuid CONSTRAINT evidence_refund REFERENCES payment.refunds (id) ON DELETE CASCADE,
        DROP CONSTRAINT evidence_operation,
        ADD CONSTRAINT evidence_operation CHECK (operation IN ('approve', 'charge', 'cancel', 'order', 'status'));
      CREATE INDEX evidence_of_refund ON payment.evidence (refund_id, id) WHERE refund_id IS NOT NULL;

      INSERT INTO payment.evidence (id, order_id, attempt_id, operation, sent_at, may_act_until)
        SELECT gen_random_uuid(), order_id, id, 'charge', created_at, calling_until + interval '10 minutes'
          FROM payment.attempts WHERE state = 'approving' AND tid IS NULL AND calls > 0 AND calling_until IS NOT NULL;
      INSERT INTO payment.evidence (id, order_id, attempt_id, refund_id, operation, sent_at, may_act_until)
        SELECT gen_random_uuid(), order_id, attempt_id, id, 'cancel', updated_at, updated_at + interval '10 minutes'
          FROM payment.refunds WHERE state = 'sending';
    `);
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query(`
      DELETE FROM payment.evidence WHERE refund_id IS NOT NULL OR operation IN ('charge', 'status');
      ALTER TABLE payment.evidence
        DROP COLUMN refund_id,
        DROP CONSTRAINT evidence_operation,
        ADD CONSTRAINT evidence_operation CHECK (operation IN ('approve', 'order'));
      ALTER TABLE payment.refunds DROP COLUMN asked_at;
    `);
  }
}

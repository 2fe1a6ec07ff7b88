import type { MigrationInterface, QueryRunner } from 'typeorm';

export class Review1795500200000 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    await runner.query(`
      CREATE TABLE payment.decisions (
        id uuid CONSTRAINT decisions_pkey PRIMARY KEY,
        order_id uuid NOT NULL CONSTRAINT decisions_order REFERENCES payment.orders (id),
        idempotency_key text NOT NULL,
        decision text NOT NULL,
        reason text NOT NULL,
        made_at timestamptz NOT NULL,
        CONSTRAINT decisions_once_per_key UNIQUE (order_id, idempotency_key),
        CONSTRAINT decisions_decision CHECK (decision IN ('accept', 'refund'))
      );

      ALTER TABLE payment.refunds DROP CONSTRAINT refunds_state, DROP CONSTRAINT refunds_cause,
        ADD CONSTRAINT refunds_state CHECK (state IN ('requested', 'sending', 'done', 'failed', 'withdrawn')),
        ADD CONSTRAINT refunds_cause CHECK (cause IN ('operator', 'surplus', 'fulfilment-refused', 'at-kakaopay'));
      CREATE INDEX refunds_by_day ON payment.refunds (done_at) WHERE state = 'done';
      CREATE INDEX refunds_of_surplus ON payment.refunds (attempt_id) WHERE cause = 'surplus';

      CREATE INDEX attempts_in_review ON payment.attempts (order_id) WHERE state = 'review';
      CREATE INDEX attempts_charged_by_day ON payment.attempts (approved_at) WHERE charged_amount > 0;
      UPDATE payment.attempts SET approved_at = updated_at WHERE charged_amount > 0 AND approved_at IS NULL;

      -- What KakaoPay took may be more than the order's total, once a person has accepted it.
      ALTER TABLE payment.orders DROP CONSTRAINT orders_never_refunds_more,
        ADD CONSTRAINT orders_refunded_amount CHECK (refunded_amount >= 0);
    `);
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query(`
      ALTER TABLE payment.orders DROP CONSTRAINT orders_refunded_amount,
        ADD CONSTRAINT orders_never_refunds_more CHECK (refunded_amount BETWEEN 0 AND total_amount);
      DROP INDEX payment.attempts_charged_by_day;
      DROP INDEX payment.attempts_in_review;
      DROP INDEX payment.refunds_of_surplus;
      DROP INDEX payment.refunds_by_day;
      ALTER TABLE payment.refunds DROP CONSTRAINT refunds_state, DROP CONSTRAINT refunds_cause,
        ADD CONSTRAINT refunds_state CHECK (state IN ('requested', 'sending', 'done', 'failed')),
        ADD CONSTRAINT refunds_cause CHECK (cause IN ('operator', 'surplus', 'fulfilment-refused'));
      DROP TABLE payment.decisions;
    `);
  }
}

import type { MigrationInterface, QueryRunner } from 'typeorm';

/** What each Idempotency-Key of an order was used for; keys from before are compared with their refund or decision alone. */
export class UsedKeys1796040100000 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    await runner.query(`
      CREATE TABLE payment.used_keys (
        order_id uuid NOT NULL CONSTRAINT used_keys_order REFERENCES payment.orders (id) ON DELETE CASCADE,
        idempotency_key text NOT NULL,
        request_hash text NOT NULL,
        used_at timestamptz NOT NULL,
        CONSTRAINT used_keys_pkey PRIMARY KEY (order_id, idempotency_key)
      );
      CREATE TRIGGER used_keys_are_kept BEFORE DELETE ON payment.used_keys FOR EACH ROW EXECUTE FUNCTION payment.keep_with_order();
    `);
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query(`DROP TABLE payment.used_keys`);
  }
}

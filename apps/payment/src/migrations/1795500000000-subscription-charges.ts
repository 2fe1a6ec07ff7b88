import type { MigrationInterface, QueryRunner } from 'typeorm';

export class SubscriptionCharges1795500000000 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    await runner.query(`
      ALTER TABLE payment.orders
        ADD subscription_id uuid CONSTRAINT orders_subscription REFERENCES payment.subscriptions (id),
        ADD period integer,
        ADD CONSTRAINT orders_period CHECK ((subscription_id IS NULL) = (period IS NULL));
      CREATE UNIQUE INDEX orders_one_per_period ON payment.orders (subscription_id, period) WHERE subscription_id IS NOT NULL;

      ALTER TABLE payment.attempts ALTER tid DROP NOT NULL, ADD approved_before timestamptz;

      ALTER TABLE payment.subscriptions
        ADD charge_at timestamptz,
        ADD tries integer NOT NULL DEFAULT 0,
        ADD checked_at timestamptz;
      UPDATE payment.subscriptions SET
        checked_at = created_at,
        charge_at = CASE state WHEN 'active' THEN (next_charge_on + time '09:00') AT TIME ZONE 'Asia/Seoul' END;
      ALTER TABLE payment.subscriptions ALTER checked_at SET NOT NULL;
      DROP INDEX payment.subscriptions_due;
      CREATE INDEX subscriptions_due ON payment.subscriptions (charge_at) WHERE state = 'active';
      CREATE INDEX subscriptions_to_check ON payment.subscriptions (checked_at) WHERE state = 'active';
    `);
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query(`
      DROP INDEX payment.subscriptions_to_check;
      DROP INDEX payment.subscriptions_due;
      CREATE INDEX subscriptions_due ON payment.subscriptions (next_charge_on) WHERE state = 'active';
      ALTER TABLE payment.subscriptions DROP charge_at, DROP tries, DROP checked_at;
      ALTER TABLE payment.attempts DROP approved_before;
      DROP INDEX payment.orders_one_per_period;
      ALTER TABLE payment.orders DROP CONSTRAINT orders_period, DROP subscription_id, DROP period;
    `);
  }
}

import type { MigrationInterface, QueryRunner } from 'typeorm';

/** The buyer of a refused first order may pay it again: then a second subscription begins with the same order. */
export class SubscriptionAgain1796040200000 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    await runner.query(`
      ALTER TABLE payment.subscriptions DROP CONSTRAINT subscriptions_one_per_order;
      CREATE INDEX subscriptions_of_order ON payment.subscriptions (order_id);
      CREATE UNIQUE INDEX subscriptions_one_active_per_order ON payment.subscriptions (order_id) WHERE state = 'active';
    `);
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query(`
      DROP INDEX payment.subscriptions_one_active_per_order, payment.subscriptions_of_order;
      ALTER TABLE payment.subscriptions ADD CONSTRAINT subscriptions_one_per_order UNIQUE (order_id);
    `);
  }
}

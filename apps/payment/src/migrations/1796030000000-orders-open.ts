import type { MigrationInterface, QueryRunner } from 'typeorm';

/** Finds what one customer, and what all customers of a merchant, hold open. */
export class OrdersOpen1796030000000 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    await runner.query(`
      CREATE INDEX orders_open_of_user ON payment.orders (merchant, app_user_id, expires_at)
        WHERE state IN ('open', 'pending') AND expires_at > '-infinity';
      CREATE INDEX orders_open_of_merchant ON payment.orders (merchant, expires_at)
        WHERE state IN ('open', 'pending') AND expires_at > '-infinity';
    `);
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query(`DROP INDEX payment.orders_open_of_user, payment.orders_open_of_merchant`);
  }
}

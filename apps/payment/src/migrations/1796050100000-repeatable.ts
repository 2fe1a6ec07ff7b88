import type { MigrationInterface, QueryRunner } from 'typeorm';

/** A repeatable sheet has several orders of a buyer, one after the other. */
export class Repeatable1796050100000 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    await runner.query(`
      ALTER TABLE payment.orders
        ADD COLUMN turn integer NOT NULL DEFAULT 0,
        DROP CONSTRAINT orders_one_per_sheet_and_user,
        ADD CONSTRAINT orders_one_per_sheet_and_user UNIQUE (merchant, sheet_id, app_user_id, turn),
        ADD CONSTRAINT orders_turn CHECK (turn >= 0);
    `);
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query(`
      ALTER TABLE payment.orders
        DROP CONSTRAINT orders_one_per_sheet_and_user,
        ADD CONSTRAINT orders_one_per_sheet_and_user UNIQUE (merchant, sheet_id, app_user_id),
        DROP COLUMN turn;
    `);
  }
}

import type { MigrationInterface, QueryRunner } from 'typeorm';

/** A buyer who left by cancel_url may come back; an order that the shop cancelled stays so. */
export class LeftByBuyer1796090100000 implements MigrationInterface {
  readonly name = 'LeftByBuyer1796090100000';

  async up(runner: QueryRunner): Promise<void> {
    await runner.query(`ALTER TABLE payment.orders ADD left_by_buyer boolean NOT NULL DEFAULT false`);
    await runner.query(`
      UPDATE payment.orders SET left_by_buyer = true
       WHERE state = 'cancelled' AND turn = 0
         AND 'buyer' = (SELECT actor FROM payment.history h WHERE h.order_id = orders.id AND h.subject = 'order'
                         AND h.to_state = 'cancelled' ORDER BY h.id DESC LIMIT 1)`);
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query(`ALTER TABLE payment.orders DROP left_by_buyer`);
  }
}

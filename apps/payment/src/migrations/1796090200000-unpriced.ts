import type { MigrationInterface, QueryRunner } from 'typeorm';

/** An order that was priced without the address it is sent to is priced again before its payment is approved. */
export class Unpriced1796090200000 implements MigrationInterface {
  readonly name = 'Unpriced1796090200000';

  async up(runner: QueryRunner): Promise<void> {
    await runner.query(`ALTER TABLE payment.attempts ADD unpriced boolean NOT NULL DEFAULT false`);
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query(`ALTER TABLE payment.attempts DROP unpriced`);
  }
}

import type { MigrationInterface, QueryRunner } from 'typeorm';

/** KakaoPay is asked about the payments of each merchant in turn, so the schedule of looks is searched by merchant. */
export class LookAtOfMerchant1796070000000 implements MigrationInterface {
  readonly name = 'LookAtOfMerchant1796070000000';

  async up(runner: QueryRunner): Promise<void> {
    await runner.query(`
      DROP INDEX payment.attempts_to_look_at;
      CREATE INDEX attempts_to_look_at ON payment.attempts (merchant, look_at) WHERE state IN ('waiting', 'approving');
    `);
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query(`
      DROP INDEX payment.attempts_to_look_at;
      CREATE INDEX attempts_to_look_at ON payment.attempts (look_at) WHERE state IN ('waiting', 'approving');
    `);
  }
}

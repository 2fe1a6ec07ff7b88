import type { MigrationInterface, QueryRunner } from 'typeorm';

export class Reconciler1795500100000 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    await runner.query(`
      ALTER TABLE payment.attempts ADD look_at timestamptz, ADD looks integer NOT NULL DEFAULT 0;
      UPDATE payment.attempts SET look_at = now() WHERE state IN ('waiting', 'approving');
      DROP INDEX payment.attempts_not_final;
      CREATE INDEX attempts_to_look_at ON payment.attempts (look_at) WHERE state IN ('waiting', 'approving');
    `);
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query(`
      DROP INDEX payment.attempts_to_look_at;
      ALTER TABLE payment.attempts DROP look_at, DROP looks;
      CREATE INDEX attempts_not_final ON payment.attempts (id) WHERE state IN ('waiting', 'approving');
    `);
  }
}

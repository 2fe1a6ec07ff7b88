import type { MigrationInterface, QueryRunner } from 'typeorm';

export class Held1795500200000 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    await runner.query(`CREATE INDEX reservations_held ON commerce.reservations (created_at) WHERE state = 'held'`);
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query('DROP INDEX commerce.reservations_held');
  }
}

import type { MigrationInterface, QueryRunner } from 'typeorm';

export class Refusals1795530200000 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    await runner.query(`
      CREATE TABLE commerce.refusals (
        id uuid NOT NULL,
        merchant_id text NOT NULL,
        product_id text NOT NULL,
        relay_id text,
        problems jsonb NOT NULL,
        created_at timestamptz NOT NULL,
        CONSTRAINT refusals_pkey PRIMARY KEY (merchant_id, id)
      );
    `);
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query('DROP TABLE commerce.refusals');
  }
}

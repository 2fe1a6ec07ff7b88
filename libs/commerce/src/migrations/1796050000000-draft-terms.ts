import type { MigrationInterface, QueryRunner } from 'typeorm';

/** What payment needs of a product beside its price. Drafts made before have none of it. */
export class DraftTerms1796050000000 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    await runner.query(`
      ALTER TABLE commerce.drafts
        ADD COLUMN tax_free_amount integer NOT NULL DEFAULT 0,
        ADD COLUMN terms jsonb NOT NULL DEFAULT '{}',
        ADD CONSTRAINT drafts_tax_free_amount CHECK (tax_free_amount >= 0 AND tax_free_amount <= total);
    `);
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query(`ALTER TABLE commerce.drafts DROP COLUMN tax_free_amount, DROP COLUMN terms`);
  }
}

import type { MigrationInterface, QueryRunner } from 'typeorm';

export class ProductVersions1795530100000 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    await runner.query(`
      ALTER TABLE commerce.products ADD COLUMN version integer NOT NULL DEFAULT 1;

      -- NULL: priced before versions were kept, or by a shop's own catalogue. Priced again whenever it is paid.
      ALTER TABLE commerce.drafts ADD COLUMN product_version integer;
    `);
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query(`
      ALTER TABLE commerce.drafts DROP COLUMN product_version;
      ALTER TABLE commerce.products DROP COLUMN version;
    `);
  }
}

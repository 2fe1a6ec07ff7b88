import type { MigrationInterface, QueryRunner } from 'typeorm';

/** Finds what one customer, and what all customers of a merchant, hold open. */
export class DraftsOpen1796030100000 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    await runner.query(`
      CREATE INDEX drafts_open_of_user ON commerce.drafts (merchant_id, app_user_id, expires_at)
        WHERE paid_at IS NULL AND app_user_id IS NOT NULL AND expires_at > '-infinity';
      CREATE INDEX drafts_open_of_merchant ON commerce.drafts (merchant_id, expires_at)
        WHERE paid_at IS NULL AND expires_at > '-infinity';
    `);
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query(`DROP INDEX commerce.drafts_open_of_user, commerce.drafts_open_of_merchant`);
  }
}

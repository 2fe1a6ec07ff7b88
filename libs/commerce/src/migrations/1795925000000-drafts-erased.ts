import type { MigrationInterface, QueryRunner } from 'typeorm';

/** What customers answered is kept for a time. What is there has thirty days from now, and so has what instances of the version before add. */
export class DraftsErased1795925000000 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    await runner.query(`
      ALTER TABLE commerce.drafts
        ALTER chosen_sealed DROP NOT NULL,
        ADD erase_at timestamptz NOT NULL DEFAULT now() + interval '30 days',
        ADD erased_at timestamptz;
      CREATE INDEX drafts_due ON commerce.drafts (erase_at, id) WHERE chosen_sealed IS NOT NULL;
    `);
  }

  /** What was erased is not to be had again: those drafts go with the columns. */
  async down(runner: QueryRunner): Promise<void> {
    await runner.query(`
      DROP INDEX commerce.drafts_due;
      DELETE FROM commerce.drafts WHERE chosen_sealed IS NULL;
      ALTER TABLE commerce.drafts DROP erase_at, DROP erased_at, ALTER chosen_sealed SET NOT NULL;
    `);
  }
}

import type { MigrationInterface, QueryRunner } from 'typeorm';

/** Indexes for the daily purge, along the times by which it searches. */
export class CommercePurge1796010300000 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    await runner.query(`
      CREATE INDEX drafts_unpaid_by_age ON commerce.drafts (erased_at) WHERE erased_at IS NOT NULL AND paid_at IS NULL;
      CREATE INDEX drafts_paid_by_age ON commerce.drafts (paid_at) WHERE paid_at IS NOT NULL;
      CREATE INDEX reservations_freed_by_age ON commerce.reservations (settled_at) WHERE state IN ('released', 'returned');
      CREATE INDEX reservations_sold_by_age ON commerce.reservations (settled_at) WHERE state = 'committed';
      CREATE INDEX refusals_by_age ON commerce.refusals (created_at);
    `);
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query(`
      DROP INDEX commerce.drafts_unpaid_by_age, commerce.drafts_paid_by_age, commerce.reservations_freed_by_age,
                 commerce.reservations_sold_by_age, commerce.refusals_by_age;
    `);
  }
}

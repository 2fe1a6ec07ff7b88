import type { MigrationInterface, QueryRunner } from 'typeorm';

/** The drafts' part of a journey: `libs/merchant/src/journeys` asks every schema that has a function of this name. */
export class CommerceJourney1795545000000 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    await runner.query(`
      CREATE INDEX drafts_by_relay ON commerce.drafts (relay_id, id) WHERE relay_id IS NOT NULL;

      CREATE FUNCTION commerce.journey(of_relay text, of_user text, of_most integer)
        RETURNS TABLE (merchant text, app_user_id text, at timestamptz, app text, what text, id text, of text, state text, written uuid)
        LANGUAGE sql STABLE AS $$
          WITH made AS (
            SELECT * FROM commerce.drafts d
             WHERE d.relay_id = of_relay AND (of_user IS NULL OR d.app_user_id = of_user) ORDER BY d.id LIMIT of_most
          )
          SELECT d.merchant_id, d.app_user_id, step.at, 'option', 'draft', d.id::text, d.product_id, step.state, d.id
            FROM made d, LATERAL (VALUES (d.created_at, 'made'), (d.paid_at, 'paid')) AS step (at, state)
           WHERE step.at IS NOT NULL
        $$;
    `);
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query(`DROP FUNCTION commerce.journey; DROP INDEX commerce.drafts_by_relay`);
  }
}

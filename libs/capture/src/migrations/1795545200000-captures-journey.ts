import type { MigrationInterface, QueryRunner } from 'typeorm';

/** The captures' part of a journey; Kakao does not say whose they are. */
export class CapturesJourney1795545200000 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    await runner.query(`
      CREATE FUNCTION capture.journey(of_relay text, of_user text, of_most integer)
        RETURNS TABLE (merchant text, app_user_id text, at timestamptz, app text, what text, id text, of text, state text, written uuid)
        LANGUAGE sql STABLE AS $$
          WITH received AS (
            SELECT * FROM capture.captures c WHERE c.relay_id = of_relay AND of_user IS NULL ORDER BY c.id LIMIT of_most
          )
          SELECT c.merchant, NULL::text, step.at, c.kind, 'capture', c.id::text, c.plugin, step.state, c.id
            FROM received c, LATERAL (VALUES
              (c.received_at, 'received'), (c.redeemed_at, 'redeemed'), (c.delivered_at, 'delivered'), (c.erased_at, 'erased'),
              (CASE WHEN c.state IN ('unavailable', 'failed', 'expired') THEN c.changed_at END, c.state)
            ) AS step (at, state)
           WHERE step.at IS NOT NULL
        $$;
    `);
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query(`DROP FUNCTION capture.journey`);
  }
}

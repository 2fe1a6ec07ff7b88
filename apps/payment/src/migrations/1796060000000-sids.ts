import type { MigrationInterface, QueryRunner } from 'typeorm';

/**
 * Each SID that KakaoPay named for a first payment becomes a row with a state of its own, so that one that no
 * subscription uses is made inactive. A subscription began with the attempt whose sealed SID it holds; a key rotation
 * seals both anew, so the moment of the approval tells as well.
 */
export class Sids1796060000000 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    await runner.query(`
      CREATE TABLE payment.sids (
        evidence_id uuid CONSTRAINT sids_pkey PRIMARY KEY
          CONSTRAINT sids_evidence REFERENCES payment.evidence (id) ON DELETE CASCADE,
        order_id uuid NOT NULL CONSTRAINT sids_order REFERENCES payment.orders (id) ON DELETE CASCADE,
        attempt_id uuid NOT NULL CONSTRAINT sids_attempt REFERENCES payment.attempts (id) ON DELETE CASCADE
          CONSTRAINT sids_one_of_attempt UNIQUE,
        merchant text NOT NULL,
        cid text NOT NULL,
        sealed text NOT NULL,
        state text NOT NULL CONSTRAINT sids_state CHECK (state IN ('kept', 'used', 'ending', 'ended', 'foreign')),
        failure text CONSTRAINT sids_failure CHECK (failure IS NULL OR state = 'ending'),
        created_at timestamptz NOT NULL,
        updated_at timestamptz NOT NULL
      );
      CREATE INDEX sids_of_order ON payment.sids (order_id);
      CREATE INDEX sids_kept ON payment.sids (attempt_id) WHERE state = 'kept';
      CREATE INDEX sids_ending ON payment.sids (updated_at) WHERE state = 'ending';
      CREATE TRIGGER sids_are_kept BEFORE DELETE ON payment.sids FOR EACH ROW EXECUTE FUNCTION payment.keep_with_order();

      INSERT INTO payment.sids (evidence_id, order_id, attempt_id, merchant, cid, sealed, state, created_at, updated_at)
        SELECT DISTINCT ON (a.id) e.id, e.order_id, a.id, a.merchant, a.cid, e.sid_sealed,
               CASE WHEN EXISTS (SELECT FROM payment.subscriptions s WHERE s.order_id = e.order_id
                                   AND (s.sid_sealed = e.sid_sealed OR s.created_at = a.approved_at))
                    THEN 'used' ELSE 'kept' END,
               coalesce(e.ended_at, e.sent_at), coalesce(e.ended_at, e.sent_at)
          FROM payment.evidence e JOIN payment.attempts a ON a.id = e.attempt_id
         WHERE e.sid_sealed IS NOT NULL ORDER BY a.id, e.id;
      ALTER TABLE payment.evidence DROP COLUMN sid_sealed;

      ALTER TABLE payment.subscriptions ADD end_failure text
        CONSTRAINT subscriptions_end_failure CHECK (end_failure IS NULL OR state = 'ending');
      CREATE INDEX subscriptions_ending ON payment.subscriptions (updated_at) WHERE state = 'ending';
    `);
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query(`
      DROP INDEX payment.subscriptions_ending;
      ALTER TABLE payment.subscriptions DROP COLUMN end_failure;
      ALTER TABLE payment.evidence ADD sid_sealed text;
      UPDATE payment.evidence e SET sid_sealed = s.sealed FROM payment.sids s WHERE s.evidence_id = e.id;
      DROP TABLE payment.sids;
    `);
  }
}

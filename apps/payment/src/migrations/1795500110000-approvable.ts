import type { MigrationInterface, QueryRunner } from 'typeorm';

export class Approvable1795500110000 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    await runner.query(`
      -- Two statements in one round trip: the second sees what the first waited for. In one statement the locked row
      -- would be new but everything joined to it as old as the beginning of the wait.
      CREATE FUNCTION payment.lock_approvable(order_ids uuid[], merchants text[], tids text[])
        RETURNS TABLE (id uuid, merchant text, "appUserId" text, state text, "attemptId" uuid, "expiresAt" timestamptz,
                       "useShipping" boolean, "zipCode" text, "stockLines" jsonb, subscription boolean, "tidOf" uuid)
        LANGUAGE plpgsql AS $$
        BEGIN
          PERFORM 1 FROM payment.orders o WHERE o.id = ANY (order_ids) ORDER BY o.id FOR UPDATE;
          RETURN QUERY
            SELECT o.id, o.merchant, o.app_user_id, o.state, o.attempt_id, o.expires_at, o.use_shipping, o.zip_code, o.stock_lines,
                   jsonb_exists(o.terms, 'subscription'), known.order_id
              FROM unnest(order_ids, merchants, tids) AS call (order_id, of_merchant, tid)
              JOIN payment.orders o ON o.id = call.order_id AND o.merchant = call.of_merchant
              LEFT JOIN payment.attempts known ON known.merchant = call.of_merchant AND known.tid = call.tid;
        END $$;
    `);
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query('DROP FUNCTION payment.lock_approvable');
  }
}

import type { MigrationInterface, QueryRunner } from 'typeorm';

/** What is deleted with its order. */
const PARTS = [
  ['attempts', 'attempts_order', 'order_id', 'orders'],
  ['callbacks', 'callbacks_order', 'order_id', 'orders'],
  ['refunds', 'refunds_order', 'order_id', 'orders'],
  ['refunds', 'refunds_attempt', 'attempt_id', 'attempts'],
  ['decisions', 'decisions_order', 'order_id', 'orders'],
  ['history', 'history_order', 'order_id', 'orders'],
] as const;

/**
 * An order may be deleted, and all its parts with it, in two cases: no approve was ever called for it, or five years are
 * over. The database checks this by its own clock, whatever the apps ask for.
 *
 * The indexes are for the daily purge, along the times by which it searches.
 */
export class PaymentPurge1796010400000 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    await runner.query(`
      CREATE INDEX orders_unpaid_by_age ON payment.orders (created_at) WHERE state IN ('open', 'failed', 'cancelled');
      CREATE INDEX orders_paid_by_age ON payment.orders (created_at) WHERE state = 'paid';
      CREATE INDEX subscriptions_by_age ON payment.subscriptions (ended_at) WHERE ended_at IS NOT NULL;
      CREATE INDEX callbacks_by_age ON payment.callbacks (received_at);

      CREATE FUNCTION payment.keep_order() RETURNS trigger LANGUAGE plpgsql AS $$
      BEGIN
        IF OLD.state NOT IN ('open', 'failed', 'cancelled', 'paid') THEN
          RAISE EXCEPTION 'payment.orders: an order that is % is not deleted', OLD.state;
        END IF;
        IF OLD.updated_at >= now() - interval '5 years' AND (
          OLD.state = 'paid' OR OLD.paid_at IS NOT NULL OR OLD.refunded_amount > 0 OR OLD.subscription_id IS NOT NULL
          OR EXISTS (SELECT FROM payment.attempts a WHERE a.order_id = OLD.id
                      AND (a.calls > 0 OR a.charged_amount IS NOT NULL OR a.state NOT IN ('failed', 'expired')))
        ) THEN
          RAISE EXCEPTION 'payment.orders: an order that may hold money is kept for five years';
        END IF;
        RETURN OLD;
      END $$;
      CREATE TRIGGER orders_kept BEFORE DELETE ON payment.orders FOR EACH ROW EXECUTE FUNCTION payment.keep_order();

      CREATE FUNCTION payment.keep_with_order() RETURNS trigger LANGUAGE plpgsql AS $$
      BEGIN
        IF EXISTS (SELECT FROM payment.orders o WHERE o.id = OLD.order_id) THEN
          RAISE EXCEPTION 'payment.% is never changed or deleted from, but with its order', TG_TABLE_NAME;
        END IF;
        RETURN OLD;
      END $$;
      DROP TRIGGER history_is_append_only ON payment.history;
      DROP TRIGGER attempts_are_kept ON payment.attempts;
      CREATE TRIGGER history_is_append_only BEFORE UPDATE ON payment.history FOR EACH ROW EXECUTE FUNCTION payment.refuse_change();
      CREATE TRIGGER history_is_kept BEFORE DELETE ON payment.history FOR EACH ROW EXECUTE FUNCTION payment.keep_with_order();
      CREATE TRIGGER attempts_are_kept BEFORE DELETE ON payment.attempts FOR EACH ROW EXECUTE FUNCTION payment.keep_with_order();
      CREATE TRIGGER refunds_are_kept BEFORE DELETE ON payment.refunds FOR EACH ROW EXECUTE FUNCTION payment.keep_with_order();
      CREATE TRIGGER decisions_are_kept BEFORE DELETE ON payment.decisions FOR EACH ROW EXECUTE FUNCTION payment.keep_with_order();
    `);
    for (const [table, name, column, parent] of PARTS) {
      await runner.query(`
        ALTER TABLE payment.${table} DROP CONSTRAINT ${name},
          ADD CONSTRAINT ${name} FOREIGN KEY (${column}) REFERENCES payment.${parent} (id) ON DELETE CASCADE`);
    }
  }

  async down(runner: QueryRunner): Promise<void> {
    for (const [table, name, column, parent] of PARTS) {
      await runner.query(`
        ALTER TABLE payment.${table} DROP CONSTRAINT ${name},
          ADD CONSTRAINT ${name} FOREIGN KEY (${column}) REFERENCES payment.${parent} (id)`);
    }
    await runner.query(`
      DROP TRIGGER orders_kept ON payment.orders;
      DROP TRIGGER history_is_append_only ON payment.history;
      DROP TRIGGER history_is_kept ON payment.history;
      DROP TRIGGER attempts_are_kept ON payment.attempts;
      DROP TRIGGER refunds_are_kept ON payment.refunds;
      DROP TRIGGER decisions_are_kept ON payment.decisions;
      DROP FUNCTION payment.keep_order;
      DROP FUNCTION payment.keep_with_order;
      CREATE TRIGGER history_is_append_only BEFORE UPDATE OR DELETE ON payment.history
        FOR EACH ROW EXECUTE FUNCTION payment.refuse_change();
      CREATE TRIGGER attempts_are_kept BEFORE DELETE ON payment.attempts
        FOR EACH ROW EXECUTE FUNCTION payment.refuse_change();
      DROP INDEX payment.orders_unpaid_by_age, payment.orders_paid_by_age, payment.subscriptions_by_age, payment.callbacks_by_age;
    `);
  }
}

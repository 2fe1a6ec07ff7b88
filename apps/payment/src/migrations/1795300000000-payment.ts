import type { MigrationInterface, QueryRunner } from 'typeorm';

export class Payment1795300000000 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    await runner.query(`
      CREATE SCHEMA IF NOT EXISTS payment;

      -- Every purchase updates its row a few times: room on the page keeps those updates out of most indexes.
      CREATE TABLE payment.orders (
        id uuid CONSTRAINT orders_pkey PRIMARY KEY,
        merchant text NOT NULL,
        sheet_id text NOT NULL,
        app_user_id text NOT NULL,
        state text NOT NULL,
        relay_id text,
        draft_id uuid,
        item_name text NOT NULL,
        item_code text,
        quantity integer NOT NULL,
        total_amount integer NOT NULL,
        tax_free_amount integer NOT NULL,
        vat_amount integer NOT NULL,
        refunded_amount integer NOT NULL DEFAULT 0,
        use_shipping boolean NOT NULL,
        zip_code text,
        terms jsonb NOT NULL,
        stock_lines jsonb NOT NULL,
        attempt_id uuid,
        address_sealed text,
        failure_message text,
        review_reason text,
        expires_at timestamptz NOT NULL,
        paid_at timestamptz,
        created_at timestamptz NOT NULL,
        updated_at timestamptz NOT NULL,
        CONSTRAINT orders_one_per_sheet_and_user UNIQUE (merchant, sheet_id, app_user_id),
        CONSTRAINT orders_state CHECK (state IN ('open', 'pending', 'approving', 'fulfilling', 'paid', 'failed', 'cancelled', 'review')),
        CONSTRAINT orders_amounts CHECK (quantity > 0 AND total_amount >= 0 AND tax_free_amount >= 0 AND vat_amount >= 0 AND tax_free_amount + vat_amount <= total_amount),
        CONSTRAINT orders_never_refunds_more CHECK (refunded_amount BETWEEN 0 AND total_amount),
        CONSTRAINT orders_review_has_a_reason CHECK (state <> 'review' OR review_reason IS NOT NULL)
      ) WITH (fillfactor = 80);
      CREATE INDEX orders_by_state ON payment.orders (state, id);

      CREATE TABLE payment.attempts (
        id uuid CONSTRAINT attempts_pkey PRIMARY KEY,
        order_id uuid NOT NULL CONSTRAINT attempts_order REFERENCES payment.orders (id),
        merchant text NOT NULL,
        cid text NOT NULL,
        tid text NOT NULL,
        state text NOT NULL,
        closed_at timestamptz,
        total_amount integer NOT NULL,
        tax_free_amount integer NOT NULL,
        vat_amount integer NOT NULL,
        charged_amount integer,
        charged_tax_free integer,
        charged_vat integer,
        aid text,
        method text,
        card jsonb,
        approved_at timestamptz,
        calls integer NOT NULL DEFAULT 0,
        calling_until timestamptz,
        failure_code integer,
        failure_message text,
        expires_at timestamptz NOT NULL,
        created_at timestamptz NOT NULL,
        updated_at timestamptz NOT NULL,
        CONSTRAINT attempts_tid_of_merchant UNIQUE (merchant, tid),
        CONSTRAINT attempts_state CHECK (state IN ('waiting', 'approving', 'paid', 'surplus', 'refunded', 'failed', 'expired', 'review')),
        CONSTRAINT attempts_charged_is_known_when_paid CHECK (state NOT IN ('paid', 'surplus') OR charged_amount IS NOT NULL)
      ) WITH (fillfactor = 80);
      CREATE INDEX attempts_of_order ON payment.attempts (order_id, id);
      CREATE INDEX attempts_not_final ON payment.attempts (id) WHERE state IN ('waiting', 'approving');

      CREATE TABLE payment.callbacks (
        id uuid CONSTRAINT callbacks_pkey PRIMARY KEY,
        order_id uuid NOT NULL CONSTRAINT callbacks_order REFERENCES payment.orders (id),
        token_sealed text NOT NULL,
        token_fingerprint text NOT NULL,
        attempt_id uuid,
        refused_for uuid,
        received_at timestamptz NOT NULL,
        CONSTRAINT callbacks_once UNIQUE (order_id, token_fingerprint)
      );

      CREATE TABLE payment.refunds (
        id uuid CONSTRAINT refunds_pkey PRIMARY KEY,
        order_id uuid NOT NULL CONSTRAINT refunds_order REFERENCES payment.orders (id),
        attempt_id uuid NOT NULL CONSTRAINT refunds_attempt REFERENCES payment.attempts (id),
        merchant text NOT NULL,
        state text NOT NULL,
        cause text NOT NULL,
        reason text NOT NULL,
        idempotency_key text NOT NULL,
        amount integer NOT NULL,
        tax_free_amount integer NOT NULL,
        vat_amount integer NOT NULL,
        restock boolean NOT NULL,
        aid text,
        failure_code integer,
        failure_message text,
        done_at timestamptz,
        created_at timestamptz NOT NULL,
        updated_at timestamptz NOT NULL,
        CONSTRAINT refunds_once_per_key UNIQUE (order_id, idempotency_key),
        CONSTRAINT refunds_state CHECK (state IN ('requested', 'sending', 'done', 'failed')),
        CONSTRAINT refunds_cause CHECK (cause IN ('operator', 'surplus', 'fulfilment-refused')),
        CONSTRAINT refunds_amounts CHECK (amount >= 0 AND tax_free_amount >= 0 AND vat_amount >= 0 AND tax_free_amount + vat_amount <= amount)
      );
      CREATE INDEX refunds_of_attempt ON payment.refunds (attempt_id, id);
      CREATE UNIQUE INDEX refunds_one_at_a_time ON payment.refunds (attempt_id) WHERE state = 'sending';
      CREATE INDEX refunds_by_state ON payment.refunds (state, id);

      CREATE TABLE payment.subscriptions (
        id uuid CONSTRAINT subscriptions_pkey PRIMARY KEY,
        order_id uuid NOT NULL CONSTRAINT subscriptions_order REFERENCES payment.orders (id),
        merchant text NOT NULL,
        app_user_id text NOT NULL,
        relay_id text,
        state text NOT NULL,
        cid text NOT NULL,
        sid_sealed text NOT NULL,
        item_name text NOT NULL,
        item_code text,
        quantity integer NOT NULL,
        plan jsonb NOT NULL,
        periods_charged integer NOT NULL,
        next_charge_on date,
        next_amount integer,
        end_reason text,
        ended_at timestamptz,
        created_at timestamptz NOT NULL,
        updated_at timestamptz NOT NULL,
        CONSTRAINT subscriptions_one_per_order UNIQUE (order_id),
        CONSTRAINT subscriptions_state CHECK (state IN ('active', 'ending', 'ended'))
      );
      CREATE INDEX subscriptions_due ON payment.subscriptions (next_charge_on) WHERE state = 'active';

      CREATE TABLE payment.history (
        id uuid CONSTRAINT history_pkey PRIMARY KEY,
        order_id uuid NOT NULL CONSTRAINT history_order REFERENCES payment.orders (id),
        subject text NOT NULL,
        subject_id uuid NOT NULL,
        from_state text,
        to_state text NOT NULL,
        actor text NOT NULL,
        note text NOT NULL,
        at timestamptz NOT NULL,
        CONSTRAINT history_subject CHECK (subject IN ('order', 'attempt', 'refund', 'subscription'))
      );
      CREATE INDEX history_of_order ON payment.history (order_id, id);

      CREATE FUNCTION payment.refuse_change() RETURNS trigger LANGUAGE plpgsql AS $$
        BEGIN
          RAISE EXCEPTION 'payment.% is never changed or deleted from', TG_TABLE_NAME;
        END $$;
      CREATE TRIGGER history_is_append_only BEFORE UPDATE OR DELETE ON payment.history
        FOR EACH ROW EXECUTE FUNCTION payment.refuse_change();
      CREATE TRIGGER attempts_are_kept BEFORE DELETE ON payment.attempts
        FOR EACH ROW EXECUTE FUNCTION payment.refuse_change();
    `);
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query('DROP SCHEMA payment CASCADE');
  }
}

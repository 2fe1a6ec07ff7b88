import type { MigrationInterface, QueryRunner } from 'typeorm';

export class Commerce1795000000000 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    await runner.query(`
      CREATE SCHEMA IF NOT EXISTS commerce;

      CREATE TABLE commerce.products (
        merchant_id text NOT NULL,
        id text NOT NULL,
        kakao_id text NOT NULL,
        definition jsonb NOT NULL,
        created_at timestamptz NOT NULL DEFAULT now(),
        updated_at timestamptz NOT NULL DEFAULT now(),
        CONSTRAINT products_pkey PRIMARY KEY (merchant_id, id),
        CONSTRAINT products_kakao_id_key UNIQUE (merchant_id, kakao_id)
      );

      -- Every sale updates its row twice: room on the page keeps those updates out of the index.
      CREATE TABLE commerce.stock (
        merchant_id text NOT NULL,
        product_id text NOT NULL,
        sku text NOT NULL,
        on_hand integer NOT NULL,
        reserved integer NOT NULL DEFAULT 0,
        CONSTRAINT stock_pkey PRIMARY KEY (merchant_id, product_id, sku),
        CONSTRAINT stock_never_oversold CHECK (reserved >= 0 AND on_hand >= reserved)
      ) WITH (fillfactor = 50);

      CREATE TABLE commerce.reservations (
        merchant_id text NOT NULL,
        order_ref text NOT NULL,
        state text NOT NULL,
        lines jsonb NOT NULL,
        created_at timestamptz NOT NULL DEFAULT now(),
        settled_at timestamptz,
        CONSTRAINT reservations_pkey PRIMARY KEY (merchant_id, order_ref),
        CONSTRAINT reservations_state CHECK (state IN ('held', 'committed', 'released', 'returned'))
      );

      CREATE TABLE commerce.drafts (
        id uuid NOT NULL,
        merchant_id text NOT NULL,
        fingerprint text,
        app_user_id text,
        relay_id text,
        product_id text NOT NULL,
        product_name text NOT NULL,
        product_kind text NOT NULL,
        quantity integer NOT NULL,
        total integer NOT NULL,
        use_shipping boolean NOT NULL,
        lines jsonb NOT NULL,
        chosen_sealed text NOT NULL,
        created_at timestamptz NOT NULL DEFAULT now(),
        expires_at timestamptz NOT NULL,
        paid_at timestamptz,
        order_ref text,
        CONSTRAINT drafts_pkey PRIMARY KEY (id),
        CONSTRAINT drafts_fingerprint_key UNIQUE (merchant_id, fingerprint),
        CONSTRAINT drafts_total CHECK (total >= 0)
      );
    `);
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query('DROP SCHEMA commerce CASCADE');
  }
}

import type { MigrationInterface, QueryRunner } from 'typeorm';

export class MerchantDeliveries1795400000000 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    await runner.query(`CREATE SCHEMA IF NOT EXISTS merchant`);
    await runner.query(`
      CREATE TABLE merchant.deliveries (
        id uuid CONSTRAINT deliveries_pkey PRIMARY KEY,
        app text NOT NULL,
        merchant text NOT NULL,
        type text NOT NULL,
        subject text NOT NULL,
        relay_id text,
        ordering_key text NOT NULL,
        state text NOT NULL CONSTRAINT deliveries_state CHECK (state IN ('pending', 'delivered', 'failed')),
        payload text,
        created_at timestamptz NOT NULL,
        settled_at timestamptz
      )`);
    await runner.query(
      `CREATE INDEX deliveries_pending_in_order ON merchant.deliveries (app, merchant, ordering_key, id) WHERE state = 'pending'`,
    );
    await runner.query(`CREATE INDEX deliveries_by_state ON merchant.deliveries (app, state, id)`);
    await runner.query(`CREATE INDEX deliveries_by_subject ON merchant.deliveries (merchant, subject)`);
    await runner.query(`
      CREATE TABLE merchant.delivery_attempts (
        id uuid CONSTRAINT delivery_attempts_pkey PRIMARY KEY,
        delivery_id uuid NOT NULL,
        at timestamptz NOT NULL,
        duration_ms integer NOT NULL,
        status integer,
        result text NOT NULL
      )`);
    await runner.query(`CREATE INDEX delivery_attempts_by_delivery ON merchant.delivery_attempts (delivery_id, id)`);
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query(`DROP SCHEMA merchant CASCADE`);
  }
}

/** The schedule of deliveries moves from jobs into the rows. */
export class DeliveriesSchedule1795530000000 implements MigrationInterface {
  readonly name = 'DeliveriesSchedule1795530000000';

  async up(runner: QueryRunner): Promise<void> {
    // The defaults are for instances of the version before, which may still add deliveries.
    await runner.query(`
      ALTER TABLE merchant.deliveries
        ADD due_at timestamptz NOT NULL DEFAULT now(),
        ADD claimed_until timestamptz,
        ADD tries integer NOT NULL DEFAULT 0`);
    // What waits was tried some minute ago; when it is due next nobody knows any more.
    await runner.query(`
      UPDATE merchant.deliveries SET tries = tried.n
        FROM (SELECT delivery_id, count(*)::integer AS n FROM merchant.delivery_attempts GROUP BY 1) AS tried
       WHERE tried.delivery_id = deliveries.id AND state = 'pending'`);
    await runner.query(
      `CREATE INDEX deliveries_due ON merchant.deliveries (app, merchant, due_at, id) WHERE state = 'pending'`,
    );
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query(`DROP INDEX merchant.deliveries_due`);
    await runner.query(`ALTER TABLE merchant.deliveries DROP due_at, DROP claimed_until, DROP tries`);
  }
}

/**
 * The indexes of what is owed are for whoever looks for work, and for nobody else: the planner takes them for empty until
 * it has counted again, and whoever knew an id read the whole of one for it.
 */
export class DeliveriesOpen1795552100000 implements MigrationInterface {
  readonly name = 'DeliveriesOpen1795552100000';

  async up(runner: QueryRunner): Promise<void> {
    await this.index(runner, `state = 'pending' AND due_at > '-infinity'`);
  }

  async down(runner: QueryRunner): Promise<void> {
    await this.index(runner, `state = 'pending'`);
  }

  private async index(runner: QueryRunner, open: string): Promise<void> {
    await runner.query(`DROP INDEX merchant.deliveries_pending_in_order, merchant.deliveries_due`);
    await runner.query(
      `CREATE INDEX deliveries_pending_in_order ON merchant.deliveries (app, merchant, ordering_key, id) WHERE ${open}`,
    );
    await runner.query(`CREATE INDEX deliveries_due ON merchant.deliveries (app, merchant, due_at, id) WHERE ${open}`);
  }
}

/** Deliveries that ended are deleted some time later; the daily purge searches along the time of their end. */
export class DeliveriesPurge1796010200000 implements MigrationInterface {
  readonly name = 'DeliveriesPurge1796010200000';

  async up(runner: QueryRunner): Promise<void> {
    await runner.query(
      `CREATE INDEX deliveries_by_age ON merchant.deliveries (settled_at) WHERE settled_at IS NOT NULL`,
    );
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query(`DROP INDEX merchant.deliveries_by_age`);
  }
}

/**
 * The order of a subject's events is drawn in the database: the ids are drawn by instances whose clocks differ, and an
 * event of the one that is behind overtook the one before it.
 *
 * The index of that order has a condition of its own, too: of two that it takes for empty, the planner chose the other.
 */
export class DeliveriesPlace1795836100000 implements MigrationInterface {
  readonly name = 'DeliveriesPlace1795836100000';

  async up(runner: QueryRunner): Promise<void> {
    await runner.query(`ALTER TABLE merchant.deliveries ADD place bigserial`);
    await runner.query(`
      UPDATE merchant.deliveries SET place = ordered.place
        FROM (SELECT id, row_number() OVER (ORDER BY id) AS place FROM merchant.deliveries WHERE state <> 'delivered') AS ordered
       WHERE ordered.id = deliveries.id`);
    await this.index(runner, 'place', 'place > 0');
  }

  async down(runner: QueryRunner): Promise<void> {
    await this.index(runner, 'id', `due_at > '-infinity'`);
    await runner.query(`ALTER TABLE merchant.deliveries DROP place`);
  }

  private async index(runner: QueryRunner, last: 'place' | 'id', condition: string): Promise<void> {
    await runner.query(`DROP INDEX merchant.deliveries_pending_in_order`);
    await runner.query(
      `CREATE INDEX deliveries_pending_in_order ON merchant.deliveries (app, merchant, ordering_key, ${last}) WHERE state = 'pending' AND ${condition}`,
    );
  }
}

/** A try names a delivery that is there, and goes with it. */
export class DeliveryAttemptsReference1796110000000 implements MigrationInterface {
  readonly name = 'DeliveryAttemptsReference1796110000000';

  async up(runner: QueryRunner): Promise<void> {
    // In the order in which the apps lock them.
    await runner.query(`LOCK TABLE merchant.deliveries, merchant.delivery_attempts IN SHARE ROW EXCLUSIVE MODE`);
    await runner.query(`
      DELETE FROM merchant.delivery_attempts a
       WHERE NOT EXISTS (SELECT 1 FROM merchant.deliveries d WHERE d.id = a.delivery_id)`);
    await runner.query(`
      ALTER TABLE merchant.delivery_attempts ADD CONSTRAINT delivery_attempts_delivery
        FOREIGN KEY (delivery_id) REFERENCES merchant.deliveries (id) ON DELETE CASCADE`);
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query(`ALTER TABLE merchant.delivery_attempts DROP CONSTRAINT delivery_attempts_delivery`);
  }
}

import { Deliveries } from '@biz/merchant';
import { eventually } from '@biz/testing';
import { DataSource } from 'typeorm';
import { deliveryWorld, member, OPERATOR } from './delivery-world';

describe('deliveries, on record', () => {
  const world = deliveryWorld();

  it('are recorded try by try: when each began, how long it took, what came', async () => {
    const answers = [503, 200];
    const arrivedAt: number[] = [];
    world.shop.on('POST /hook', async () => {
      arrivedAt.push(Date.now());
      await new Promise((resolve) => setTimeout(resolve, 300));
      return { status: answers.shift()! };
    });
    await world.deliver(member('recorded'));
    await eventually(() => {
      expect(world.settled).toHaveLength(1);
    });
    const { items } = await world.list();
    const response = await fetch(`${world.running.url}/operator/deliveries/${items[0]!.id}`, { headers: OPERATOR });
    const { tries } = (await response.json()) as { tries: { at: string; durationMs: number }[] };
    expect(tries).toMatchObject([
      { status: 503, result: 'REFUSED' },
      { status: 200, result: 'ok' },
    ]);
    for (const [at, { at: began, durationMs }] of tries.entries()) {
      expect(Date.parse(began)).toBeLessThanOrEqual(arrivedAt[at]!);
      expect(durationMs).toBeGreaterThanOrEqual(295);
    }
  });

  it('are kept as failed after the last try, and sent again on request', async () => {
    await world.running.close();
    await world.start({ RETRY_TIME_SCALE: '0.00001' });
    world.shop.on('POST /hook', { status: 500 });
    await world.deliver(member('m3'));
    await eventually(() => {
      expect(world.settled).toEqual([expect.objectContaining({ subject: 'm3', state: 'failed' })]);
    });
    const { items } = await world.list('?state=failed');
    expect(items).toEqual([expect.objectContaining({ subject: 'm3', state: 'failed' })]);
    world.shop.on('POST /hook', { status: 200 });
    const retry = `${world.running.url}/operator/deliveries/${items[0]!.id}/retry`;
    expect((await fetch(retry, { method: 'POST', headers: OPERATOR })).status).toBe(200);
    await eventually(() => {
      expect(world.settled).toHaveLength(2);
    });
    expect(new Set(world.shop.requests.map(({ headers }) => headers['webhook-id'])).size).toBe(1);
    expect((await fetch(retry, { method: 'POST', headers: OPERATOR })).status).toBe(409);
    const unknown = retry.replace(items[0]!.id, '00000000-0000-7000-8000-000000000000');
    expect((await fetch(unknown, { method: 'POST', headers: OPERATOR })).status).toBe(404);
  });

  it('are sealed while they wait and forgotten once delivered', async () => {
    world.shop.on('POST /hook', { status: 500 });
    await world.deliver(member('m6'));
    const [waiting] = await world.database.query<{ payload: string }>(`SELECT payload FROM merchant.deliveries`);
    expect(waiting?.payload).toMatch(/^ey/);
    expect(waiting?.payload).not.toContain('1234-5678');
    world.shop.on('POST /hook', { status: 200 });
    await eventually(async () => {
      expect(await world.database.query('SELECT state, payload FROM merchant.deliveries')).toEqual([
        { state: 'delivered', payload: null },
      ]);
    });
  });

  it('of an erased subject are not sent', async () => {
    world.shop.on('POST /hook', { status: 500 });
    await world.deliver(member('m7'));
    await world.running
      .get(DataSource)
      .transaction((manager) => world.running.get(Deliveries).erase(manager, 'hook-shop', 'm7'));
    expect(await world.database.query('SELECT state, payload FROM merchant.deliveries')).toEqual([
      { state: 'failed', payload: null },
    ]);
    const [erased] = (await world.list()).items;
    const retry = await fetch(`${world.running.url}/operator/deliveries/${erased!.id}/retry`, {
      method: 'POST',
      headers: OPERATOR,
    });
    expect(retry.status).toBe(409);
  });

  it('are listed page by page, newest first', async () => {
    await world.deliver(...[1, 2, 3, 4, 5].map((at) => member(`p${at}`)));
    const first = await world.list('?limit=2');
    const second = await world.list(`?limit=2&cursor=${first.nextCursor}`);
    const third = await world.list(`?limit=2&cursor=${second.nextCursor}`);
    const subjects = [first, second, third].map(({ items }) => items.map(({ subject }) => subject));
    expect(subjects).toEqual([['p5', 'p4'], ['p3', 'p2'], ['p1']]);
    expect(third.nextCursor).toBeNull();
    expect(JSON.stringify(first)).not.toContain('1234-5678');
    for (const bad of ['?limit=0', '?limit=101', '?limit=x', '?state=lost', '?cursor=lost', '?cursor=%00']) {
      expect((await fetch(`${world.running.url}/operator/deliveries${bad}`, { headers: OPERATOR })).status).toBe(400);
    }
  });

  it('name a delivery that is there, and go with it', async () => {
    await world.deliver(member('referred'));
    await eventually(() => {
      expect(world.settled).toHaveLength(1);
    });
    const orphan = `INSERT INTO merchant.delivery_attempts (id, delivery_id, at, duration_ms, result)
      VALUES (gen_random_uuid(), gen_random_uuid(), now(), 1, 'ok')`;
    await expect(world.database.query(orphan)).rejects.toThrow('delivery_attempts_delivery');
    await world.database.query('DELETE FROM merchant.deliveries');
    expect(await world.database.query('SELECT id FROM merchant.delivery_attempts')).toEqual([]);
  });

  it('lock deliveries before their tries, so that dividing either by month cannot deadlock', async () => {
    await world.database.query(
      `DO $$ BEGIN EXECUTE format('ALTER DATABASE %I SET plan_cache_mode = force_generic_plan', current_database()); END $$`,
    );
    const other = world.database.dataSource.createQueryRunner();
    // Planned anew first, then from the cache of the connection.
    for (const round of [1, 2, 3]) {
      let answer: () => void = () => undefined;
      const held = new Promise<void>((resolve) => (answer = resolve));
      world.shop.on('POST /hook', async () => {
        await held;
        return { status: 200 };
      });
      await world.deliver(member(`locked-${round}`));
      await eventually(() => {
        expect(world.shop.requests).toHaveLength(round);
      });
      await other.startTransaction();
      await other.query('LOCK TABLE merchant.deliveries IN ACCESS EXCLUSIVE MODE');
      answer();
      const looked = eventually(async () => {
        const waiting = await world.database.query<{ pid: number; tables: string[] }>(
          `SELECT a.pid, ARRAY(SELECT relation::regclass::text FROM pg_locks l
                                WHERE l.pid = a.pid AND granted AND relation = 'merchant.delivery_attempts'::regclass) AS tables
             FROM pg_stat_activity a WHERE datname = current_database() AND wait_event_type = 'Lock'
              AND query LIKE '%INSERT INTO merchant.delivery_attempts%'`,
        );
        expect(waiting).toEqual([{ pid: expect.any(Number) as number, tables: [] }]);
      });
      await looked.finally(() => other.commitTransaction());
      await eventually(() => {
        expect(world.settled).toHaveLength(round);
      });
    }
    await other.release();
  });
});

import { Deliveries, EventReceiver } from '@biz/merchant';
import { Vault } from '@biz/platform';
import { eventually, ManualClock } from '@biz/testing';
import { DataSource } from 'typeorm';
import { retryAfterOf } from '../src/deliveries/retry-after';
import { deliveryWorld, member, OPERATOR } from './delivery-world';
import type { PortShop } from './delivery-world';

describe('deliveries, tried again', () => {
  const world = deliveryWorld();

  it('are tried again with the same id until the shop takes them', async () => {
    let tries = 0;
    world.shop.on('POST /hook', () =>
      ++tries < 4 ? (tries === 1 ? { dropBefore: true } : { status: 503 }) : { status: 200 },
    );
    await world.deliver(member('m2'));
    await eventually(() => {
      expect(world.settled).toHaveLength(1);
    });
    expect(world.shop.requests).toHaveLength(4);
    expect(new Set(world.shop.requests.map(({ headers }) => headers['webhook-id'])).size).toBe(1);
    const attempts = await world.database.query(
      `SELECT result, status FROM merchant.delivery_attempts a JOIN merchant.deliveries d ON d.id = a.delivery_id WHERE subject = 'm2' ORDER BY a.id`,
    );
    expect(attempts).toEqual([
      { result: expect.any(String) as string, status: null },
      { result: 'REFUSED', status: 503 },
      { result: 'REFUSED', status: 503 },
      { result: 'ok', status: 200 },
    ]);
    const { items } = await world.list();
    const detail = await fetch(`${world.running.url}/operator/deliveries/${items[0]!.id}`, { headers: OPERATOR });
    expect(await detail.json()).toEqual({
      ...items[0],
      tries: attempts.map(({ result, status }) => ({
        at: expect.any(String) as string,
        durationMs: expect.any(Number) as number,
        ...(status !== null && { status }),
        result,
      })),
    });
    const unknown = `${world.running.url}/operator/deliveries/00000000-0000-7000-8000-000000000000`;
    expect((await fetch(unknown, { headers: OPERATOR })).status).toBe(404);
  });

  it('are tried again on the visible schedule, for a day', async () => {
    await world.running.close();
    const clock = new ManualClock();
    await world.start({ RETRY_TIME_SCALE: '0.01' }, clock);
    world.shop.on('POST /hook', { status: 500 });
    await world.deliver(member('day'));
    const tried = (n: number): Promise<void> =>
      eventually(async () => {
        const rows = await world.database.query('SELECT claimed_until FROM merchant.deliveries WHERE tries = $1', [n]);
        expect([world.shop.requests.length, rows]).toEqual([n, [{ claimed_until: null }]]);
      });
    await tried(1);
    const after = [1, 5, 30, 120, 600, 1_800, 3_600, 7_200, 14_400, 28_800, 28_800];
    for (const [at, seconds] of after.entries()) {
      // A tenth earlier or later, so that what failed together does not return together.
      clock.advance(seconds * 10 * 0.89);
      await new Promise((resolve) => setTimeout(resolve, 60));
      expect(world.shop.requests).toHaveLength(at + 1);
      clock.advance(seconds * 10 * 0.22);
      if (at < after.length - 1) await tried(at + 2);
    }
    await eventually(() => {
      expect(world.settled).toMatchObject([{ subject: 'day', state: 'failed' }]);
    });
    const attempts = await world.database.query<{ at: Date }>(
      `SELECT a.at FROM merchant.delivery_attempts a JOIN merchant.deliveries d ON d.id = a.delivery_id
        WHERE subject = 'day' ORDER BY a.at`,
    );
    expect(attempts).toHaveLength(12);
    const hours = (attempts[11]!.at.getTime() - attempts[0]!.at.getTime()) / 36_000;
    expect(hours).toBeGreaterThan(21);
    expect(hours).toBeLessThan(27);
  });

  it('wait as long as the shop asks, to within the end of the schedule', async () => {
    await world.running.close();
    const clock = new ManualClock();
    await world.start({ RETRY_TIME_SCALE: '0.01' }, clock);
    const asked = ['120', 'soon', '9'.repeat(400)];
    world.shop.on('POST /hook', () => ({ status: 503, headers: { 'retry-after': asked.shift() ?? '' } }));
    await world.deliver(member('asking'));
    const due = (n: number): Promise<number> =>
      eventually(async () => {
        const [row] = await world.database.query<{ due_at: Date; claimed_until: Date | null }>(
          'SELECT due_at, claimed_until FROM merchant.deliveries',
        );
        expect([world.shop.requests.length, row?.claimed_until]).toEqual([n, null]);
        return (row!.due_at.getTime() - clock.now().getTime()) / 10;
      });
    const first = await due(1);
    expect([first >= 120, first <= 132]).toEqual([true, true]);
    clock.advance(1_330);
    // The steps of 1, 5, 30 and 120 seconds are used up.
    const second = await due(2);
    expect([second >= 540, second <= 660]).toEqual([true, true]);
    clock.advance(6_700);
    const third = await due(3);
    expect([third >= 84_000, third <= 94_000]).toEqual([true, true]);
    clock.advance(1_000_000);
    await eventually(() => {
      expect(world.settled).toMatchObject([{ subject: 'asking', state: 'failed' }]);
    });
    expect(world.shop.requests).toHaveLength(4);
  });

  it('end with 410, and the operator is told', async () => {
    world.shop.on('POST /hook', { status: 410, headers: { 'retry-after': '1' } });
    await world.deliver(member('gone'));
    await eventually(() => {
      expect(world.settled).toMatchObject([{ subject: 'gone', state: 'failed' }]);
    });
    const { items } = await world.list();
    const shown = await fetch(`${world.running.url}/operator/deliveries/${items[0]!.id}`, { headers: OPERATOR });
    expect(await shown.json()).toMatchObject({ state: 'failed', tries: [{ status: 410, result: 'GONE' }] });
    expect(world.shop.requests).toHaveLength(1);
  });

  it('read what a shop asks for: seconds, or an HTTP date', () => {
    const now = new Date('2026-11-30T12:00:00Z');
    expect(retryAfterOf('120', now)).toBe(120);
    expect(retryAfterOf('Mon, 30 Nov 2026 12:01:00 GMT', now)).toBe(60);
    expect(retryAfterOf('Monday, 30-Nov-26 12:01:00 GMT', now)).toBe(60);
    expect(retryAfterOf('Mon, 30 Nov 2026 11:00:00 GMT', now)).toBe(0);
    expect(retryAfterOf('mon, 30 nov 2026 12:01:00 gmt', now)).toBe(60);
    expect(retryAfterOf('60, 90', now)).toBe(60);
    expect(retryAfterOf('9999999999', now)).toBe(9_999_999_999);
    expect(retryAfterOf('9'.repeat(400), now)).toBe(Infinity);
    for (const other of [undefined, '', 'soon', '-5', '1.5', '2026-11-30T13:00:00Z']) {
      expect(retryAfterOf(other, now)).toBeUndefined();
    }
  });

  it('read a date without a zone as GMT, wherever the machine stands', () => {
    const zone = process.env.TZ;
    process.env.TZ = 'Asia/Seoul';
    try {
      expect(new Date(0).getHours()).toBe(9);
      expect(retryAfterOf('Mon Nov 30 12:01:00 2026', new Date('2026-11-30T12:00:00Z'))).toBe(60);
    } finally {
      if (zone === undefined) delete process.env.TZ;
      else process.env.TZ = zone;
    }
  });

  it('whose sending fails on our side, or on a question to the port, are tried on the schedule and then kept', async () => {
    await world.running.close();
    await world.start({ RETRY_TIME_SCALE: '0.00001' });
    world.running.get<PortShop>(EventReceiver, { strict: false }).accepts = () => {
      throw new Error('no 홍길동 today');
    };
    await world.running.get(DataSource).transaction(async (manager) => {
      const events = [{ ...member('asked'), merchant: 'port-shop' }, member('sealed by a key that is gone')];
      await world.running.get(Deliveries).addAll(manager, events);
      await manager.query(`UPDATE merchant.deliveries SET payload = 'no JWE' WHERE merchant = 'hook-shop'`);
    });
    await eventually(() => {
      expect(world.settled).toEqual([
        expect.objectContaining({ subject: expect.any(String) as string, state: 'failed' }),
        expect.objectContaining({ subject: expect.any(String) as string, state: 'failed' }),
      ]);
    });
    const tries = await world.database.query(
      `SELECT result, count(*)::integer AS n FROM merchant.delivery_attempts JOIN merchant.deliveries d ON d.id = delivery_id GROUP BY d.id, result ORDER BY result`,
    );
    expect(tries).toEqual([
      { result: 'NOT_SENT', n: 12 },
      { result: 'RECEIVER_FAILED', n: 12 },
    ]);
  });

  it('of an instance that died are taken over', async () => {
    await world.database.query(
      `INSERT INTO merchant.deliveries (id, app, merchant, type, subject, ordering_key, state, payload, created_at, claimed_until, tries)
       SELECT '019ab0c0-0000-7000-8000-000000000001', 'sync', 'hook-shop', 'member.joined', 'orphan', 'orphan', 'pending', $1,
              now(), now() + interval '300 milliseconds', 1`,
      [await world.running.get(Vault).seal('{"merchant":"hook-shop","id":"orphan"}', 'merchant.deliveries.payload')],
    );
    await eventually(() => {
      expect(world.settled).toMatchObject([{ subject: 'orphan', state: 'delivered' }]);
    });
  });

  it('are sent once, also when their claim ran out while this very process sends them', async () => {
    let letGo = (): void => undefined;
    const held = new Promise<void>((resolve) => (letGo = resolve));
    world.shop.on('POST /hook', async (request) => {
      if (request.body.includes('"slow"')) await held;
      return { status: 204 };
    });
    await world.deliver(member('slow'));
    await eventually(() => {
      expect(world.shop.requests).toHaveLength(1);
    });
    await world.database.query(`UPDATE merchant.deliveries SET claimed_until = '-infinity'`);
    await world.deliver(member('next'));
    await eventually(() => {
      expect(world.settled).toMatchObject([{ subject: 'next' }]);
    });
    letGo();
    await eventually(() => {
      expect(world.settled).toHaveLength(2);
    });
    expect(world.shop.requests).toHaveLength(2);
  });

  it('that were put back just now are not taken back by a sign of life', async () => {
    let letGo = (): void => undefined;
    const held = new Promise<void>((resolve) => (letGo = resolve));
    world.shop.on('POST /hook', async () => {
      await held;
      return { status: 204 };
    });
    await world.deliver(member('waits'), member('put-back'));
    await eventually(() => {
      expect(world.shop.requests).toHaveLength(2);
    });
    // What a worker does that ends a try, a moment before it forgets the delivery.
    await world.database.query(
      `UPDATE merchant.deliveries SET claimed_until = NULL, due_at = 'infinity' WHERE subject = 'put-back'`,
    );
    const claimOf = async (subject: string): Promise<Date | null> => {
      const [row] = await world.database.query<{ claimed_until: Date | null }>(
        'SELECT claimed_until FROM merchant.deliveries WHERE subject = $1',
        [subject],
      );
      return row!.claimed_until;
    };
    const before = await claimOf('waits');
    await eventually(async () => {
      // A sign of life was given, for the other delivery.
      expect((await claimOf('waits'))!.getTime()).toBeGreaterThan(before!.getTime());
    });
    expect(await claimOf('put-back')).toBeNull();
    letGo();
    await eventually(() => {
      expect(world.settled).toHaveLength(2);
    });
  });

  it('to a merchant that is no longer listed are kept as failed after a day', async () => {
    await world.running.close();
    const clock = new ManualClock();
    await world.start({}, clock);
    await world.deliver(member('stray'));
    await eventually(() => {
      expect(world.settled).toHaveLength(1);
    });
    await world.database.query(
      `UPDATE merchant.deliveries SET merchant = 'gone-shop', state = 'pending', payload = 'x', settled_at = NULL`,
    );
    const stateOf = (): Promise<unknown> => world.database.query('SELECT state FROM merchant.deliveries');
    await new Promise((resolve) => setTimeout(resolve, 1_500));
    expect(await stateOf()).toEqual([{ state: 'pending' }]);
    clock.advance(87_000);
    await eventually(async () => {
      expect(await stateOf()).toEqual([{ state: 'failed' }]);
    });
  });

  it('continue after the app was stopped with work left', async () => {
    world.shop.on('POST /hook', { status: 500 });
    await world.deliver(member('m8'));
    await world.running.close();
    world.shop.on('POST /hook', { status: 200 });
    await world.start();
    await eventually(() => {
      expect(world.settled).toEqual([expect.objectContaining({ subject: 'm8', state: 'delivered' })]);
    });
  });
});

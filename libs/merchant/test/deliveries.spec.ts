import { createServer } from 'node:http';
import type { ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { Deliveries, EventReceiver } from '@biz/merchant';
import type { NewDelivery } from '@biz/merchant';
import { eventually, times } from '@biz/testing';
import { Webhook } from 'standardwebhooks';
import { DataSource } from 'typeorm';
import { deliveryWorld, member, NEW_SECRET, OLD_SECRET } from './delivery-world';
import type { PortShop } from './delivery-world';

describe('deliveries', () => {
  const world = deliveryWorld();

  it('reach the webhook signed by the Standard Webhooks convention, with the old secret and the new one', async () => {
    await world.deliver(member('m1'));
    await eventually(() => {
      expect(world.settled).toEqual([
        { merchant: 'hook-shop', type: 'member.joined', subject: 'm1', state: 'delivered' },
      ]);
    });
    const [request] = world.shop.requests;
    for (const secret of [OLD_SECRET, NEW_SECRET]) {
      const body = new Webhook(secret).verify(request!.body, request!.headers as Record<string, string>);
      expect(body).toEqual({
        type: 'member.joined',
        timestamp: expect.stringMatching(/^\d{4}-\d\d-\d\dT.*Z$/) as string,
        data: {
          merchant: 'hook-shop',
          relayId: 'relay-m1',
          relay: { state: 'foreign' },
          id: 'm1',
          phone: '+82 10-1234-5678',
          fact: 1,
        },
      });
    }
  });

  it.each<[string, Record<string, string>, (response: ServerResponse) => void]>([
    ['says too much', {}, (response) => response.write(Buffer.alloc(3_000_000))],
    ['never ends its answer', {}, (response) => response.write('x')],
    ['is cut off', { 'content-length': '1000' }, (response) => response.write('x', () => response.destroy())],
    ['packs its answer', { 'content-encoding': 'gzip' }, (response) => response.end('no gzip')],
  ])('are done with 2xx, also when the shop %s', async (_how, headers, answer) => {
    await world.running.close();
    const server = createServer((request, response) => {
      request.resume().on('end', () => {
        answer(response.writeHead(202, headers));
      });
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const { port } = server.address() as AddressInfo;
    await world.start({ HOOK_SHOP_WEBHOOK_URL: `http://127.0.0.1:${port}/hook` });
    await world.deliver(member('m-wordy'));
    await eventually(() => {
      expect(world.settled).toMatchObject([{ subject: 'm-wordy', state: 'delivered' }]);
    });
    expect(
      await world.database.query('SELECT result, status FROM merchant.delivery_attempts ORDER BY id DESC LIMIT 1'),
    ).toEqual([{ result: 'ok', status: 202 }]);
    server.closeAllConnections();
    server.close();
  });

  it('follow no redirect: whoever answers elsewhere was not asked to', async () => {
    world.shop.on('POST /elsewhere', { status: 200 });
    world.shop.on('POST /hook', { status: 307, headers: { location: `${world.shop.url}/elsewhere` } });
    await world.deliver(member('m-moved'));
    await eventually(() => {
      expect(world.shop.requests.length).toBeGreaterThan(2);
    });
    expect(world.shop.requests.map(({ path }) => path)).not.toContain('/elsewhere');
    expect(world.settled).toEqual([]);
    expect(
      await world.database.query('SELECT DISTINCT result, status FROM merchant.delivery_attempts WHERE status = 307'),
    ).toEqual([{ result: 'REFUSED', status: 307 }]);
  });

  it('are on their way as soon as the transaction commits: nobody waits for the next search', async () => {
    await world.running.close();
    // A search every thousand seconds.
    await world.start({ RETRY_TIME_SCALE: '1000' });
    await expect(
      world.running.get(DataSource).transaction(async (manager) => {
        await world.running.get(Deliveries).add(manager, member('rolled-back'));
        throw new Error('rolled back');
      }),
    ).rejects.toThrow('rolled back');
    await world.deliver(member('first', 1), member('first', 2), member('second'));
    await eventually(() => {
      expect(world.settled.map(({ subject }) => subject).sort()).toEqual(['first', 'first', 'second']);
    });
    // Recurring work of this app is due in a week.
    await world.running.close();
    await world.database.query('DELETE FROM pgboss.job');
    await world.start();
  });

  it('go to the port of a merchant that has one, and to its webhook what the port does not take', async () => {
    const port = world.running.get<PortShop>(EventReceiver, { strict: false });
    port.failures = 1;
    await world.deliver(
      { ...member('m4'), merchant: 'port-shop' },
      { ...member('m5'), merchant: 'port-shop', type: 'payment.paid' },
    );
    await eventually(() => {
      expect(world.settled).toHaveLength(2);
    });
    expect(port.events).toEqual([
      expect.objectContaining({ type: 'member.joined', data: expect.objectContaining({ id: 'm4' }) as object }),
    ]);
    expect(world.shop.requests.map(({ path }) => path)).toEqual(['/port-hook']);
  });

  it('of one merchant that is slow hold up no other', async () => {
    let release: () => void = () => undefined;
    const held = new Promise<void>((resolve) => (release = resolve));
    world.shop.on('POST /hook', async () => {
      await held;
      return { status: 200 };
    });
    await world.deliver(...times(100, (at) => member(`held${at}`)));
    await eventually(() => {
      expect(world.shop.requests).toHaveLength(16);
    });
    await world.deliver({ ...member('other'), merchant: 'port-shop' });
    await eventually(() => {
      expect(world.settled).toMatchObject([{ subject: 'other' }]);
    });
    expect(world.shop.requests).toHaveLength(16);
    release();
    await eventually(() => {
      expect(world.settled).toHaveLength(101);
    });
  });

  it('of a merchant whose port hangs, or whose webhook does, do not hold up those of others', async () => {
    const port = world.running.get<PortShop>(EventReceiver, { strict: false });
    let mend: () => void = () => undefined;
    port.hangs = new Promise((resolve) => (mend = resolve));
    world.shop.on('POST /port-hook', async () => {
      await port.hangs;
      return { status: 200 };
    });
    const stuck = times(20, (at): NewDelivery => {
      const type = at % 2 === 0 ? 'member.joined' : 'payment.paid';
      return { ...member(`stuck-${at}`), merchant: 'port-shop', type };
    });
    await world.deliver(...stuck);
    await world.deliver(...times(5, (at) => member(`quick-${at}`)));
    await eventually(() => {
      expect(world.settled.map(({ merchant }) => merchant)).toEqual(times(5, () => 'hook-shop'));
    });
    // What waited cost none of its tries.
    mend();
    await eventually(() => {
      expect(world.settled).toHaveLength(25);
    });
    const [tried] = await world.database.query<{ most: number }>(
      `SELECT max(tries)::int AS most FROM (SELECT count(*) AS tries FROM merchant.delivery_attempts a
         JOIN merchant.deliveries d ON d.id = a.delivery_id WHERE d.subject LIKE 'stuck-%' GROUP BY d.id) AS counted`,
    );
    expect(tried?.most).toBe(1);
  });

  it('spoil no other when one of them cannot be settled', async () => {
    world.running
      .get(Deliveries)
      .onSettled((all) =>
        all.some(({ subject }) => subject === 'spoilt') ? Promise.reject(new Error('spoilt')) : Promise.resolve(),
      );
    await world.deliver(...times(20, (at) => member(at === 7 ? 'spoilt' : `good${at}`)));
    await eventually(async () => {
      const rows = await world.database.query(`SELECT subject FROM merchant.deliveries WHERE state <> 'delivered'`);
      expect(rows).toEqual([{ subject: 'spoilt' }]);
    });
  });
});

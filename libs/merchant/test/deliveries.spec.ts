import { createServer } from 'node:http';
import type { ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { Injectable, Module } from '@nestjs/common';
import { Vault } from '@biz/platform';
import type { AppDefinition, Environment } from '@biz/platform';
import { defineMerchant, Deliveries, EventReceiver, MerchantsModule, merchantSchema } from '@biz/merchant';
import type { NewDelivery, SettledDelivery, ShopEvent, ShopEventType } from '@biz/merchant';
import { eventually, HttpStub, ManualClock, startTestApp, testDatabase, times } from '@biz/testing';
import type { TestApp, TestDatabase } from '@biz/testing';
import { Webhook } from 'standardwebhooks';
import { DataSource } from 'typeorm';

@Injectable()
class PortShop extends EventReceiver {
  readonly events: ShopEvent[] = [];
  failures = 0;
  hangs?: Promise<void>;

  async receive(event: ShopEvent): Promise<void> {
    await this.hangs;
    if (this.failures-- > 0) throw new Error('closed for inventory');
    this.events.push(event);
  }
  override accepts(type: ShopEventType): boolean {
    return type !== 'payment.paid';
  }
}

@Module({ providers: [{ provide: EventReceiver, useClass: PortShop }] })
class PortShopModule {}

const app = { id: '1', environment: 'test' } as const;
const merchants = [
  defineMerchant({ id: 'hook-shop', name: 'hook', app, plugins: {} }),
  defineMerchant({ id: 'port-shop', name: 'port', app, plugins: {}, module: PortShopModule }),
];

@Module({ imports: [MerchantsModule.for(merchants)] })
class ShopModule {}

const shopApp: AppDefinition = {
  name: 'sync',
  title: '',
  description: '',
  schemas: [merchantSchema],
  module: ShopModule,
};

const OLD_SECRET = `whsec_${Buffer.from('the old secret of the shop').toString('base64')}`;
const NEW_SECRET = `whsec_${Buffer.from('the new secret of the shop').toString('base64')}`;
const OPERATOR = { authorization: 'Bearer dev-operator-token' };

describe('deliveries', () => {
  let database: TestDatabase;
  let running: TestApp;
  let shop: HttpStub;
  let settled: SettledDelivery[];

  beforeAll(async () => {
    database = await testDatabase(merchantSchema);
  });
  afterAll(() => database.drop());

  const start = async (env: Environment = {}, clock?: ManualClock): Promise<void> => {
    running = await startTestApp(shopApp, {
      database,
      ...(clock && { clock }),
      env: {
        RETRY_TIME_SCALE: '0.001',
        HOOK_SHOP_WEBHOOK_URL: `${shop.url}/hook`,
        HOOK_SHOP_WEBHOOK_SECRET: `${NEW_SECRET} ${OLD_SECRET}`,
        PORT_SHOP_WEBHOOK_URL: `${shop.url}/port-hook`,
        ...env,
      },
    });
    settled = [];
    running.get(Deliveries).onSettled((deliveries) => {
      settled.push(...deliveries.map(({ merchant, type, subject, state }) => ({ merchant, type, subject, state })));
      return Promise.resolve();
    });
  };
  beforeEach(async () => {
    await database.query('DELETE FROM merchant.deliveries');
    shop = await HttpStub.start();
    shop.on('POST /hook', { status: 204 }).on('POST /port-hook', { status: 204 });
    await start();
  });
  afterEach(async () => {
    await running.close();
    await shop.close();
  });

  const deliver = (...events: NewDelivery[]): Promise<void> =>
    running.get(DataSource).transaction(async (manager) => {
      for (const event of events) await running.get(Deliveries).add(manager, event);
    });
  const member = (subject: string, fact = 1): NewDelivery => ({
    merchant: 'hook-shop',
    type: 'member.joined',
    subject,
    relayId: `relay-${subject}`,
    data: { id: subject, phone: '+82 10-1234-5678', fact },
  });
  const list = async (
    query = '',
  ): Promise<{ items: { id: string; state: string; subject: string }[]; nextCursor: string | null }> =>
    (await fetch(`${running.url}/operator/deliveries${query}`, { headers: OPERATOR })).json() as never;

  it('reach the webhook signed by the Standard Webhooks convention, with the old secret and the new one', async () => {
    await deliver(member('m1'));
    await eventually(() => {
      expect(settled).toEqual([{ merchant: 'hook-shop', type: 'member.joined', subject: 'm1', state: 'delivered' }]);
    });
    const [request] = shop.requests;
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
    await running.close();
    const server = createServer((request, response) => {
      request.resume().on('end', () => {
        answer(response.writeHead(202, headers));
      });
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const { port } = server.address() as AddressInfo;
    await start({ HOOK_SHOP_WEBHOOK_URL: `http://127.0.0.1:${port}/hook` });
    await deliver(member('m-wordy'));
    await eventually(() => {
      expect(settled).toMatchObject([{ subject: 'm-wordy', state: 'delivered' }]);
    });
    expect(
      await database.query('SELECT result, status FROM merchant.delivery_attempts ORDER BY id DESC LIMIT 1'),
    ).toEqual([{ result: 'ok', status: 202 }]);
    server.closeAllConnections();
    server.close();
  });

  it('follow no redirect: whoever answers elsewhere was not asked to', async () => {
    shop.on('POST /elsewhere', { status: 200 });
    shop.on('POST /hook', { status: 307, headers: { location: `${shop.url}/elsewhere` } });
    await deliver(member('m-moved'));
    await eventually(() => {
      expect(shop.requests.length).toBeGreaterThan(2);
    });
    expect(shop.requests.map(({ path }) => path)).not.toContain('/elsewhere');
    expect(settled).toEqual([]);
    expect(
      await database.query('SELECT DISTINCT result, status FROM merchant.delivery_attempts WHERE status = 307'),
    ).toEqual([{ result: 'REFUSED', status: 307 }]);
  });

  it('are tried again with the same id until the shop takes them', async () => {
    let tries = 0;
    shop.on('POST /hook', () =>
      ++tries < 4 ? (tries === 1 ? { dropBefore: true } : { status: 503 }) : { status: 200 },
    );
    await deliver(member('m2'));
    await eventually(() => {
      expect(settled).toHaveLength(1);
    });
    expect(shop.requests).toHaveLength(4);
    expect(new Set(shop.requests.map(({ headers }) => headers['webhook-id'])).size).toBe(1);
    const attempts = await database.query(
      `SELECT result, status FROM merchant.delivery_attempts a JOIN merchant.deliveries d ON d.id = a.delivery_id WHERE subject = 'm2' ORDER BY a.id`,
    );
    expect(attempts).toEqual([
      { result: expect.any(String) as string, status: null },
      { result: 'REFUSED', status: 503 },
      { result: 'REFUSED', status: 503 },
      { result: 'ok', status: 200 },
    ]);
    const { items } = await list();
    const detail = await fetch(`${running.url}/operator/deliveries/${items[0]!.id}`, { headers: OPERATOR });
    expect(await detail.json()).toEqual({
      ...items[0],
      tries: attempts.map(({ result, status }) => ({
        at: expect.any(String) as string,
        durationMs: expect.any(Number) as number,
        ...(status !== null && { status }),
        result,
      })),
    });
    const unknown = `${running.url}/operator/deliveries/00000000-0000-7000-8000-000000000000`;
    expect((await fetch(unknown, { headers: OPERATOR })).status).toBe(404);
  });

  it.each([
    ['', undefined],
    [' of the same relay id, one button in a message to many', 'relay-of-many'],
  ])('of one subject arrive in order, while another subject%s does not wait', async (_, relayId) => {
    shop.on('POST /hook', ({ json }) => {
      const { data } = json() as { data: { id: string; fact: number } };
      const quickIsThere = settled.some(({ subject }) => subject === 'quick');
      return { status: data.id === 'slow' && data.fact === 1 && !quickIsThere ? 500 : 200 };
    });
    const events = [member('slow', 1), member('slow', 2), member('slow', 3), member('quick', 1)];
    await deliver(...events.map((event) => ({ ...event, ...(relayId !== undefined && { relayId }) })));
    await eventually(() => {
      expect(settled).toHaveLength(4);
    });
    expect(settled[0]?.subject).toBe('quick');
    const facts = shop.requests.map((request) => (request.json() as { data: { id: string; fact: number } }).data);
    const slow = facts.filter(({ id }) => id === 'slow').map(({ fact }) => fact);
    expect(slow.filter((fact, at) => fact !== slow[at - 1])).toEqual([1, 2, 3]);
    expect(slow.filter((fact) => fact > 1)).toEqual([2, 3]);
  });

  it('of many subjects stay in order at two instances, also while the shop answers with errors', async () => {
    const first = running;
    await start();
    let calls = 0;
    shop.on('POST /hook', () => ({ status: ++calls % 3 === 0 ? 500 : 200 }));
    const subjects = times(8, (at) => `s${at}`);
    for (const fact of times(10, (at) => at)) await deliver(...subjects.map((subject) => member(subject, fact)));
    await eventually(async () => {
      const rows = await database.query(`SELECT 1 FROM merchant.deliveries WHERE state = 'delivered'`);
      expect(rows).toHaveLength(80);
    });
    const facts = shop.requests.map((request) => (request.json() as { data: { id: string; fact: number } }).data);
    for (const subject of subjects) {
      const mine = facts.filter(({ id }) => id === subject).map(({ fact }) => fact);
      expect(mine.filter((fact, at) => fact !== mine[at - 1])).toEqual(times(10, (at) => at));
    }
    expect(new Set(shop.requests.map(({ headers }) => headers['webhook-id'])).size).toBe(80);
    await first.close();
  }, 30_000);

  it('of one subject keep their order when the clock of the second instance is behind', async () => {
    await running.get(DataSource).transaction(async (manager) => {
      await running.get(Deliveries).addAll(manager, [member('skewed', 1), member('skewed', 2)]);
      // Ids begin with the time of whoever draws them.
      await manager.query(
        `UPDATE merchant.deliveries SET id = '019ab0c0-0000-7000-8000-000000000002' WHERE place = (SELECT max(place) FROM merchant.deliveries)`,
      );
    });
    await eventually(() => {
      expect(shop.requests.map((request) => (request.json() as { data: { fact: number } }).data.fact)).toEqual([1, 2]);
    });
  });

  it('are on their way as soon as the transaction commits: nobody waits for the next search', async () => {
    await running.close();
    // A search every thousand seconds.
    await start({ RETRY_TIME_SCALE: '1000' });
    await expect(
      running.get(DataSource).transaction(async (manager) => {
        await running.get(Deliveries).add(manager, member('rolled-back'));
        throw new Error('rolled back');
      }),
    ).rejects.toThrow('rolled back');
    await deliver(member('first', 1), member('first', 2), member('second'));
    await eventually(() => {
      expect(settled.map(({ subject }) => subject).sort()).toEqual(['first', 'first', 'second']);
    });
    // Recurring work of this app is due in a week.
    await running.close();
    await database.query('DELETE FROM pgboss.job');
    await start();
  });

  it('are tried again on the visible schedule, for a day', async () => {
    await running.close();
    const clock = new ManualClock();
    await start({ RETRY_TIME_SCALE: '0.01' }, clock);
    shop.on('POST /hook', { status: 500 });
    await deliver(member('day'));
    const tried = (n: number): Promise<void> =>
      eventually(async () => {
        const rows = await database.query('SELECT claimed_until FROM merchant.deliveries WHERE tries = $1', [n]);
        expect([shop.requests.length, rows]).toEqual([n, [{ claimed_until: null }]]);
      });
    await tried(1);
    const after = [1, 5, 30, 120, 600, 1_800, 3_600, 7_200, 14_400, 28_800, 28_800];
    for (const [at, seconds] of after.entries()) {
      // A tenth earlier or later, so that what failed together does not return together.
      clock.advance(seconds * 10 * 0.89);
      await new Promise((resolve) => setTimeout(resolve, 60));
      expect(shop.requests).toHaveLength(at + 1);
      clock.advance(seconds * 10 * 0.22);
      if (at < after.length - 1) await tried(at + 2);
    }
    await eventually(() => {
      expect(settled).toMatchObject([{ subject: 'day', state: 'failed' }]);
    });
    const attempts = await database.query<{ at: Date }>(
      `SELECT a.at FROM merchant.delivery_attempts a JOIN merchant.deliveries d ON d.id = a.delivery_id
        WHERE subject = 'day' ORDER BY a.at`,
    );
    expect(attempts).toHaveLength(12);
    const hours = (attempts[11]!.at.getTime() - attempts[0]!.at.getTime()) / 36_000;
    expect(hours).toBeGreaterThan(21);
    expect(hours).toBeLessThan(27);
  }, 30_000);

  it('are recorded try by try: when each began, how long it took, what came', async () => {
    const answers = [503, 200];
    const arrivedAt: number[] = [];
    shop.on('POST /hook', async () => {
      arrivedAt.push(Date.now());
      await new Promise((resolve) => setTimeout(resolve, 300));
      return { status: answers.shift()! };
    });
    await deliver(member('recorded'));
    await eventually(() => {
      expect(settled).toHaveLength(1);
    });
    const { items } = await list();
    const response = await fetch(`${running.url}/operator/deliveries/${items[0]!.id}`, { headers: OPERATOR });
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

  it('whose sending fails on our side, or on a question to the port, are tried on the schedule and then kept', async () => {
    await running.close();
    await start({ RETRY_TIME_SCALE: '0.00001' });
    running.get<PortShop>(EventReceiver, { strict: false }).accepts = () => {
      throw new Error('no 홍길동 today');
    };
    await running.get(DataSource).transaction(async (manager) => {
      const events = [{ ...member('asked'), merchant: 'port-shop' }, member('sealed by a key that is gone')];
      await running.get(Deliveries).addAll(manager, events);
      await manager.query(`UPDATE merchant.deliveries SET payload = 'no JWE' WHERE merchant = 'hook-shop'`);
    });
    await eventually(() => {
      expect(settled).toEqual([
        expect.objectContaining({ subject: expect.any(String) as string, state: 'failed' }),
        expect.objectContaining({ subject: expect.any(String) as string, state: 'failed' }),
      ]);
    }, 15_000);
    const tries = await database.query(
      `SELECT result, count(*)::integer AS n FROM merchant.delivery_attempts JOIN merchant.deliveries d ON d.id = delivery_id GROUP BY d.id, result`,
    );
    expect(tries).toEqual([
      { result: 'NOT_SENT', n: 12 },
      { result: 'NOT_SENT', n: 12 },
    ]);
  }, 30_000);

  it('spoil no other when one of them cannot be settled', async () => {
    running
      .get(Deliveries)
      .onSettled((all) =>
        all.some(({ subject }) => subject === 'spoilt') ? Promise.reject(new Error('spoilt')) : Promise.resolve(),
      );
    await deliver(...times(20, (at) => member(at === 7 ? 'spoilt' : `good${at}`)));
    await eventually(async () => {
      const rows = await database.query(`SELECT subject FROM merchant.deliveries WHERE state <> 'delivered'`);
      expect(rows).toEqual([{ subject: 'spoilt' }]);
    });
  });

  it('of one merchant that is slow hold up no other', async () => {
    let release: () => void = () => undefined;
    const held = new Promise<void>((resolve) => (release = resolve));
    shop.on('POST /hook', async () => {
      await held;
      return { status: 200 };
    });
    await deliver(...times(100, (at) => member(`held${at}`)));
    await eventually(() => {
      expect(shop.requests).toHaveLength(16);
    });
    await deliver({ ...member('other'), merchant: 'port-shop' });
    await eventually(() => {
      expect(settled).toMatchObject([{ subject: 'other' }]);
    });
    expect(shop.requests).toHaveLength(16);
    release();
    await eventually(() => {
      expect(settled).toHaveLength(101);
    });
  });

  it('of an instance that died are taken over', async () => {
    await database.query(
      `INSERT INTO merchant.deliveries (id, app, merchant, type, subject, ordering_key, state, payload, created_at, claimed_until, tries)
       SELECT '019ab0c0-0000-7000-8000-000000000001', 'sync', 'hook-shop', 'member.joined', 'orphan', 'orphan', 'pending', $1,
              now(), now() + interval '300 milliseconds', 1`,
      [await running.get(Vault).seal('{"merchant":"hook-shop","id":"orphan"}', 'merchant.deliveries.payload')],
    );
    await eventually(() => {
      expect(settled).toMatchObject([{ subject: 'orphan', state: 'delivered' }]);
    });
  });

  it('that were put back just now are not taken back by a sign of life', async () => {
    let letGo = (): void => undefined;
    const held = new Promise<void>((resolve) => (letGo = resolve));
    shop.on('POST /hook', async () => {
      await held;
      return { status: 204 };
    });
    await deliver(member('waits'), member('put-back'));
    await eventually(() => {
      expect(shop.requests).toHaveLength(2);
    });
    // What a worker does that ends a try, a moment before it forgets the delivery.
    await database.query(
      `UPDATE merchant.deliveries SET claimed_until = NULL, due_at = 'infinity' WHERE subject = 'put-back'`,
    );
    const claimOf = async (subject: string): Promise<Date | null> => {
      const [row] = await database.query<{ claimed_until: Date | null }>(
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
      expect(settled).toHaveLength(2);
    });
  });

  it('to a merchant that is no longer listed are kept as failed after a day', async () => {
    await running.close();
    const clock = new ManualClock();
    await start({}, clock);
    await deliver(member('stray'));
    await eventually(() => {
      expect(settled).toHaveLength(1);
    });
    await database.query(
      `UPDATE merchant.deliveries SET merchant = 'gone-shop', state = 'pending', payload = 'x', settled_at = NULL`,
    );
    const stateOf = (): Promise<unknown> => database.query('SELECT state FROM merchant.deliveries');
    await new Promise((resolve) => setTimeout(resolve, 1_500));
    expect(await stateOf()).toEqual([{ state: 'pending' }]);
    clock.advance(87_000);
    await eventually(async () => {
      expect(await stateOf()).toEqual([{ state: 'failed' }]);
    });
  });

  it('are kept as failed after the last try, and sent again on request', async () => {
    await running.close();
    await start({ RETRY_TIME_SCALE: '0.00001' });
    shop.on('POST /hook', { status: 500 });
    await deliver(member('m3'));
    await eventually(() => {
      expect(settled).toEqual([expect.objectContaining({ subject: 'm3', state: 'failed' })]);
    }, 15_000);
    const { items } = await list('?state=failed');
    expect(items).toEqual([expect.objectContaining({ subject: 'm3', state: 'failed' })]);
    shop.on('POST /hook', { status: 200 });
    const retry = `${running.url}/operator/deliveries/${items[0]!.id}/retry`;
    expect((await fetch(retry, { method: 'POST', headers: OPERATOR })).status).toBe(200);
    await eventually(() => {
      expect(settled).toHaveLength(2);
    });
    expect(new Set(shop.requests.map(({ headers }) => headers['webhook-id'])).size).toBe(1);
    expect((await fetch(retry, { method: 'POST', headers: OPERATOR })).status).toBe(409);
    const unknown = retry.replace(items[0]!.id, '00000000-0000-7000-8000-000000000000');
    expect((await fetch(unknown, { method: 'POST', headers: OPERATOR })).status).toBe(404);
  }, 30_000);

  it('go to the port of a merchant that has one, and to its webhook what the port does not take', async () => {
    const port = running.get<PortShop>(EventReceiver, { strict: false });
    port.failures = 1;
    await deliver(
      { ...member('m4'), merchant: 'port-shop' },
      { ...member('m5'), merchant: 'port-shop', type: 'payment.paid' },
    );
    await eventually(() => {
      expect(settled).toHaveLength(2);
    });
    expect(port.events).toEqual([
      expect.objectContaining({ type: 'member.joined', data: expect.objectContaining({ id: 'm4' }) as object }),
    ]);
    expect(shop.requests.map(({ path }) => path)).toEqual(['/port-hook']);
  });

  it('of a merchant whose port hangs, or whose webhook does, do not hold up those of others', async () => {
    const port = running.get<PortShop>(EventReceiver, { strict: false });
    let mend: () => void = () => undefined;
    port.hangs = new Promise((resolve) => (mend = resolve));
    shop.on('POST /port-hook', async () => {
      await port.hangs;
      return { status: 200 };
    });
    const stuck = times(20, (at): NewDelivery => {
      const type = at % 2 === 0 ? 'member.joined' : 'payment.paid';
      return { ...member(`stuck-${at}`), merchant: 'port-shop', type };
    });
    await deliver(...stuck);
    await deliver(...times(5, (at) => member(`quick-${at}`)));
    await eventually(() => {
      expect(settled.map(({ merchant }) => merchant)).toEqual(times(5, () => 'hook-shop'));
    });
    // What waited cost none of its tries.
    mend();
    await eventually(() => {
      expect(settled).toHaveLength(25);
    }, 15_000);
    const [tried] = await database.query<{ most: number }>(
      `SELECT max(tries)::int AS most FROM (SELECT count(*) AS tries FROM merchant.delivery_attempts a
         JOIN merchant.deliveries d ON d.id = a.delivery_id WHERE d.subject LIKE 'stuck-%' GROUP BY d.id) AS counted`,
    );
    expect(tried?.most).toBe(1);
  }, 30_000);

  it('are sealed while they wait and forgotten once delivered', async () => {
    shop.on('POST /hook', { status: 500 });
    await deliver(member('m6'));
    const [waiting] = await database.query<{ payload: string }>(`SELECT payload FROM merchant.deliveries`);
    expect(waiting?.payload).toMatch(/^ey/);
    expect(waiting?.payload).not.toContain('1234');
    shop.on('POST /hook', { status: 200 });
    await eventually(async () => {
      expect(await database.query('SELECT state, payload FROM merchant.deliveries')).toEqual([
        { state: 'delivered', payload: null },
      ]);
    });
  });

  it('of an erased subject are not sent', async () => {
    shop.on('POST /hook', { status: 500 });
    await deliver(member('m7'));
    await running.get(DataSource).transaction((manager) => running.get(Deliveries).erase(manager, 'hook-shop', 'm7'));
    expect(await database.query('SELECT state, payload FROM merchant.deliveries')).toEqual([
      { state: 'failed', payload: null },
    ]);
    const [erased] = (await list()).items;
    const retry = await fetch(`${running.url}/operator/deliveries/${erased!.id}/retry`, {
      method: 'POST',
      headers: OPERATOR,
    });
    expect(retry.status).toBe(409);
  });

  it('continue after the app was stopped with work left', async () => {
    shop.on('POST /hook', { status: 500 });
    await deliver(member('m8'));
    await running.close();
    shop.on('POST /hook', { status: 200 });
    await start();
    await eventually(() => {
      expect(settled).toEqual([expect.objectContaining({ subject: 'm8', state: 'delivered' })]);
    }, 10_000);
  });

  it('are listed page by page, newest first', async () => {
    await deliver(...[1, 2, 3, 4, 5].map((at) => member(`p${at}`)));
    const first = await list('?limit=2');
    const second = await list(`?limit=2&cursor=${first.nextCursor}`);
    const third = await list(`?limit=2&cursor=${second.nextCursor}`);
    const subjects = [first, second, third].map(({ items }) => items.map(({ subject }) => subject));
    expect(subjects).toEqual([['p5', 'p4'], ['p3', 'p2'], ['p1']]);
    expect(third.nextCursor).toBeNull();
    expect(JSON.stringify(first)).not.toContain('1234');
    for (const bad of ['?limit=0', '?limit=101', '?limit=x', '?state=lost', '?cursor=lost', '?cursor=%00']) {
      expect((await fetch(`${running.url}/operator/deliveries${bad}`, { headers: OPERATOR })).status).toBe(400);
    }
  });
});

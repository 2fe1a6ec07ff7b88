import { Get, HttpCode, Injectable, Module, Param, Post } from '@nestjs/common';
import {
  CurrentRelay,
  defineMerchant,
  Deliveries,
  EventReceiver,
  KakaoController,
  MerchantsModule,
  merchantSchema,
  RelayId,
  RelayIds,
} from '@biz/merchant';
import type { Relay, RelayOrder, ShopEvent } from '@biz/merchant';
import type { AppDefinition, AppName, Environment } from '@biz/platform';
import { eventually, ManualClock, startTestApp, testDatabase } from '@biz/testing';
import type { TestApp, TestDatabase } from '@biz/testing';
import { DataSource } from 'typeorm';

/** A shop's own module may issue ids and receives what came of them. */
@Injectable()
class OpenShop extends EventReceiver {
  readonly events: ShopEvent[] = [];

  constructor(readonly relayIds: RelayIds) {
    super();
  }
  receive(event: ShopEvent): Promise<void> {
    this.events.push(event);
    return Promise.resolve();
  }
}
@Module({ providers: [OpenShop, { provide: EventReceiver, useExisting: OpenShop }] })
class OpenShopModule {}

@KakaoController()
class EchoController {
  @Get('echo')
  get(@CurrentRelay() relay?: Relay): object {
    return relay ?? {};
  }
  @Get('begun')
  begun(@RelayId('begun') relayId?: string): object {
    return { relayId };
  }
  @Post('callback/:plugin')
  @HttpCode(200)
  callback(@Param('plugin') _plugin: string, @CurrentRelay() relay?: Relay): object {
    return relay ?? {};
  }
}

const app = { id: '1', environment: 'test' } as const;
const chain = { option: { kind: 'commerce' }, payment: { api: 'legacy' }, sync: {} } as const;
const merchants = [
  defineMerchant({
    id: 'open-shop',
    name: '열린',
    app,
    plugins: { ...chain, image: [{ key: 'receipt' }, { key: 'return', relayId: 'required' }], location: {} },
    module: OpenShopModule,
  }),
  defineMerchant({
    id: 'strict-shop',
    name: '엄격',
    app: { ...app, id: '2' },
    plugins: { ...chain, payment: { api: 'legacy', relayId: 'required' } },
    registrations: [
      { key: 'shop', scenario: 4, title: '옵션+결제', option: 'commerce', payment: 'single' },
      { key: 'club', scenario: 3, title: '정기결제', payment: 'subscription', relayId: 'optional' },
    ],
  }),
];
@Module({ imports: [MerchantsModule.for(merchants)], controllers: [EchoController] })
class EchoModule {}
const appOf = (name: AppName): AppDefinition => ({
  name,
  title: '',
  description: '',
  schemas: [merchantSchema],
  module: EchoModule,
});

const OPERATOR = { authorization: 'Bearer dev-operator-token', 'content-type': 'application/json' };
const WEEK = 7 * 86_400;

describe('relay ids', () => {
  let database: TestDatabase;
  let running: TestApp;
  const clock = new ManualClock();

  beforeAll(async () => {
    database = await testDatabase(merchantSchema);
  });
  afterAll(() => database.drop());
  const start = async (name: AppName = 'payment', env: Environment = {}): Promise<void> => {
    running = await startTestApp(appOf(name), { database, clock, env: { RETRY_TIME_SCALE: '1', ...env } });
  };
  afterEach(() => running.close());

  const issue = (order: Partial<RelayOrder> = {}, merchant = 'open-shop'): string =>
    running.get(RelayIds).issue(merchant, { for: 'payment', ...order }).relayId;
  const call = async (path: string, init?: RequestInit): Promise<[number, Record<string, unknown>]> => {
    const response = await fetch(running.url + path, init);
    return [response.status, (await response.json()) as Record<string, unknown>];
  };
  const echo = async (relayId: string, path = '/echo'): Promise<unknown> =>
    (await call(`${path}?relay_id=${encodeURIComponent(relayId)}`))[1];
  const operator = (method: string, path: string, body?: object) =>
    call(`/operator/relay-ids${path}`, { method, headers: OPERATOR, body: body && JSON.stringify(body) });

  it('hand the shop its own reference back, and show it to nobody', async () => {
    await start();
    const id = issue({ reference: '주문 4711' });
    expect(id).toMatch(/^[\w-]{40,80}$/);
    for (const text of ['4711', 'open-shop', 'payment']) {
      expect(id).not.toContain(text);
      expect(Buffer.from(id, 'base64url').toString('latin1')).not.toContain(text);
    }
    expect(await echo(id)).toEqual({ id, state: 'issued', reference: '주문 4711' });
    expect(issue({ reference: '주문 4711' })).not.toBe(id);
  });

  it('fit a URL and every column at their longest', async () => {
    await start('image');
    const key = 'k'.repeat(40);
    const longest = issue({ for: 'image', plugin: 'receipt', reference: 'r'.repeat(100) });
    expect(longest.length + Math.ceil(((key.length - 'receipt'.length) * 4) / 3)).toBeLessThanOrEqual(232);
    expect(() => issue({ for: 'image', reference: '가'.repeat(34) })).toThrow('reference: 102 bytes');
  });

  it('are foreign to everybody else: strangers, other merchants, other keys, and when one letter is changed', async () => {
    await start();
    const id = issue({ reference: 'mine' });
    const changed = [...id].map((letter, at) => id.slice(0, at) + (letter === 'A' ? 'B' : 'A') + id.slice(at + 1));
    for (const foreign of ['relay-1', '용도', 'x'.repeat(255), `${id}=`, `${id}A`, id.slice(1), ...changed]) {
      expect(await echo(foreign)).toEqual({ id: foreign, state: 'foreign' });
    }
    expect(await echo(id, '/m/strict-shop/begun')).toMatchObject({ status: 400 });
    expect((await call(`/m/strict-shop/echo?relay_id=${id}`))[0]).toBe(400);
    expect(await echo('')).toEqual({});
    await running.close();
    await start('payment', { DATA_ENCRYPTION_KEYS: `new:${Buffer.alloc(32, 7).toString('base64')}` });
    expect(await echo(id)).toMatchObject({ state: 'foreign' });
  });

  it('live through a key rotation while the old key is kept', async () => {
    const key = (name: string, fill: number): string => `${name}:${Buffer.alloc(32, fill).toString('base64')}`;
    await start('payment', { DATA_ENCRYPTION_KEYS: key('a', 1) });
    const id = issue({ reference: 'old' });
    await running.close();
    await start('payment', { DATA_ENCRYPTION_KEYS: `${key('b', 2)},${key('a', 1)}` });
    expect(await echo(id)).toMatchObject({ state: 'issued', reference: 'old' });
  });

  it('serve one purpose: the plugin, its key, or the task chain they were issued for', async () => {
    await start();
    const image = issue({ for: 'image', plugin: 'return', reference: 'x' });
    const payment = issue();
    const all = issue({ for: ['payment', 'sync', 'option'], reference: 'cart' });
    expect(await echo(image)).toEqual({ id: image, state: 'other-purpose' });
    expect(await echo(payment)).toMatchObject({ state: 'issued' });
    expect(await echo(all)).toMatchObject({ state: 'issued', reference: 'cart' });
    await running.close();
    await start('sync');
    expect(await echo(payment)).toEqual({ id: payment, state: 'other-purpose' });
    expect(await echo(all)).toMatchObject({ state: 'issued', reference: 'cart' });
    await running.close();
    await start('image');
    const returned = { method: 'POST', headers: { 'x-kakao-plugin-relay-id': image } };
    expect(await call('/callback/return', returned)).toEqual([200, { id: image, state: 'issued', reference: 'x' }]);
    expect(await call('/callback/receipt', returned)).toEqual([200, { id: image, state: 'other-purpose' }]);
  });

  it('grow too old, and are marked with the reference still there', async () => {
    await start();
    const short = issue({ validFor: 60, reference: 'slow' });
    const usual = issue();
    clock.advance(59_000);
    expect(await echo(short)).toMatchObject({ state: 'issued' });
    clock.advance(2_000);
    expect(await echo(short)).toEqual({ id: short, state: 'expired', reference: 'slow' });
    clock.advance((WEEK - 62) * 1_000);
    expect(await echo(usual)).toMatchObject({ state: 'issued' });
    clock.advance(2_000);
    expect(await echo(usual)).toMatchObject({ state: 'expired' });
  });

  it('are required of a plugin that says so: 400 without, and for a foreign, old or other one', async () => {
    await start();
    const strict = '/m/strict-shop';
    const old = issue({ validFor: 1 }, 'strict-shop');
    const other = issue({ for: 'sync' }, 'strict-shop');
    clock.advance(2_000);
    const good = issue({}, 'strict-shop');
    const refusal = { status: 400, message: '유효하지 않거나 기간이 지난 요청입니다. (relay_id)' };
    for (const query of ['', '?relay_id=foreign', `?relay_id=${other}`, `?relay_id=${old}`, `?relay_id=${issue()}`]) {
      expect([query, ...(await call(`${strict}/echo${query}`))]).toEqual([query, 400, refusal]);
    }
    expect((await call(`${strict}/echo?relay_id=${good}`))[0]).toBe(200);
    // What was begun in time may end late.
    expect((await call(`${strict}/begun?relay_id=${old}`))[0]).toBe(200);
    expect((await call(`${strict}/begun?relay_id=${other}`))[0]).toBe(400);
    expect((await call('/echo'))[0]).toBe(200);
  });

  it('are required of one plugin of several', async () => {
    await start('image');
    expect((await call('/callback/return', { method: 'POST' }))[0]).toBe(400);
    expect((await call('/callback/receipt', { method: 'POST' }))[0]).toBe(200);
    const id = issue({ for: 'image', plugin: 'return' });
    expect((await call(`/callback/return?relay_id=${id}`, { method: 'POST' }))[0]).toBe(200);
  });

  it('are issued for one of several plugins of the form, and for all parts of its chain', async () => {
    await start('payment');
    const post = (key: string, id = ''): Promise<[number, Record<string, unknown>]> =>
      call(`/m/strict-shop/callback/${key}?relay_id=${id}`, { method: 'POST' });
    const shop = issue({ for: ['sync', 'option', 'payment'], plugin: 'shop', reference: 'cart' }, 'strict-shop');
    expect(await post('shop', shop)).toEqual([200, { id: shop, state: 'issued', reference: 'cart' }]);
    expect(await post('club', shop)).toEqual([200, { id: shop, state: 'other-purpose' }]);
    // What the merchant says of its payments counts for each of them that says nothing else.
    expect((await post('shop'))[0]).toBe(400);
    expect((await post('club'))[0]).toBe(200);
    expect(() => issue({ for: 'option', plugin: 'club' }, 'strict-shop')).toThrow(
      'strict-shop has no plugin option club',
    );
    await running.close();
    await start('sync');
    expect(await echo(shop, '/m/strict-shop/echo')).toMatchObject({ state: 'issued', reference: 'cart' });
  });

  it('are issued to operators by every app, for every plugin', async () => {
    await start('location');
    const [status, issued] = await operator('POST', '', {
      merchant: 'open-shop',
      for: ['sync', 'payment'],
      reference: 'cart-1',
      validFor: 60,
    });
    expect(status).toBe(201);
    const id = String(issued.relayId);
    expect(await operator('GET', `/${id}`)).toEqual([
      200,
      {
        merchant: 'open-shop',
        for: ['payment', 'sync'],
        reference: 'cart-1',
        expiresAt: issued.expiresAt,
        expired: false,
      },
    ]);
    expect((await operator('GET', `/${'x'.repeat(255)}`))[0]).toBe(404);
    expect((await fetch(`${running.url}/operator/relay-ids/${id}`)).status).toBe(401);
  });

  it.each([
    [422, { for: ['profile'] }],
    [422, { for: ['image'], plugin: 'nobody' }],
    [422, { for: ['location'], plugin: 'receipt' }],
    [422, { for: ['option', 'payment'] }],
    [422, { for: ['sync', 'image'] }],
    [422, { for: ['payment'], reference: '가'.repeat(40) }],
    [404, { for: ['payment'], merchant: 'nobody' }],
    [400, { for: [] }],
    [400, { for: ['skill'] }],
    [400, { for: ['payment'], validFor: 0 }],
    [400, { for: ['payment'], reference: 7 }],
  ])('are refused with %s: %j', async (status, order) => {
    await start();
    expect((await operator('POST', '', { merchant: 'open-shop', ...order }))[0]).toBe(status);
  });

  it('are issued by a shop’s own module, and told back to it with what came of them', async () => {
    await start();
    const shop = running.get(OpenShop);
    const { relayId } = shop.relayIds.issue('open-shop', { for: 'payment', reference: 'cart-9', validFor: 60 });
    const sent = clock.now();
    clock.advance(3_600_000);
    const add = (data: object, given: object): Promise<void> =>
      running.get(DataSource).transaction((manager) =>
        running.get(Deliveries).add(manager, {
          merchant: 'open-shop',
          type: 'payment.paid',
          subject: 's',
          data: { ...data },
          ...given,
        }),
      );
    await add({ n: 1 }, { relayId, relaySentAt: sent });
    await add({ n: 2 }, { relayId, relaySentAt: clock.now() });
    await add({ n: 3 }, { relayId });
    await add({ n: 4 }, { relayId: 'strange' });
    await add({ n: 5 }, {});
    // At least once: what comes twice counts once.
    const told = (): unknown[] => {
      const byNumber = new Map(shop.events.map(({ data }) => [Number(data.n), data.relay]));
      return [1, 2, 3, 4, 5].map((n) => (byNumber.has(n) ? byNumber.get(n) : 'not yet'));
    };
    await eventually(() => {
      expect(told()).not.toContain('not yet');
    });
    expect(told()).toEqual([
      { state: 'issued', reference: 'cart-9' },
      { state: 'expired', reference: 'cart-9' },
      { state: 'issued', reference: 'cart-9' },
      { state: 'foreign' },
      undefined,
    ]);
  });

  it('are counted by what they are, the absent ones too', async () => {
    await start();
    await echo(issue());
    await echo('strange');
    await call('/echo');
    const metrics = await (await fetch(`${running.url}/metrics`)).text();
    for (const state of ['issued', 'foreign', 'absent']) {
      expect(metrics).toContain(`relay_ids_total{merchant="open-shop",state="${state}"} 1`);
    }
  });
});

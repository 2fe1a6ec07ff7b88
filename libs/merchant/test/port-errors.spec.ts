import { Injectable, Module } from '@nestjs/common';
import type { AppDefinition } from '@biz/platform';
import { defineMerchant, Deliveries, EventReceiver, MerchantsModule, merchantSchema } from '@biz/merchant';
import type { ShopEvent, ShopEventType } from '@biz/merchant';
import { eventually, startTestApp, testDatabase } from '@biz/testing';
import type { TestApp, TestDatabase } from '@biz/testing';
import { DataSource } from 'typeorm';

/** Quotes the customer in what it throws, as code of a shop may. */
@Injectable()
class TalkativeShop extends EventReceiver {
  override accepts(type: ShopEventType): boolean {
    if (type === 'image.received') return Promise.resolve(false) as unknown as boolean;
    if (type === 'location.received') throw new TypeError('no such event');
    return true;
  }

  receive({ data }: ShopEvent): Promise<void> {
    // eslint-disable-next-line @typescript-eslint/prefer-promise-reject-errors -- what others' code throws need be no Error
    if (data.id === 'thrown-text') return Promise.reject(`no text for ${JSON.stringify(data)}` as unknown);
    return Promise.reject(new TypeError(`order ${String(data.id)}: no such customer: ${JSON.stringify(data.profile)}`));
  }
}

@Module({ providers: [{ provide: EventReceiver, useClass: TalkativeShop }] })
class TalkativeModule {}

/** Named like this file, as a merchant is like its folder. */
const shop = defineMerchant({
  id: 'port-errors',
  name: 'talkative',
  app: { id: '1', environment: 'test' },
  plugins: {},
  module: TalkativeModule,
});

@Module({ imports: [MerchantsModule.for([shop])] })
class ShopModule {}

const shopApp: AppDefinition = {
  name: 'sync',
  title: '',
  description: '',
  schemas: [merchantSchema],
  module: ShopModule,
};

describe("a merchant's own code that goes wrong", () => {
  let database: TestDatabase;
  let app: TestApp;
  let log = '';
  beforeAll(async () => {
    database = await testDatabase(merchantSchema);
    const logDestination = { write: (line: string) => void (log += line) };
    app = await startTestApp(shopApp, { database, logDestination });
  });
  afterAll(async () => {
    await app.close();
    await database.drop();
  });

  const add = (type: ShopEventType, subject: string, data: Record<string, unknown>): Promise<void> =>
    app
      .get<DataSource>(DataSource)
      .transaction((manager) => app.get(Deliveries).add(manager, { merchant: shop.id, type, subject, data }));

  it('is logged without the customer it quotes', async () => {
    const profile = {
      nickname: '루카',
      shippingAddress: { receiverName: '홍길동', baseAddress: '성남시 판교역로 235' },
    };
    for (const id of ['order-4711', 'thrown-text']) {
      await add('profile.received', id, { id, kind: 'libs', plugin: 'test', profile });
    }
    await eventually(() => {
      expect(log).toContain('order order-4711: no such customer: {"nickname":"[cut]"'.replaceAll('"', '\\"'));
      expect(log).toContain('no text for');
    });
    expect(log).toMatch(/"merchant":"port-errors".*"type":"TypeError".*libs\/merchant\/test\/port-errors\.spec/);
    expect(log).not.toMatch(/루카|홍길동|판교역로/);
    const named =
      /"deliveryId":"[0-9a-f-]{36}","merchant":"port-errors","type":"profile.received","error":.*"message":"deliver.\w+ failed"/;
    await eventually(() => {
      expect(log).toMatch(named);
    });
  });

  it('in saying whether it takes an event is tried again, and never taken for having it', async () => {
    for (const type of ['image.received', 'location.received'] as const) await add(type, type, { id: type });
    await eventually(() => {
      expect(log).toContain('EventReceiver answered what cannot be used: accepts must be true or false');
      expect(log).toContain('no such event');
    });
    const done = await database.query(`SELECT FROM merchant.deliveries WHERE state = 'delivered'`);
    expect(done).toEqual([]);
  });
});

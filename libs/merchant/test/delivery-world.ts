import { Injectable, Module } from '@nestjs/common';
import { afterCommit } from '@biz/platform';
import type { AppDefinition, Environment } from '@biz/platform';
import { defineMerchant, Deliveries, EventReceiver, MerchantsModule, merchantSchema } from '@biz/merchant';
import type { NewDelivery, SettledDelivery, ShopEvent, ShopEventType } from '@biz/merchant';
import { HttpStub, startTestApp, testDatabase } from '@biz/testing';
import type { ManualClock, TestApp, TestDatabase } from '@biz/testing';
import { DataSource } from 'typeorm';

@Injectable()
export class PortShop extends EventReceiver {
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

export const OLD_SECRET = `whsec_${Buffer.from('the old secret of the shop').toString('base64')}`;
export const NEW_SECRET = `whsec_${Buffer.from('the new secret of the shop').toString('base64')}`;
export const OPERATOR = { authorization: 'Bearer dev-operator-token' };

/** An event about a member of the shop with the webhook. */
export const member = (subject: string, fact = 1): NewDelivery => ({
  merchant: 'hook-shop',
  type: 'member.joined',
  subject,
  relayId: `relay-${subject}`,
  data: { id: subject, phone: '+82 10-1234-5678', fact },
});

/** An app that owes events to two shops: one has a webhook, the other a port as well. */
class DeliveryWorld {
  database: TestDatabase;
  running: TestApp;
  shop: HttpStub;
  /** What ended since the app was started. */
  settled: SettledDelivery[];

  async start(env: Environment = {}, clock?: ManualClock): Promise<void> {
    this.running = await startTestApp(shopApp, {
      database: this.database,
      ...(clock && { clock }),
      env: {
        RETRY_TIME_SCALE: '0.001',
        HOOK_SHOP_WEBHOOK_URL: `${this.shop.url}/hook`,
        HOOK_SHOP_WEBHOOK_SECRET: `${NEW_SECRET} ${OLD_SECRET}`,
        PORT_SHOP_WEBHOOK_URL: `${this.shop.url}/port-hook`,
        ...env,
      },
    });
    this.settled = [];
    this.running.get(Deliveries).onSettled((deliveries, manager) => {
      // Whoever looks at the rows then finds them.
      afterCommit(manager, () => {
        this.settled.push(
          ...deliveries.map(({ merchant, type, subject, state }) => ({ merchant, type, subject, state })),
        );
      });
      return Promise.resolve();
    });
  }

  deliver(...events: NewDelivery[]): Promise<void> {
    return this.running.get(DataSource).transaction(async (manager) => {
      for (const event of events) await this.running.get(Deliveries).add(manager, event);
    });
  }

  async list(
    query = '',
  ): Promise<{ items: { id: string; state: string; subject: string }[]; nextCursor: string | null }> {
    return (await fetch(`${this.running.url}/operator/deliveries${query}`, { headers: OPERATOR })).json() as never;
  }
}

/** One database for a spec file; for each of its tests an app with nothing owed, and a shop that takes everything. */
export function deliveryWorld(): DeliveryWorld {
  const world = new DeliveryWorld();
  beforeAll(async () => {
    world.database = await testDatabase(merchantSchema);
  });
  beforeEach(async () => {
    await world.database.query('DELETE FROM merchant.deliveries');
    world.shop = await HttpStub.start();
    world.shop.on('POST /hook', { status: 204 }).on('POST /port-hook', { status: 204 });
    await world.start();
  });
  afterEach(async () => {
    await world.running.close();
    await world.shop.close();
  });
  afterAll(() => world.database.drop());
  return world;
}

import {
  EventReceiver,
  Fulfilment,
  Merchants,
  MerchantsModule,
  merchantSchemas,
  OrderPolicy,
  orderSheetFault,
  OrderSheetSource,
  SHOP_EVENT_TYPES,
} from '@biz/merchant';
import type { Buyer, Merchant, MerchantDefinition, PaidOrder, Port } from '@biz/merchant';
import type { AppDefinition, Environment } from '@biz/platform';
import { checkProduct } from '@biz/commerce';
import { Module } from '@nestjs/common';
import { startTestApp } from './test-app';
import type { TestApp } from './test-app';
import { testDatabase } from './test-database';
import { timed } from './timed';
import type { TestDatabase } from './test-database';

export interface MerchantSamples {
  /** Order sheet ids that exist; the contract of `OrderSheetSource` is tried on each. */
  orderSheets?: readonly string[];
  /** A user id without restrictions. */
  appUserId?: string;
  /** Variables the merchant's own configuration needs, such as the address of an `HttpStub`. */
  env?: () => Environment;
}

@Module({})
class NoModule {}

/** What T1 waits for a shop (SHOP_TIMEOUT_MS). */
const T1_MS = 2_500;

/**
 * The contract of a merchant as tests, for its own spec file: what every app and Kakao rely on.
 *
 * ```ts
 * describeMerchant(acme, { orderSheets: ['sheet-1'] });
 * ```
 */
export function describeMerchant(definition: MerchantDefinition, samples: MerchantSamples = {}): void {
  const { orderSheets = [], appUserId = '1000000001' } = samples;
  const buyer: Buyer = { appUserId };

  describe(`merchant ${definition.id}`, () => {
    let database: TestDatabase;
    let running: TestApp;
    let merchant: Merchant;

    beforeAll(async () => {
      database = await testDatabase(...merchantSchemas([definition]));
      running = await startTestApp(appOf(definition), { database, env: samples.env?.() });
      merchant = running.get(Merchants).get(definition.id);
    });
    afterAll(async () => {
      // Missing when the start itself failed, which is the error to see.
      await (running as TestApp | undefined)?.close();
      await (database as TestDatabase | undefined)?.drop();
    });
    const port = <T>(of: Port<T>): T | undefined => running.get(Merchants).port(merchant, of);

    it('is accepted by the platform and starts with its module', () => {
      expect(merchant.id).toBe(definition.id);
    });

    it('says where its order sheets come from, when it takes payments', () => {
      const { payment, option } = definition.plugins;
      const source = port(OrderSheetSource) ?? option;
      expect(payment === undefined || source !== undefined).toBe(true);
    });

    it('has products that Kakao can show', () => {
      const problems = (definition.catalogue ?? []).map((product) => [product.id, checkProduct(product)]);
      expect(problems.filter(([, found]) => found?.length !== 0)).toEqual([]);
    });

    it('knows no order sheet that does not exist', async () => {
      const source = port(OrderSheetSource);
      for (const id of ['no-such-sheet', '../../etc/passwd', "' OR 1=1 --", '주문서', 'x'.repeat(500), '__proto__']) {
        expect(await source?.load(id, buyer)).toBeUndefined();
      }
    });

    const eachSheet = (name: string, test: (id: string) => Promise<void>): void => {
      for (const id of orderSheets) it(`${name}: ${id}`, () => test(id));
    };

    eachSheet('has an order sheet that can be paid, the same each time, in time', async (id) => {
      const source = port(OrderSheetSource);
      const { result: sheet, ms } = await timed(async () => source?.load(id, buyer));
      expect(ms).toBeLessThan(T1_MS);
      expect(sheet).toBeDefined();
      expect(sheet && orderSheetFault(sheet)).toBeUndefined();
      expect(await source?.load(id, buyer)).toEqual(sheet);
      const away = await source?.load(id, { ...buyer, zipCode: '63644' });
      expect(away && orderSheetFault(away)).toBeUndefined();
    });

    it('lets an unrestricted user order, and says so in one of three words', async () => {
      const permission = await port(OrderPolicy)?.check(buyer);
      expect([undefined, 'allowed', 'closed']).toContain(permission);
    });

    eachSheet('does its work for a paid order twice without an error', async (id) => {
      const sheet = await port(OrderSheetSource)?.load(id, buyer);
      const fulfilment = port(Fulfilment);
      if (!sheet || !fulfilment) return;
      const order: PaidOrder = {
        partnerOrderId: '01936000-0000-7000-8000-000000000001',
        orderSheetId: id,
        appUserId,
        lines: sheet.lines,
        totalAmount: sheet.totalAmount,
        approvedAt: new Date('2026-11-23T03:00:00Z'),
      };
      const first = await fulfilment.fulfil(order);
      expect(await fulfilment.fulfil(order)).toEqual(first);
    });

    it('says of every event whether it takes it', () => {
      const receiver = port(EventReceiver);
      for (const type of SHOP_EVENT_TYPES) expect([true, false, undefined]).toContain(receiver?.accepts(type));
    });
  });
}

const appOf = (definition: MerchantDefinition): AppDefinition => ({
  name: 'payment',
  title: definition.name,
  description: '',
  schemas: merchantSchemas([definition]),
  module: { module: NoModule, imports: [MerchantsModule.for([definition])] },
});

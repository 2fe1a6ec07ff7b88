import {
  defineMerchant,
  Merchants,
  MerchantsModule,
  merchantSchemas,
  OrderSheetSource,
  Outbound,
  provideConfig,
  Variable,
} from '@biz/merchant';
import type { MerchantDefinition, OrderSheet } from '@biz/merchant';
import type { AppDefinition, Environment } from '@biz/platform';
import { HttpStub, startTestApp, testDatabase } from '@biz/testing';
import type { TestApp, TestDatabase } from '@biz/testing';
import { Controller, Get, Injectable, Module } from '@nestjs/common';
import { IsUrl } from 'class-validator';
import { Column, DataSource, Entity, PrimaryColumn } from 'typeorm';
import type { MigrationInterface, QueryRunner } from 'typeorm';
import { definitionsOf } from './house';

class FlowerConfig {
  @Variable('FLOWER_SHOP_ERP_URL', { about: 'address of the ERP' })
  @IsUrl({ require_protocol: true, require_tld: false })
  erpUrl: string;
}

@Entity({ schema: 'shop_flower_shop', name: 'bouquets' })
class Bouquet {
  @PrimaryColumn('text')
  id: string;

  @Column('integer')
  price: number;
}

class FlowerShop1795550000000 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    await runner.query('CREATE SCHEMA IF NOT EXISTS shop_flower_shop');
    await runner.query('CREATE TABLE shop_flower_shop.bouquets (id text PRIMARY KEY, price integer NOT NULL)');
  }
  async down(runner: QueryRunner): Promise<void> {
    await runner.query('DROP SCHEMA shop_flower_shop CASCADE');
  }
}

/** Asks its ERP once for a price, and keeps it in a table of its own. */
@Injectable()
class FlowerSheets extends OrderSheetSource {
  constructor(
    private readonly config: FlowerConfig,
    private readonly outbound: Outbound,
    private readonly dataSource: DataSource,
  ) {
    super();
  }

  async load(orderSheetId: string): Promise<OrderSheet | undefined> {
    const bouquets = this.dataSource.getRepository(Bouquet);
    let known = await bouquets.findOneBy({ id: orderSheetId });
    if (!known) {
      const url = `${this.config.erpUrl}/prices/${encodeURIComponent(orderSheetId)}`;
      const outcome = await this.outbound.send({ method: 'GET', url, timeoutMs: 1_000 });
      if (outcome.kind !== 'answered' || outcome.status !== 200) return undefined;
      known = await bouquets.save({ id: orderSheetId, price: Number(outcome.body) });
    }
    return { lines: [{ name: '꽃다발', quantity: 1 }], totalAmount: known.price, needsShipping: false };
  }
}

@Controller('shops/flower-shop')
class FlowerController {
  constructor(private readonly dataSource: DataSource) {}

  @Get('bouquets')
  async bouquets(): Promise<{ count: number }> {
    return { count: await this.dataSource.getRepository(Bouquet).count() };
  }
}

@Module({
  controllers: [FlowerController],
  providers: [provideConfig(FlowerConfig), { provide: OrderSheetSource, useClass: FlowerSheets }],
})
class FlowerModule {}

const flowerShop = defineMerchant({
  id: 'flower-shop',
  name: '꽃집',
  app: { id: '777', environment: 'test' },
  plugins: { payment: { api: 'open' } },
  module: FlowerModule,
  tables: { schema: 'shop_flower_shop', entities: [Bouquet], migrations: [FlowerShop1795550000000] },
});

@Module({})
class ShopModule {}

const appOf = (merchants: readonly MerchantDefinition[]): AppDefinition => ({
  name: 'payment',
  title: '',
  description: '',
  schemas: merchantSchemas(merchants),
  module: { module: ShopModule, imports: [MerchantsModule.for(merchants)] },
});

describe('a merchant with a module of its own', () => {
  let database: TestDatabase;
  let erp: HttpStub;
  let running: TestApp;
  beforeAll(async () => {
    [database, erp] = await Promise.all([testDatabase(...merchantSchemas([flowerShop])), HttpStub.start()]);
    erp.on('GET /prices/rose', { text: '25000' }).on('GET /prices/*', { status: 404 });
    erp.on('GET /prices/rose', { text: '25000' });
  });
  afterAll(async () => {
    await erp.close();
    await database.drop();
  });
  const start = (env: Environment): Promise<TestApp> => startTestApp(appOf([flowerShop]), { database, env });

  it('brings configuration, an HTTP client, tables and routes', async () => {
    running = await start({ FLOWER_SHOP_ERP_URL: erp.url });
    const merchants = running.get(Merchants);
    const source = merchants.port(merchants.get('flower-shop'), OrderSheetSource)!;
    expect(await source.load('rose', { appUserId: '1' })).toMatchObject({ totalAmount: 25_000 });
    expect(await source.load('rose', { appUserId: '2' })).toMatchObject({ totalAmount: 25_000 });
    expect(await source.load('thistle', { appUserId: '1' })).toBeUndefined();
    expect(erp.requests.filter(({ path }) => path === '/prices/rose')).toHaveLength(1);
    const route = await fetch(`${running.url}/shops/flower-shop/bouquets`);
    expect(await route.json()).toEqual({ count: 1 });
    await running.close();
  });

  it('does not start on a wrong configuration, and says which', async () => {
    await expect(start({ FLOWER_SHOP_ERP_URL: 'erp' })).rejects.toMatchObject({
      name: 'ConfigError',
      problems: [expect.stringContaining('FLOWER_SHOP_ERP_URL: found "erp"') as string],
    });
    await expect(start({})).rejects.toMatchObject({ name: 'ConfigError' });
  });

  it('has its tables in every app', () => {
    for (const { name, schemas } of definitionsOf([flowerShop])) {
      expect([name, schemas.includes(flowerShop.tables!)]).toEqual([name, name !== 'simulator']);
    }
  });
});

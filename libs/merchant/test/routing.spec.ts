import { Body, Get, HttpCode, Module, Post } from '@nestjs/common';
import {
  AppUserId,
  CurrentMerchant,
  defineMerchant,
  KakaoController,
  KeylessPaths,
  MerchantsModule,
  OpenedByCustomers,
  merchantSchema,
  RelayId,
} from '@biz/merchant';
import type { Merchant } from '@biz/merchant';
import { customerPathKeyOf, readConfig } from '@biz/platform';
import type { AppDefinition, Environment } from '@biz/platform';
import { startTestApp, testDatabase } from '@biz/testing';
import type { TestApp, TestDatabase } from '@biz/testing';

@KakaoController()
class EchoController {
  @Get('echo')
  get(@CurrentMerchant() { id }: Merchant, @RelayId() relayId?: string, @AppUserId() user?: string): object {
    return { merchant: id, relayId, user };
  }
  @Get('redirect')
  @OpenedByCustomers()
  redirect(@CurrentMerchant() { id }: Merchant): object {
    return { merchant: id };
  }
  @Post('echo')
  @HttpCode(200)
  post(@CurrentMerchant() { id }: Merchant, @Body() _body: object, @RelayId() relayId?: string): object {
    return { merchant: id, relayId };
  }
}

const app = { id: '1', environment: 'test' } as const;
const merchants = ['acme', 'zeta'].map((id) => defineMerchant({ id, name: id, app, plugins: {} }));

@Module({ imports: [MerchantsModule.for(merchants)], controllers: [EchoController] })
class EchoModule {}

const echoApp: AppDefinition = {
  name: 'option',
  title: '',
  description: '',
  schemas: [merchantSchema],
  module: EchoModule,
};

describe('Kakao-facing routes', () => {
  let database: TestDatabase;
  let running: TestApp;
  beforeAll(async () => {
    database = await testDatabase(merchantSchema);
  });
  afterAll(() => database.drop());
  afterEach(() => running.close());

  const start = async (env: Environment = {}): Promise<void> => {
    running = await startTestApp(echoApp, { database, env: { ZETA_PATH_KEY: 'zeta-9f2c', ...env } });
  };
  const call = async (path: string, init?: RequestInit): Promise<[number, unknown]> => {
    const response = await fetch(running.url + path, init);
    return [response.status, await response.json()];
  };

  it('belong to the default merchant at the path of the guide, and to any merchant below its path key', async () => {
    await start();
    expect(await call('/echo')).toEqual([200, { merchant: 'acme' }]);
    expect(await call('/m/zeta-9f2c/echo')).toEqual([200, { merchant: 'zeta' }]);
    expect(await call('/m/acme/echo')).toEqual([200, { merchant: 'acme' }]);
    for (const unknown of ['/m/zeta/echo', '/m/ZETA-9F2C/echo', '/m//echo', '/m/zeta-9f2c%00/echo']) {
      expect(await call(unknown)).toEqual([404, { status: 404, message: '요청한 주소를 찾을 수 없습니다.' }]);
    }
  });

  it('take the key of their own kind, the customer path key where a customer opens them, and no other', async () => {
    await start();
    const key = customerPathKeyOf('zeta-9f2c');
    expect(await call('/redirect')).toEqual([200, { merchant: 'acme' }]);
    expect(await call(`/m/${key}/redirect`)).toEqual([200, { merchant: 'zeta' }]);
    const unknown = await call('/no/such/address');
    expect(unknown).toEqual([404, { status: 404, message: '요청한 주소를 찾을 수 없습니다.' }]);
    for (const path of [
      '/m/zeta-9f2c/redirect',
      `/m/${key}/echo`,
      `/m/${key.toUpperCase()}/redirect`,
      `/m/${key}%00/redirect`,
      `/m/${customerPathKeyOf(key)}/redirect`,
      `/m/${customerPathKeyOf('')}/redirect`,
    ]) {
      expect(await call(path)).toEqual(unknown);
    }
    expect(await call(`/m/${key}/echo`, { method: 'POST' })).toEqual(unknown);
    // A bearer of either key is no operator.
    for (const token of [key, 'zeta-9f2c']) {
      expect((await call('/operator/merchants', { headers: { authorization: `Bearer ${token}` } }))[0]).toBe(401);
    }
  });

  it('are served without a path key in development and where SERVE_WITHOUT_PATH_KEY says so, nowhere else', async () => {
    await start({ SERVE_WITHOUT_PATH_KEY: 'false', KAKAO_ALLOWED_CIDRS: '10.0.0.0/8' });
    const unknown = await call('/no/such/address');
    for (const path of ['/echo', '/redirect', '/%65cho', '/echo?x', '//echo', '/./echo', '/m/../echo']) {
      expect([path, await call(path)]).toEqual([path, unknown]);
    }
    expect(await call('/echo', { method: 'POST' })).toEqual(unknown);
    // A caller from elsewhere does not learn which keys there are.
    expect(await call('/m/zeta-9f2c/echo')).toEqual(await call('/m/nobody/echo'));
    expect(await call(`/m/${customerPathKeyOf('acme')}/redirect`)).toEqual([200, { merchant: 'acme' }]);
    await running.close();
    await start({ SERVE_WITHOUT_PATH_KEY: 'true' });
    expect(await call('/echo')).toEqual([200, { merchant: 'acme' }]);
    await running.close();
    await expect(start({ SERVE_WITHOUT_PATH_KEY: 'perhaps' })).rejects.toThrow(
      'SERVE_WITHOUT_PATH_KEY: found "perhaps"',
    );
    expect(readConfig(KeylessPaths, { NODE_ENV: 'production' }).served).toBe(false);
    expect(readConfig(KeylessPaths, { NODE_ENV: 'production', SERVE_WITHOUT_PATH_KEY: 'true' }).served).toBe(true);
    await start();
  });

  it('read the relay id from the header, else the query, else the body', async () => {
    await start();
    const header = { 'X-Kakao-Plugin-Relay-Id': 'from-header' };
    expect((await call('/echo?relay_id=from-query', { headers: header }))[1]).toMatchObject({ relayId: 'from-header' });
    expect((await call('/echo?relay_id=from-query'))[1]).toMatchObject({ relayId: 'from-query' });
    const post = { method: 'POST', headers: { 'content-type': 'application/json' }, body: '{"relay_id":"from-body"}' };
    expect((await call('/echo', post))[1]).toMatchObject({ relayId: 'from-body' });
    expect((await call('/echo?relay_id=', {}))[1]).toEqual({ merchant: 'acme' });
    // One and the same, although a header's bytes are read as Latin-1.
    const korean = { 'X-Kakao-Plugin-Relay-Id': Buffer.from('주문 7번').toString('latin1') };
    expect((await call('/echo', { headers: korean }))[1]).toMatchObject({ relayId: '주문 7번' });
    expect((await call('/echo?relay_id=주문 7번'))[1]).toMatchObject({ relayId: '주문 7번' });
    expect((await call(`/echo?relay_id=${'x'.repeat(300)}`))[0]).toBe(400);
    expect((await call('/echo?relay_id=a&relay_id=b'))[0]).toBe(400);
  });

  it('hand on the app user id as it came', async () => {
    await start();
    expect((await call('/echo', { headers: { 'X-Kakao-AppUserId': '12345678901234567890' } }))[1]).toMatchObject({
      user: '12345678901234567890',
    });
  });

  it('are open to the addresses of KAKAO_ALLOWED_CIDRS only, when it is set', async () => {
    await start({ KAKAO_ALLOWED_CIDRS: '211.231.99.0/24, 10.0.0.0/8' });
    expect((await call('/echo'))[0]).toBe(403);
    expect((await call('/redirect'))[0]).toBe(200);
    expect((await call('/health/live'))[0]).toBe(200);
    await running.close();
    await start({ KAKAO_ALLOWED_CIDRS: '127.0.0.0/8' });
    expect((await call('/echo'))[0]).toBe(200);
  });

  it('believe X-Forwarded-For of a trusted gateway and of nobody else', async () => {
    const forwarded = { headers: { 'X-Forwarded-For': '211.231.99.7' } };
    await start({ KAKAO_ALLOWED_CIDRS: '211.231.99.0/24' });
    expect((await call('/echo', forwarded))[0]).toBe(403);
    await running.close();
    await start({ KAKAO_ALLOWED_CIDRS: '211.231.99.0/24', TRUSTED_PROXIES: '127.0.0.1' });
    expect((await call('/echo', forwarded))[0]).toBe(200);
  });

  it('need sensible CIDRs', async () => {
    await expect(start({ KAKAO_ALLOWED_CIDRS: 'everywhere' })).rejects.toThrow(
      'KAKAO_ALLOWED_CIDRS: found "everywhere"',
    );
    await start();
  });
});

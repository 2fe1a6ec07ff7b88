import type { MerchantDefinition } from '@biz/merchant';
import { ConfigError, createApp, readConfig, RuntimeConfig } from '@biz/platform';
import type { AppDefinition, AppName, Environment } from '@biz/platform';
import { testDatabase, type TestDatabase } from '@biz/testing';
import { demoShop } from '../merchants/demo-shop';
import { definitionsOf } from './house';

const FORTY = 'k'.repeat(40);
const KEY = Buffer.alloc(32, 7).toString('base64');
const DEVELOPMENT_KEY = Buffer.from('biz-plugin-platform-development!').toString('base64');

/** Stands in merchant-secrets' defaults and in the README. */
const WEBHOOK_DEFAULT = `whsec_${Buffer.from('biz-plugin-platform development').toString('base64')}`;
const webhookSecret = (bytes: number): string => `whsec_${Buffer.alloc(bytes, 9).toString('base64')}`;

/** What a careful operator sets. */
const GOOD: Environment = {
  NODE_ENV: 'production',
  LOG_LEVEL: 'silent',
  DATABASE_POOL_SIZE: '2',
  DATA_ENCRYPTION_KEYS: `k1:${KEY}`,
  OPERATOR_TOKEN: FORTY,
  PUBLIC_BASE_URL_PROFILE: 'https://plugin.shop.example/profile',
  PUBLIC_BASE_URL_LOCATION: 'https://plugin.shop.example/location',
  PUBLIC_BASE_URL_IMAGE: 'https://plugin.shop.example/image',
  PUBLIC_BASE_URL_OPTION: 'https://plugin.shop.example/option',
  PUBLIC_BASE_URL_PAYMENT: 'https://plugin.shop.example/payment',
  PUBLIC_BASE_URL_SYNC: 'https://plugin.shop.example/sync',
  DEMO_SHOP_REST_API_KEY: 'a1b2c3d4e5f60718293a4b5c6d7e8f90',
  DEMO_SHOP_CLIENT_SECRET: 'q'.repeat(32),
  DEMO_SHOP_ADMIN_KEY: 'b1b2c3d4e5f60718293a4b5c6d7e8f91',
  DEMO_SHOP_PATH_KEY: 'p9f2c64e1d7a80b35',
  DEMO_SHOP_WEBHOOK_URL: 'https://shop.example/kakao',
  DEMO_SHOP_WEBHOOK_SECRET: `whsec_${KEY}`,
};

/** The variable an operator forgot or left as it is in development, and what the app then finds. */
const REFUSED: [variable: string, what: string, env: Environment][] = [
  ['DATABASE_URL', 'is missing', { DATABASE_URL: undefined }],
  [
    'DATABASE_URL',
    "has the password of docker-compose's example",
    { DATABASE_URL: 'postgres://biz:development@db:5432/biz' },
  ],
  ['DATABASE_URL', 'has the password everybody tries', { DATABASE_URL: 'postgres://biz:Postgres@db/biz' }],
  ['DATABASE_URL', 'has the user as its password', { DATABASE_URL: 'postgres://shop:sh%6Fp@db/biz' }],
  ['DATABASE_URL', 'names its password in the query', { DATABASE_URL: 'postgres://biz@db/biz?password=development' }],
  ['DATABASE_URL', 'has no password for another machine', { DATABASE_URL: 'postgres://biz@db/biz' }],
  ['DATA_ENCRYPTION_KEYS', 'is missing', { DATA_ENCRYPTION_KEYS: undefined }],
  ['DATA_ENCRYPTION_KEYS', 'holds the development key', { DATA_ENCRYPTION_KEYS: `k1:${KEY},dev:${DEVELOPMENT_KEY}` }],
  ['OPERATOR_TOKEN', 'is missing', { OPERATOR_TOKEN: undefined }],
  ['OPERATOR_TOKEN', 'has 31 characters', { OPERATOR_TOKEN: 'k'.repeat(31) }],
  ['RETRY_TIME_SCALE', 'is not 1', { RETRY_TIME_SCALE: '0.01' }],
  ['KAKAO_TALK_PLUGIN_ORIGIN', 'is http', { KAKAO_TALK_PLUGIN_ORIGIN: 'http://127.0.0.1:3000' }],
  ['KAKAOPAY_ORIGIN', 'is http', { KAKAOPAY_ORIGIN: 'http://127.0.0.1:3000' }],
  ['KAKAO_AUTH_ORIGIN', 'is http', { KAKAO_AUTH_ORIGIN: 'http://127.0.0.1:3000' }],
  ['KAKAO_API_ORIGIN', 'is http', { KAKAO_API_ORIGIN: 'http://127.0.0.1:3000' }],
  ['DEMO_SHOP_PATH_KEY', 'is missing', { DEMO_SHOP_PATH_KEY: undefined }],
  ['DEMO_SHOP_PATH_KEY', 'is the default', { DEMO_SHOP_PATH_KEY: 'demo-shop' }],
  ['DEMO_SHOP_PATH_KEY', 'has 15 characters', { DEMO_SHOP_PATH_KEY: 'p9f2c64e1d7a80b' }],
  ['DEMO_SHOP_REST_API_KEY', 'is missing', { DEMO_SHOP_REST_API_KEY: undefined }],
  ['DEMO_SHOP_ADMIN_KEY', 'is missing', { DEMO_SHOP_ADMIN_KEY: undefined }],
  ['DEMO_SHOP_WEBHOOK_SECRET', 'is missing', { DEMO_SHOP_WEBHOOK_SECRET: undefined }],
  ['DEMO_SHOP_WEBHOOK_SECRET', 'is published', { DEMO_SHOP_WEBHOOK_SECRET: WEBHOOK_DEFAULT }],
  [
    'DEMO_SHOP_WEBHOOK_SECRET',
    'is published, without padding',
    { DEMO_SHOP_WEBHOOK_SECRET: WEBHOOK_DEFAULT.replaceAll('=', '') },
  ],
  [
    'DEMO_SHOP_WEBHOOK_SECRET',
    'is published, as the old one',
    { DEMO_SHOP_WEBHOOK_SECRET: `whsec_${KEY},${WEBHOOK_DEFAULT}` },
  ],
  ['DEMO_SHOP_WEBHOOK_SECRET', 'has one byte', { DEMO_SHOP_WEBHOOK_SECRET: 'whsec_YQ==' }],
  ['DEMO_SHOP_WEBHOOK_SECRET', 'has 23 bytes', { DEMO_SHOP_WEBHOOK_SECRET: webhookSecret(23) }],
  ['DEMO_SHOP_WEBHOOK_SECRET', 'has 65 bytes', { DEMO_SHOP_WEBHOOK_SECRET: webhookSecret(65) }],
  ['DEMO_SHOP_REST_API_KEY', 'is the default', { DEMO_SHOP_REST_API_KEY: 'demo-shop-rest-api-key' }],
  ['DEMO_SHOP_REST_API_KEY', "is another merchant's default", { DEMO_SHOP_REST_API_KEY: 'acme-store-rest-api-key' }],
  ['DEMO_SHOP_CLIENT_SECRET', 'is the default', { DEMO_SHOP_CLIENT_SECRET: 'demo-shop-client-secret' }],
  ['DEMO_SHOP_ADMIN_KEY', 'is the default', { DEMO_SHOP_ADMIN_KEY: 'demo-shop-admin-key' }],
  ['DEMO_SHOP_PAY_SECRET_KEY', 'is the default', { DEMO_SHOP_PAY_SECRET_KEY: 'DEVdemo-shop-pay-secret-key' }],
  ['DEMO_SHOP_WEBHOOK_URL', 'is http', { DEMO_SHOP_WEBHOOK_URL: 'http://127.0.0.1:3000/shop/webhook' }],
];

const APPS: Exclude<AppName, 'simulator'>[] = ['profile', 'location', 'image', 'option', 'payment', 'sync'];
const live: MerchantDefinition = { ...demoShop, app: { ...demoShop.app, environment: 'live' } };

let database: TestDatabase;
beforeAll(async () => {
  database = await testDatabase(...new Set(definitionsOf([demoShop]).flatMap(({ schemas }) => schemas)));
});
afterAll(() => database.drop());

const definition = (name: AppName, merchant = demoShop): AppDefinition => {
  const found = definitionsOf([merchant]).find((app) => app.name === name);
  if (!found) throw new Error(name);
  return found;
};

/** Builds the app, as its start does before it listens. @returns why it would not start */
async function problemsOf(app: AppDefinition, env: Environment): Promise<readonly string[]> {
  try {
    await (await createApp(app, { env: { ...GOOD, DATABASE_URL: database.url, ...env } })).close();
    return [];
  } catch (error) {
    if (error instanceof ConfigError) return error.problems;
    throw error;
  }
}

describe.each(APPS)('%s in production', (name) => {
  it('starts with the secrets of a careful operator', async () => {
    expect(await problemsOf(definition(name), {})).toEqual([]);
  });

  it.each(REFUSED)('refuses to start when %s %s, and names it without its value', async (variable, _what, env) => {
    const problems = await problemsOf(definition(name), env);
    expect(problems).toHaveLength(1);
    expect(problems[0]).toMatch(new RegExp(`^${variable}: `));
    const secret = /TOKEN|KEYS?$|SECRET/.test(variable) && env[variable];
    if (secret) expect(problems.join()).not.toContain(secret);
  });

  it.each([
    ['is missing', undefined],
    ['is http', 'http://plugin.shop.example'],
  ])('refuses to start when its public address %s', async (_what, url) => {
    const variable = `PUBLIC_BASE_URL_${name.toUpperCase()}`;
    const problems = await problemsOf(definition(name), { [variable]: url });
    expect(problems).toEqual([
      expect.stringMatching(new RegExp(`^${variable}: found .*production needs the https address`)),
    ]);
  });

  it('takes an empty variable for one that is not set', async () => {
    expect(await problemsOf(definition(name), { DEFAULT_MERCHANT: '', DEMO_SHOP_CID: '', LOG_LEVEL: '' })).toEqual([]);
    const [problem] = await problemsOf(definition(name), { DEMO_SHOP_PATH_KEY: '' });
    expect(problem).toMatch(/^DEMO_SHOP_PATH_KEY: found nothing/);
  });

  it('refuses development CIDs and a development key of KakaoPay on a live app', async () => {
    const problems = await problemsOf(definition(name, live), {
      DEMO_SHOP_CID: 'DEV0ONETIM',
      DEMO_SHOP_SUBSCRIPTION_CID: 'DEVSUBSCRI',
      DEMO_SHOP_PAY_SECRET_KEY: 'DEV0123456789ABCDEF',
    });
    const variables = ['DEMO_SHOP_PAY_SECRET_KEY', 'DEMO_SHOP_CID', 'DEMO_SHOP_SUBSCRIPTION_CID'];
    expect(problems.map((problem) => problem.split(':')[0])).toEqual(variables);
  });

  it.each([24, 64])('takes a webhook secret of %i bytes', async (bytes) => {
    expect(await problemsOf(definition(name), { DEMO_SHOP_WEBHOOK_SECRET: webhookSecret(bytes) })).toEqual([]);
  });

  it('refuses the play money of a test CID on a live app', async () => {
    const problems = await problemsOf(definition(name, live), {});
    expect(problems.map((problem) => problem.split(':')[0])).toEqual(['DEMO_SHOP_CID', 'DEMO_SHOP_SUBSCRIPTION_CID']);
  });
});

it('listens on this machine alone, unless HOST says otherwise', () => {
  expect(readConfig(RuntimeConfig, { NODE_ENV: 'production' }).host).toBe('127.0.0.1');
  expect(readConfig(RuntimeConfig, { NODE_ENV: 'production', HOST: '0.0.0.0' }).host).toBe('0.0.0.0');
});

it('never starts the simulator in production', async () => {
  const [problem] = await problemsOf(definition('simulator'), {});
  expect(problem).toMatch(/^NODE_ENV: found production/);
});

import { customerPathKeyOf } from '@biz/platform';
import type { Environment } from '@biz/platform';
import { contractOf } from '@biz/merchant';
import type { MerchantDefinition } from '@biz/merchant';

import { PAYMENT, problems, shop, start } from './definitions';

describe('a test app beside its live app', () => {
  const live = shop('acme', PAYMENT, 'live');
  const test = { ...shop('acme-test', PAYMENT), app: { id: '249345', environment: 'test', testOf: 'acme' } } as const;

  it('is a merchant of its own, with a CID for play money only', () => {
    const merchants = start([live, test]);
    expect(merchants.get('acme-test').secrets.cid).toMatch(/^TC/);
    expect(merchants.get('acme').secrets.cid).not.toMatch(/^TC/);
    expect(merchants.byPathKey('acme', 'server')?.app.environment).toBe('live');
    expect(merchants.byPathKey('acme-test', 'server')?.app.environment).toBe('test');
  });

  it.each<[string, MerchantDefinition[], Environment, string]>([
    ['another name', [live, { ...test, id: 'toy' }], {}, 'must be the merchant acme-test'],
    ['no live app', [test], {}, 'app.testOf names acme, which is no live merchant here'],
    ['a live app that is none', [shop('acme', PAYMENT), test], {}, 'names acme, which is no live merchant here'],
    ['the app id of the live app', [live, { ...test, app: { ...test.app, id: '249344' } }], {}, 'app id 249344 is'],
    ['a live environment', [live, { ...test, app: { ...test.app, environment: 'live' } }], {}, 'for a test app only'],
    ['the live REST API key', [live, test], { ACME_TEST_REST_API_KEY: 'x', ACME_REST_API_KEY: 'x' }, 'keys of its own'],
    ['the live admin key', [live, test], { ACME_TEST_ADMIN_KEY: 'x', ACME_ADMIN_KEY: 'x' }, 'ACME_TEST_ADMIN_KEY'],
    ['a live CID', [live, test], { ACME_TEST_CID: 'CA12345678' }, 'ACME_TEST_CID: found a real CID'],
    ['the live path key', [live, test], { ACME_TEST_PATH_KEY: 'acme' }, 'same PATH_KEY'],
  ])('with %s is refused', (_what, definitions, env, problem) => {
    expect(problems(definitions, env)).toContain(problem);
  });

  it('leaves the name -test to test apps', () => {
    expect(problems([shop('acme-test', {}, 'live')])).toContain('a live merchant is not called -test');
  });
});

describe('secrets', () => {
  it.each<[string, MerchantDefinition, Environment, string]>([
    [
      'a test CID on a live app',
      shop('acme', PAYMENT, 'live'),
      { ACME_CID: 'TC0ONETIME' },
      'ACME_CID: found a test CID',
    ],
    ['a real CID on a test app', shop('acme', PAYMENT), { ACME_CID: 'CA12345678' }, 'ACME_CID: found a real CID'],
    [
      'a CID of nine characters',
      shop('acme', PAYMENT),
      { ACME_CID: 'TC0ONETIM' },
      'ACME_CID: found a value of 9 characters',
    ],
    [
      'a CID secret in capitals',
      shop('acme', PAYMENT),
      { ACME_CID_SECRET: 'A'.repeat(24) },
      'ACME_CID_SECRET: found a value of 24',
    ],
    [
      'a CID secret of subscriptions that is too short',
      shop('acme', PAYMENT),
      { ACME_SUBSCRIPTION_CID_SECRET: 'a' },
      'ACME_SUBSCRIPTION_CID_SECRET: found a value of 1 characters',
    ],
    [
      'a CID secret without its CID',
      shop('acme', { payment: { api: 'legacy', subscriptionCid: 'TCSUBSCRIP' } }),
      { ACME_CID_SECRET: 'a'.repeat(24) },
      'ACME_CID_SECRET: found a value, but no ACME_CID that it belongs to',
    ],
    [
      'one CID with two secrets',
      shop('acme', PAYMENT),
      { ACME_CID: 'TCSUBSCRIP', ACME_CID_SECRET: 'a'.repeat(24) },
      'ACME_SUBSCRIPTION_CID_SECRET: found another value than ACME_CID_SECRET; both CIDs are one',
    ],
    ['a path key with a slash', shop('acme'), { ACME_PATH_KEY: 'a/b' }, 'ACME_PATH_KEY: found a value of another form'],
    ...[
      '.',
      '..',
      '.acme-9f2c',
      '-acme',
      '~acme',
      '_acme',
      'acme%2f',
      'acme?',
      'acme;x',
      ' acme',
      '에이스',
      'acme\n',
    ].map((key): [string, MerchantDefinition, Environment, string] => [
      `the path key ${JSON.stringify(key)}`,
      shop('acme'),
      { ACME_PATH_KEY: key },
      'ACME_PATH_KEY: found a value of another form; it must begin with a letter or digit',
    ]),
    ...['10.0.0.7', '192.168.1.5:8443', '[fd00::7]', '169.254.169.254', '[::ffff:10.0.0.7]'].map(
      (host): [string, MerchantDefinition, Environment, string] => [
        `a webhook at ${host}`,
        shop('acme'),
        { ACME_WEBHOOK_URL: `https://${host}/hook` },
        'ACME_WEBHOOK_URL: found ',
      ],
    ),
    ['a webhook that is no URL', shop('acme'), { ACME_WEBHOOK_URL: 'shop' }, 'ACME_WEBHOOK_URL: found no URL'],
    [
      'a webhook by http',
      shop('acme'),
      { ACME_WEBHOOK_URL: 'http://shop.example/hook' },
      'ACME_WEBHOOK_URL: found http:',
    ],
    [
      'a webhook with a password',
      shop('acme'),
      { ACME_WEBHOOK_URL: 'https://a:b@shop.example' },
      'ACME_WEBHOOK_URL: found user info',
    ],
    [
      'a webhook secret of another form',
      shop('acme'),
      { ACME_WEBHOOK_SECRET: 'secret' },
      'ACME_WEBHOOK_SECRET: found a value of another form',
    ],
  ])('with %s are refused, and not printed', (_what, definition, env, problem) => {
    expect(problems([definition], env)).toContain(problem);
  });

  const production: Environment = {
    NODE_ENV: 'production',
    ACME_REST_API_KEY: 'k',
    ACME_ADMIN_KEY: 'k',
    ACME_CID: 'CA12345678',
    ACME_PATH_KEY: 'acme-9f2c77aa0188bd21',
  };

  it.each([
    ['subscriptions only', { ACME_SUBSCRIPTION_CID: 'CA12345678' }],
    ['single payments only', { ACME_CID: 'CA12345678' }],
  ])('need no other CID for %s', (_what, env) => {
    const others = { ...production, ACME_CID: undefined };
    expect(problems([shop('acme', PAYMENT, 'live')], { ...others, ...env })).toBe('');
    expect(problems([shop('acme', PAYMENT, 'live')], others)).toContain(
      'ACME_CID: found nothing, nor in ACME_SUBSCRIPTION_CID',
    );
  });

  it('name each CID with the secret that belongs to it', () => {
    const [single, monthly] = ['a'.repeat(24), 'b'.repeat(24)];
    const env = { ACME_CID_SECRET: single, ACME_SUBSCRIPTION_CID_SECRET: monthly };
    const { secrets } = start([shop('acme', PAYMENT)], env).get('acme');
    expect(['TC0ONETIME', 'TCSUBSCRIP', 'TCREPLACED'].map((cid) => contractOf(secrets, cid))).toEqual([
      { cid: 'TC0ONETIME', cidSecret: single },
      { cid: 'TCSUBSCRIP', cidSecret: monthly },
      { cid: 'TCREPLACED' },
    ]);
    const { secrets: old } = start([shop('acme', PAYMENT)], { ACME_CID_SECRET: single }).get('acme');
    expect(contractOf(old, 'TCSUBSCRIP')).toEqual({ cid: 'TCSUBSCRIP' });
    const only = shop('acme', { payment: { api: 'legacy', subscriptionCid: 'TCSUBSCRIP' } });
    expect(start([only]).get('acme').secrets.cid).toBeUndefined();
  });

  it('are complete for production', () => {
    expect(problems([shop('acme', PAYMENT, 'live')], production)).toBe('');
  });

  it.each<[string, Environment, string]>([
    ['no REST API key', { ACME_REST_API_KEY: undefined }, 'ACME_REST_API_KEY: found nothing'],
    ['no admin key', { ACME_ADMIN_KEY: undefined }, 'ACME_ADMIN_KEY: found nothing'],
    ['no CID', { ACME_CID: undefined }, 'ACME_CID: found nothing'],
    ['no path key', { ACME_PATH_KEY: undefined }, 'ACME_PATH_KEY: found nothing'],
    ['a short path key', { ACME_PATH_KEY: 'acme-1' }, 'ACME_PATH_KEY: found a value of 6 characters'],
    ['the development path key', { ACME_PATH_KEY: 'acme' }, 'ACME_PATH_KEY: found'],
    ['its own id and little more', { ACME_PATH_KEY: 'acme-acme-acme-9f2c' }, 'ACME_PATH_KEY: found a value of 19'],
    ['one letter for a path key', { ACME_PATH_KEY: 'a'.repeat(32) }, 'ACME_PATH_KEY: found a value of 32'],
    [
      "development's customer path key",
      { ACME_PATH_KEY: customerPathKeyOf('acme') },
      'ACME_PATH_KEY: found a value of 32 characters that is a default of development',
    ],
    [
      'a webhook to this machine by http',
      { ACME_WEBHOOK_URL: 'http://127.0.0.1:1/hook' },
      'ACME_WEBHOOK_URL: found http:',
    ],
    ['an unsigned webhook', { ACME_WEBHOOK_URL: 'https://shop.example/hook' }, 'ACME_WEBHOOK_SECRET: found nothing'],
  ])('in production with %s are refused', (_what, env, problem) => {
    expect(problems([shop('acme', PAYMENT, 'live')], { ...production, ...env })).toContain(problem);
  });
});

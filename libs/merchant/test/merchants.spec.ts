import { writeFileSync, mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { customerPathKeyOf } from '@biz/platform';
import { defineMerchant } from '@biz/merchant';
import type { MerchantDefinition, MerchantPlugins, PluginRegistration, ProfileScope } from '@biz/merchant';

import { PAYMENT, problems, shop, start } from './definitions';

describe('a merchant definition', () => {
  it('works in development with harmless secrets of its own', () => {
    const merchants = start([shop('acme', PAYMENT)]);
    expect(merchants.default.id).toBe('acme');
    expect(merchants.get('acme').secrets).toMatchObject({ cid: 'TC0ONETIME', pathKey: 'acme' });
  });

  it('sends its events in development to the simulator, wherever that runs and whoever plays Kakao, by plain http there only', () => {
    const env = { PUBLIC_BASE_URL_SIMULATOR: 'http://simulator:3000', KAKAO_API_ORIGIN: 'http://kapi.example' };
    expect(start([shop('acme')], env).get('acme').secrets.webhookUrl).toBe('http://simulator:3000/shop/webhook');
    expect(problems([shop('acme')], { ...env, ACME_WEBHOOK_URL: 'http://kapi.example/hook' })).toContain(
      'ACME_WEBHOOK_URL: found http:',
    );
  });

  it('finds its secrets by the variables of its id, also in a secrets file, and the environment wins', () => {
    const file = join(mkdtempSync(join(tmpdir(), 'secrets-')), 'biz');
    // As Windows saves it, with a byte order mark.
    writeFileSync(file, '\uFEFFTEA_HOUSE_ADMIN_KEY=from-file\nTEA_HOUSE_PATH_KEY=from-file\n');
    const env = { TEA_HOUSE_REST_API_KEY: 'from-env', TEA_HOUSE_PATH_KEY: 'tea-9f2c', SECRETS_FILE: file };
    const { secrets } = start([shop('tea-house')], env).get('tea-house');
    expect(secrets).toMatchObject({ restApiKey: 'from-env', adminKey: 'from-file', pathKey: 'tea-9f2c' });
  });

  it('is found by its path key and by nothing else', () => {
    const merchants = start([shop('acme'), shop('zeta')], { ZETA_PATH_KEY: 'zeta-9f2c' });
    expect(merchants.byPathKey('zeta-9f2c', 'server')?.id).toBe('zeta');
    expect(merchants.byPathKey('zeta', 'server')).toBeUndefined();
    expect(merchants.byPathKey('', 'server')).toBeUndefined();
  });

  it('has a second key for customers, which tells nothing of the first and opens nothing in its place', () => {
    const merchants = start([shop('acme'), shop('zeta')], { ZETA_PATH_KEY: 'zeta-9f2c' });
    const { pathKey, customerPathKey } = merchants.get('zeta').secrets;
    expect(customerPathKey).toMatch(/^[0-9a-f]{32}$/);
    expect(customerPathKey).toBe(customerPathKeyOf('zeta-9f2c'));
    expect(merchants.byPathKey(customerPathKey, 'customer')?.id).toBe('zeta');
    expect(merchants.byPathKey(customerPathKey, 'server')).toBeUndefined();
    expect(merchants.byPathKey(pathKey, 'customer')).toBeUndefined();
    expect(merchants.byPathKey(customerPathKeyOf(customerPathKey), 'customer')).toBeUndefined();
    expect(merchants.byPathKey(customerPathKeyOf(''), 'customer')).toBeUndefined();
  });

  it('is the default merchant when DEFAULT_MERCHANT names it', () => {
    expect(start([shop('acme'), shop('zeta')], { DEFAULT_MERCHANT: 'zeta' }).default.id).toBe('zeta');
    expect(problems([shop('acme')], { DEFAULT_MERCHANT: 'nobody' })).toContain(
      'DEFAULT_MERCHANT: found "nobody"; it must be one of acme',
    );
  });

  const images = (count: number): MerchantPlugins => ({
    image: Array.from({ length: count }, (_, at) => ({ key: `image-${at}`, retainDays: 1 })),
  });

  it.each<[string, MerchantDefinition[], string]>([
    ['an id in capitals', [shop('Acme')], 'the id must be lower-case words'],
    ['two of one id', [shop('acme'), shop('acme')], 'two merchants have this id'],
    ['eleven image plugins', [shop('acme', images(11))], '11 image plugins; Kakao allows 10'],
    [
      'a scope in two profile plugins',
      [
        shop('acme', {
          profile: [
            { key: 'a', scopes: ['email'], retainDays: 1 },
            { key: 'b', scopes: ['email'], retainDays: 1 },
          ],
        }),
      ],
      'profile plugins share the scope email',
    ],
    [
      'two plugins of one key',
      [
        shop('acme', {
          profile: [
            { key: 'a', scopes: ['email'], retainDays: 1 },
            { key: 'a', scopes: ['gender'], retainDays: 1 },
          ],
        }),
      ],
      'two profile plugins have the key a',
    ],
    [
      'an app id of letters',
      [defineMerchant({ ...shop('acme'), app: { id: 'app', environment: 'test' } })],
      'must be digits',
    ],
    [
      'a plugin id that is not Kakao’s',
      [shop('acme', { sync: { pluginId: 'sync' } })],
      'pluginId of sync must be 24 hex digits',
    ],
    [
      'one plugin id twice',
      [
        shop('acme', {
          sync: { pluginId: '5fcf3cfe00a6950dc026b0aa' },
          location: { pluginId: '5fcf3cfe00a6950dc026b0aa' },
        }),
      ],
      'two plugins have the pluginId 5fcf3cfe00a6950dc026b0aa',
    ],
    [
      'tables in somebody else’s schema',
      [{ ...shop('acme'), tables: { schema: 'payment', entities: [], migrations: [] } }],
      'its tables must stand in the PostgreSQL schema shop_acme',
    ],
    [
      'an agreement on no day',
      [
        shop('acme', {
          payment: { api: 'legacy', subscriptionAgreement: { agreedOn: '2026-02-30', opensOn: '2026-04-01' } },
        }),
      ],
      'subscriptionAgreement.agreedOn: "2026-02-30" is no day',
    ],
    ['a negative quota', [{ ...shop('acme'), imageQuotaBytes: -1 }], 'imageQuotaBytes must be a whole number of bytes'],
    ['a negative retention', [shop('acme', { location: { retainDays: -1 } })], 'retainDays must be a whole number'],
    [
      'drafts that are forgotten as they expire',
      [shop('acme', { option: { kind: 'commerce', retainDays: 0 } })],
      'retainDays of the option plugin must be a whole number of days, 1 or more',
    ],
  ])('with %s is refused', (_what, definitions, problem) => {
    expect(problems(definitions)).toContain(problem);
  });

  const profile = (key: string, ...scopes: ProfileScope[]): MerchantPlugins => ({
    profile: [{ key, scopes, retainDays: 1 }],
  });
  const [acmeId, zetaId] = ['5fcf3cfe00a6950dc026b0aa', '5FCF3CFE00A6950DC026B0AA'];

  it.each<[string, MerchantPlugins, MerchantPlugins, string]>([
    [
      'scopes',
      profile('a', 'email', 'gender'),
      profile('b', 'gender', 'email'),
      'have the same app id 249344: profile plugins share the scope gender, email; Kakao registers a scope once',
    ],
    ['more than ten image plugins', images(6), images(5), '11 image plugins; Kakao allows 10'],
    ['two location plugins', { location: {} }, { location: {} }, '2 location plugins of app 249344; Kakao allows 1'],
    ['two sync plugins', { sync: {} }, { sync: {} }, '2 sync plugins of app 249344; Kakao allows 1'],
    ['a plugin id', { sync: { pluginId: acmeId } }, { location: { pluginId: zetaId } }, `the pluginId ${acmeId}`],
  ])('is refused when two merchants of one app have %s together (0.5)', (_what, one, other, problem) => {
    const both = [shop('acme', one), shop('zeta', other)];
    expect(problems(both)).toContain('merchant acme and zeta');
    expect(problems(both)).toContain(problem);
    const apart = [both[0]!, { ...both[1]!, app: { id: '7', environment: 'test' as const } }];
    expect(problems(apart)).toBe(problem.includes('pluginId') ? problems(both) : '');
  });

  it('counts no app that is not there yet', () => {
    const fresh = (id: string) => ({ ...shop(id, { sync: {} }), app: { id: '0', environment: 'test' as const } });
    expect(problems([fresh('acme'), fresh('zeta')])).toBe('');
  });

  const applied = (...registrations: object[]): MerchantDefinition => ({
    ...shop('acme', { option: { kind: 'commerce' }, payment: { api: 'legacy' }, sync: {} }),
    registrations: registrations as PluginRegistration[],
  });
  const shopPlugin = { key: 'shop', scenario: 4, title: '옵션+결제', option: 'commerce', payment: 'single' };

  it('registers plugins of each scenario, several of a kind', () => {
    const several = applied(
      shopPlugin,
      { key: 'club', scenario: 3, title: '정기', payment: 'subscription', pluginId: acmeId },
      { key: 'survey', scenario: 1, title: '설문', option: 'non-commerce' },
      { key: 'quiz', scenario: 2, title: '가'.repeat(20), option: 'non-commerce', relayId: 'required' },
    );
    expect(problems([several])).toBe('');
  });

  it.each<[string, object, string]>([
    ['no scenario', { scenario: 5 }, 'registration shop: scenario must be one of 1, 2, 3, 4'],
    ['a long title', { title: '가'.repeat(21) }, 'registration shop: title "가가가'],
    ['a blank title', { title: ' ' }, 'registration shop: title " ": empty'],
    ['no option type', { option: undefined }, 'registration shop: option must be commerce or non-commerce'],
    ['no payment type', { payment: 'both' }, 'registration shop: payment must be single or subscription'],
    ['a payment that it has not', { scenario: 1 }, 'registration shop: payment is not part of its scenario'],
    ['an option that it has not', { scenario: 3 }, 'registration shop: option is not part of its scenario'],
    ['a payment after mere questions', { option: 'non-commerce' }, 'a payment follows, so it must be commerce'],
    ['an odd key', { key: 'Shop 1' }, 'applied plugin key "Shop 1" must be lower-case'],
    ['an odd id', { pluginId: 'x' }, 'pluginId of registration shop must be 24 hex digits'],
  ])('refuses a registration with %s', (_what, changes, problem) => {
    expect(problems([applied({ ...shopPlugin, ...changes })])).toContain(problem);
  });

  it('refuses registrations of one key, and of plugins that the merchant has not', () => {
    expect(problems([applied(shopPlugin, shopPlugin)])).toContain('two applied plugins have the key shop');
    const none = { ...applied(shopPlugin), plugins: { payment: { api: 'legacy' } } } as MerchantDefinition;
    expect(problems([none])).toContain('registration shop: scenario 4 has a sync plugin, and plugins.sync is missing');
  });

  it('with ten image plugins is not', () => {
    expect(problems([shop('acme', images(10))])).toBe('');
  });

  it('tells every problem at once', () => {
    const lines = problems([shop('acme', { ...images(11), location: { retainDays: 0.5 } })], {
      DEFAULT_MERCHANT: 'x',
    }).split('\n');
    expect(lines).toHaveLength(3);
  });

  it('may not have the customer path key of any merchant for a path key', () => {
    const env = { ZETA_PATH_KEY: customerPathKeyOf('acme') };
    const told = 'ZETA_PATH_KEY: found the customer path key of ACME_PATH_KEY, which customers can read';
    expect(problems([shop('acme'), shop('zeta')], env)).toBe(told);
    expect(problems([shop('zeta'), shop('acme')], env)).toBe(told);
  });

  it('may not share a path key: orders would mix', () => {
    expect(problems([shop('acme'), shop('zeta')], { ZETA_PATH_KEY: 'acme' })).toContain('same PATH_KEY');
  });
});

import { defineMerchant } from '@biz/merchant';
import { customerPathKeyOf } from '@biz/platform';
import { startTestApp, testDatabase } from '@biz/testing';
import type { TestApp, TestDatabase } from '@biz/testing';
import { addressOf, APPS, isOpenedByCustomers, routesOf } from './routes';

const KEYS = { acme: 'acme-path-key-0123456789', zeta: 'zeta-path-key-0123456789' };
const merchants = ['acme', 'zeta'].map((id) =>
  defineMerchant({
    id,
    name: id,
    app: { id: '1001', environment: 'test' },
    plugins: {
      profile: [{ key: 'main', scopes: ['email'] }],
      location: {},
      image: [{ key: 'main' }],
      option: { kind: 'commerce' },
      payment: { api: 'open' },
      sync: {},
    },
  }),
);

/** An answer as a caller sees it, but for what differs from answer to answer. */
interface Seen {
  status: number;
  body: string;
  headers: [string, string][];
}

describe('path keys', () => {
  let database: TestDatabase;
  let running: TestApp;
  beforeAll(async () => {
    database = await testDatabase(...new Set(APPS.flatMap(([, make]) => make(merchants).schemas)));
  });
  afterEach(() => running.close());
  afterAll(() => database.drop());

  const see = async (method: string, path: string, body?: string): Promise<Seen> => {
    // Another type of body than a route's own is refused before any key is looked at, whatever the key.
    const type = path.endsWith('/events') ? 'application/secevent+jwt' : 'application/json';
    const sent = method === 'POST' ? { body: body ?? '{}', headers: { 'content-type': type } } : {};
    const answer = await fetch(running.url + path, { method, redirect: 'manual', ...sent });
    const headers = [...answer.headers].filter(
      ([name]) => !['date', 'x-request-id', 'connection', 'keep-alive'].includes(name),
    );
    return { status: answer.status, body: await answer.text(), headers };
  };

  it.each(APPS)('open the routes of the %s app that are of their kind, and no other', async (app, make, count) => {
    running = await startTestApp(make(merchants), {
      database,
      env: {
        DEFAULT_MERCHANT: 'acme',
        SERVE_WITHOUT_PATH_KEY: 'false',
        RATE_LIMITS: 'false',
        ACME_PATH_KEY: KEYS.acme,
        ZETA_PATH_KEY: KEYS.zeta,
      },
    });
    const routes = routesOf(running.app);
    expect(routes).toHaveLength(count);
    const kakaos = routes.filter(({ url }) => url.startsWith('/m/:pathKey'));
    for (const { url, methods } of kakaos) {
      const bare = url.replace('/m/:pathKey', '');
      expect(routes.map((route) => route.url)).toContain(bare);
      for (const method of methods.filter((each) => each !== 'HEAD')) {
        const unknown = await see(method, '/no/such/address');
        expect(unknown.status).toBe(404);
        const customers = isOpenedByCustomers(app, url);
        const right = addressOf(app, url, KEYS.acme);
        const opened = await see(method, right);
        // A route may say 404 itself, in words of its own: the skill and callback of a plugin that is not there.
        if (!url.includes(':plugin')) expect([method, url, opened.status]).not.toEqual([method, url, 404]);
        const at = (key: string): string => url.replace(':pathKey', key).replace(/:\w+/g, 'x');
        const wrong = [
          customers ? KEYS.acme : customerPathKeyOf(KEYS.acme),
          customers ? KEYS.zeta : customerPathKeyOf(KEYS.zeta),
          customerPathKeyOf(customerPathKeyOf(KEYS.acme)),
          KEYS.acme.toUpperCase(),
          `${KEYS.acme}%20`,
          'acme',
          'undefined',
          '__proto__',
        ].map(at);
        for (const path of [...wrong, bare.replace(/:\w+/g, 'x'), `/${bare.replace(/:\w+/g, 'x')}`]) {
          expect([method, path, await see(method, path)]).toEqual([method, path, unknown]);
        }
        // Neither does a body that cannot be read tell a wrong key from an invented one.
        if (method === 'POST') expect(await see(method, wrong[0]!, '{b')).toEqual(await see(method, at('guess'), '{b'));
      }
    }
  });
});

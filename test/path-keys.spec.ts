import { customerPathKeyOf } from '@biz/platform';
import { startTestApp, testDatabase } from '@biz/testing';
import type { TestApp, TestDatabase } from '@biz/testing';
import { addressOf, allRoutesOf, APPS, BOTH, isOpenedByCustomers, KEYS, KEYS_ENV, routesOf } from './routes';

/** Bodies that a route refuses, each for another reason, with their content types. */
const REFUSED_BODIES: [string, string | undefined, string][] = [
  ['broken JSON', 'application/json', '{b'],
  ['the type of another route', 'text/csv', 'a,b'],
  ['a type that no route reads', 'application/x-odd', 'odd'],
  ['a type that is none', 'odd', 'odd'],
  ['no type', undefined, 'odd'],
  ['JSON of a class', 'application/json', '{"constructor":1}'],
  ['a body that is too large', 'application/json', `"${'x'.repeat(300 * 1024)}"`],
];

/** As bytes, which have no type of their own. */
const bodyOf = (type: string | undefined, text: string): Pick<RequestInit, 'body' | 'headers'> => ({
  body: new TextEncoder().encode(text),
  headers: type ? { 'content-type': type } : {},
});

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
    database = await testDatabase(...new Set(APPS.flatMap(([, make]) => make(BOTH).schemas)));
  });
  afterEach(() => running.close());
  afterAll(() => database.drop());

  const start = async (make: (typeof APPS)[number][1]): Promise<void> => {
    running = await startTestApp(make(BOTH), {
      database,
      env: { ...KEYS_ENV, SERVE_WITHOUT_PATH_KEY: 'false', RATE_LIMITS: 'false' },
    });
  };

  const see = async (method: string, path: string, body?: Pick<RequestInit, 'body' | 'headers'>): Promise<Seen> => {
    const type = path.endsWith('/events') ? 'application/secevent+jwt' : 'application/json';
    const sent = method === 'GET' ? {} : (body ?? { body: '{}', headers: { 'content-type': type } });
    const answer = await fetch(running.url + path, { method, redirect: 'manual', ...sent });
    const headers = [...answer.headers].filter(
      ([name]) => !['date', 'x-request-id', 'connection', 'keep-alive'].includes(name),
    );
    return { status: answer.status, body: await answer.text(), headers };
  };

  it.each(APPS)('open the routes of the %s app that are of their kind, and no other', async (app, make, count) => {
    await start(make);
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
      }
    }
  });

  it.each(APPS)('are asked for before a body is looked at, on every route of the %s app', async (app, make) => {
    await start(make);
    const unknown = await see('GET', '/no/such/address');
    for (const [what, type, text] of REFUSED_BODIES) {
      expect([what, await see('POST', '/no/such/address', bodyOf(type, text))]).toEqual([what, unknown]);
    }
    const known = new Set<string>();
    for (const { url, methods } of allRoutesOf(running.app)) {
      for (const method of methods.filter((each) => !['GET', 'HEAD'].includes(each))) {
        for (const [what, type, text] of REFUSED_BODIES) {
          const body = bodyOf(type, text);
          if (url.startsWith('/operator')) {
            // The operator token is asked for as early.
            const { status } = await see(method, url.replace(/:\w+/g, 'x'), body);
            expect([method, url, what, status]).toEqual([method, url, what, 401]);
            known.add('operator');
            continue;
          }
          const bare = url.replace('/m/:pathKey', '').replace(/:\w+/g, 'x');
          for (const path of [bare, `/m/guess${bare}`]) {
            expect([method, path, what, await see(method, path, body)]).toEqual([method, path, what, unknown]);
          }
          if (!url.startsWith('/m/')) continue;
          const right = await see(method, addressOf(app, url, KEYS.acme), body);
          // The admin key of /unlink is one more thing that a caller has to know.
          const refused = url.endsWith('/unlink') ? [401] : [400, 413, 415];
          expect([method, url, what, refused.includes(right.status)]).toEqual([method, url, what, true]);
          known.add('merchant');
        }
      }
    }
    expect([...known].toSorted()).toEqual(['merchant', 'operator']);
  });
});

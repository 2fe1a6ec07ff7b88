import { request as call } from 'node:http';
import type { MerchantDefinition } from '@biz/merchant';
import type { AppDefinition, Environment } from '@biz/platform';
import { ManualClock, startTestApp, testDatabase } from '@biz/testing';
import type { TestApp, TestDatabase } from '@biz/testing';
import { optionApp } from '../apps/option/src/option.module';
import { addressOf, APPS, BOTH, KEYS, KEYS_ENV, routesOf } from './routes';

const [acme, zeta] = BOTH as [MerchantDefinition, MerchantDefinition];

interface Answer {
  status: number;
  retryAfter?: string;
  body: unknown;
}

interface OpenApi {
  paths: Record<string, Record<string, { responses: Record<string, { headers?: Record<string, unknown> }> }>>;
}

describe('rate limits', () => {
  let database: TestDatabase;
  let running: TestApp;
  let logs: { by?: string; message: string; ip?: string }[];
  let callers = 0;
  // A minute lasts as long as a test needs, on a slow machine too.
  const clock = new ManualClock();

  beforeAll(async () => {
    const definitions = APPS.map(([, make]) => make([acme, zeta]));
    database = await testDatabase(...new Set(definitions.flatMap(({ schemas }) => schemas)));
  });
  afterEach(() => running.close());
  afterAll(() => database.drop());

  const start = async (make: (merchants: MerchantDefinition[]) => AppDefinition, env: Environment): Promise<void> => {
    logs = [];
    running = await startTestApp(make([acme, zeta]), {
      database,
      clock,
      logDestination: { write: (line: string) => void logs.push(JSON.parse(line) as (typeof logs)[number]) },
      env: {
        ...KEYS_ENV,
        TRUSTED_PROXIES: '127.0.0.1',
        ...env,
      },
    });
  };
  /** An address that has not called yet. */
  const newCaller = (): string => `203.0.${Math.floor(++callers / 250)}.${(callers % 250) + 1}`;
  const from = (caller: string, url: string, method = 'GET', body = ''): Promise<Answer> =>
    new Promise((resolve, reject) => {
      const sent = call(
        `${running.url}${url}`,
        {
          method,
          headers: { 'x-forwarded-for': caller, 'content-type': 'application/json', 'content-length': body.length },
        },
        (response) => {
          let text = '';
          response.on('data', (chunk: Buffer) => (text += chunk.toString()));
          response.on('end', () => {
            const retryAfter = response.headers['retry-after'];
            resolve({
              status: response.statusCode ?? 0,
              ...(retryAfter && { retryAfter }),
              body: text && JSON.parse(text),
            });
          });
        },
      );
      sent.on('error', reject);
      sent.end(body);
    });
  const metrics = async (): Promise<string[]> =>
    (await (await fetch(`${running.url}/metrics`)).text()).split('\n').filter((line) => line.startsWith('biz_rate_'));
  const REFUSED = { status: 429, message: '요청이 너무 많습니다. 잠시 후 다시 시도해 주세요.' };

  it.each(APPS)('hold on every route of the %s app, by caller and by merchant', async (name, make, count) => {
    const limits = ['STATUS', 'CALLS', 'REDIRECTS', 'LOGINS'].flatMap((kind) => [
      [`RATE_LIMIT_${kind}_CALLER`, '1'],
      [`RATE_LIMIT_${kind}_MERCHANT`, '2'],
    ]);
    await start(make, Object.fromEntries(limits) as Environment);
    const routes = routesOf(running.app);
    expect(routes.length).toBe(count);
    const document = (await (await fetch(`${running.url}/docs-json`)).json()) as OpenApi;
    const limited = new Set(routes.map(({ url }) => url));
    for (const [path, item] of Object.entries(document.paths)) {
      const isLimited = limited.has(path.replace(/\{(\w+)\}/g, ':$1'));
      for (const { responses } of Object.values(item)) {
        expect([path, responses['429']?.headers?.['Retry-After'] !== undefined]).toEqual([path, isLimited]);
      }
    }
    for (const { url, methods } of routes) {
      const [method] = methods;
      const ofMerchant = routes.some((other) => other.url === `/m/:pathKey${url}`) || url.startsWith('/m/:pathKey');
      const at = (merchant: 'acme' | 'zeta'): string => addressOf(name, url, KEYS[merchant]);
      const [first, second, third] = [newCaller(), newCaller(), newCaller()];
      expect((await from(first, at('acme'), method)).status).not.toBe(429);
      const refused = await from(first, at('acme'), method);
      expect([url, refused.status, refused.body]).toEqual([url, 429, REFUSED]);
      expect(Number(refused.retryAfter)).toBeGreaterThan(0);
      expect(Number(refused.retryAfter)).toBeLessThanOrEqual(60);
      // Another caller is served: what was refused is not counted against the merchant.
      expect((await from(second, at('acme'), method)).status).not.toBe(429);
      if (!ofMerchant) continue;
      expect([url, (await from(third, at('acme'), method)).status]).toEqual([url, 429]);
      if (at('zeta') === at('acme')) continue;
      expect([url, (await from(newCaller(), at('zeta'), method)).status]).not.toEqual([url, 429]);
    }
    const counted = await metrics();
    for (const { url } of routes) expect(counted).toContain(`biz_rate_limited_total{route="${url}",by="caller"} 1`);
    expect(counted.join('\n')).not.toMatch(/acme|zeta/);
  });

  describe('on the option app', () => {
    const OPTIONS = `/m/${KEYS.acme}/options?id=none`;
    const statuses = async (
      count: number,
      caller: string,
      url: string,
      method = 'GET',
      body = '',
    ): Promise<number[]> => {
      const answers: number[] = [];
      while (answers.length < count) answers.push((await from(caller, url, method, body)).status);
      return answers;
    };
    const told = (): unknown[] =>
      logs.filter(({ message }) => message.startsWith('too many')).map(({ by, ip }) => [by, ip]);

    it('refuse whoever tries keys and addresses that nobody has, and no call with a key beside them', async () => {
      await start(optionApp, { RATE_LIMIT_UNKNOWN_CALLER: '3' });
      const [guesser, other] = [newCaller(), newCaller()];
      const guesses = ['/m/guess-1/options', '/m/guess-2/option', '/no/such/route', '/m/guess-3/options', '/.env'];
      for (const [at, guess] of guesses.entries()) {
        expect((await from(guesser, guess, guess.endsWith('option') ? 'POST' : 'GET', '{}')).status).toBe(
          at < 3 ? 404 : 429,
        );
      }
      expect((await from(guesser, OPTIONS)).status).toBe(200);
      expect((await from(other, '/m/guess-1/options')).status).toBe(404);
      expect(told()).toEqual([['unknown', guesser]]);
      expect(await metrics()).toEqual(
        expect.arrayContaining([
          'biz_rate_limited_total{route="unknown",by="unknown"} 1',
          'biz_rate_limited_total{route="/m/:pathKey/options",by="unknown"} 1',
        ]),
      );
    });

    it('refuse who sends what is malformed, on that route of that merchant, before a body is read', async () => {
      await start(optionApp, { RATE_LIMIT_REFUSED_CALLER: '2' });
      const caller = newCaller();
      expect(await statuses(4, caller, `/m/${KEYS.acme}/option`, 'POST', '{broken')).toEqual([400, 400, 429, 429]);
      expect(await statuses(1, caller, `/m/${KEYS.acme}/option`, 'POST', '{}')).toEqual([429]);
      expect(await statuses(1, caller, OPTIONS)).toEqual([200]);
      expect(await statuses(1, caller, `/m/${KEYS.zeta}/option`, 'POST', '{broken')).toEqual([400]);
      expect(await statuses(1, newCaller(), `/m/${KEYS.acme}/option`, 'POST', '{broken')).toEqual([400]);
      expect(told()).toEqual([['refused', caller]]);
    });

    it('end after a minute, name an offender once in it, and take an IPv6 network of 64 bits for one caller', async () => {
      await start(optionApp, { RATE_LIMIT_CALLS_CALLER: '2' });
      expect(await statuses(2, '2001:db8:1:2::1', OPTIONS)).toEqual([200, 200]);
      expect(await statuses(2, '2001:db8:1:2:ffff::9', OPTIONS)).toEqual([429, 429]);
      expect(await statuses(1, '2001:db8:1:3::1', OPTIONS)).toEqual([200]);
      expect(told()).toEqual([['caller', '2001:db8:1:2:ffff::9']]);
      clock.advance(59_999);
      expect(await statuses(1, '2001:db8:1:2::1', OPTIONS)).toEqual([429]);
      clock.advance(1);
      expect(await statuses(1, '2001:db8:1:2::1', OPTIONS)).toEqual([200]);
    });

    it('believe X-Forwarded-For of a trusted gateway only', async () => {
      await start(optionApp, { RATE_LIMIT_CALLS_CALLER: '1', TRUSTED_PROXIES: '' });
      expect([(await from(newCaller(), OPTIONS)).status, (await from(newCaller(), OPTIONS)).status]).toEqual([
        200, 429,
      ]);
    });

    it('are switched off, one by 0 and all by RATE_LIMITS=false', async () => {
      await start(optionApp, { RATE_LIMIT_CALLS_CALLER: '0', RATE_LIMIT_CALLS_MERCHANT: '0' });
      expect(await statuses(3, newCaller(), OPTIONS)).toEqual([200, 200, 200]);
      await running.close();
      await start(optionApp, { RATE_LIMITS: 'false', RATE_LIMIT_CALLS_CALLER: '1', RATE_LIMIT_UNKNOWN_CALLER: '1' });
      const caller = newCaller();
      expect(await statuses(2, caller, OPTIONS)).toEqual([200, 200]);
      expect(await statuses(2, caller, '/m/guess/options')).toEqual([404, 404]);
    });
  });
});

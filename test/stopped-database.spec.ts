import { merchants } from '@biz/merchants';
import { APP_NAMES, readConfig, RuntimeConfig } from '@biz/platform';
import type { AppName } from '@biz/platform';
import { eventually, timed } from '@biz/testing';
import { DatabaseWay } from './database-way';
import { routesOf as documentedRoutes } from './hostile-spellings';
import { House } from './house';
import type { Json } from './house';
import { addressOf } from './routes';

const USER = '9007199254741888';
/** In development a merchant's id is its path key. */
const PATH_KEY = 'demo-shop';
/** What the contract allows (section 3). The apps of this test are told a third of it, so that a slow machine has the rest. */
const WORST_MS = 3_000;
const TOLD_MS = 1_000;

const json = { 'content-type': 'application/json' };
const user = { ...json, 'X-Kakao-AppUserId': USER };
const ONWARD = 'kakaotalk://bizplugin?plugin_id=5f6d8f0a1b2c3d4e5f607182';

/** What differs from the example of a route's document, so that the call gets as far as the database. */
interface Call {
  query?: string;
  headers?: Record<string, string>;
  body?: string;
  /** Instead of the parameters of the path. */
  path?: string;
}

/** Kept apart from the routes: one that is new is called with the example of its own document. */
type Calls = Partial<Record<AppName, Record<string, Call>>>;

/** Routes that answer without the database, or have an answer to its silence, with that answer. */
const OTHER_ANSWERS: Partial<Record<AppName, Record<string, [status: number, reason: string]>>> = {
  profile: { '/skill/:plugin': [200, 'the chat bot says that it did not work'] },
  location: { '/skill/:plugin': [200, 'the chat bot says that it did not work'] },
  image: { '/skill/:plugin': [200, 'the chat bot says that it did not work'] },
  payment: Object.fromEntries(
    ['callback', 'cancel', 'fail'].map((each) => [`/order/${each}`, [200, 'without its key it names no order']]),
  ),
  sync: { '/start': [302, 'a login begins in the browser, with no row of ours'] },
};

interface Answer {
  status: number;
  body: string;
  location: string | null;
  ms: number;
}

describe('while the database', () => {
  let house: House;
  let way: DatabaseWay;
  let order: Record<string, string>;
  let calls: Calls;
  const documented = APP_NAMES.flatMap((app) => documentedRoutes([app]));

  beforeAll(async () => {
    house = await House.start(merchants, { RETRY_TIME_SCALE: '0.1', RATE_LIMITS: 'false' });
    const { body } = await house.get('payment', '/ordersheet?ordersheet_id=sheet-coffee', user);
    order = body.data as Record<string, string>;
    calls = callsOf(order, house.url('simulator'), await eventToken(), 'token');
    way = await DatabaseWay.to(house.database.url);
    const through = house.roles.roles.map(({ app, url }) => [`DATABASE_URL_${app.toUpperCase()}`, way.through(url)]);
    await house.restart({ ...(Object.fromEntries(through) as Record<string, string>), ANSWER_WITHIN_MS: `${TOLD_MS}` });
    // The keys of Kakao are had before: they are not the database's.
    await eventually(async () => {
      expect((await send('sync', 'POST', '/events', callOf('sync', '/events', 'POST'))).status).toBe(202);
    });
  });
  afterAll(async () => {
    await way.close();
    await house.stop();
  });

  const eventToken = async (): Promise<string> => {
    const events = { 'https://schemas.kakao.com/events/kakao/user-unlinked': { app_id: '249344' } };
    const { body } = await house.post('simulator', '/login/events', {
      claims: { aud: 'demo-shop-rest-api-key', sub: USER, events },
    });
    return body.token as string;
  };

  const callOf = (app: AppName, bare: string, method: string): Call => {
    const template = bare.replace(/:(\w+)/g, '{$1}');
    const example = documented.find((each) => each.app === app && each.template === template && each.method === method);
    const own = calls[app]?.[bare] ?? {};
    const query = Object.entries(example?.query ?? {}).map(([name, value]) => `${name}=${value}`);
    const body = method === 'GET' ? undefined : JSON.stringify(example?.body ?? {});
    return { query: query.join('&'), headers: { ...json, ...example?.headers }, body, ...own };
  };

  const send = async (app: AppName, method: string, path: string, { query, headers, body }: Call): Promise<Answer> => {
    const url = `${house.url(app)}${path}${query ? `?${query}` : ''}`;
    const { result, ms } = await timed(async () => {
      const answer = await fetch(url, { method, headers, redirect: 'manual', ...(method !== 'GET' && { body }) });
      return { status: answer.status, body: await answer.text(), location: answer.headers.get('location') };
    });
    return { ...result, ms };
  };

  /** Calls every route of Kakao at once. @returns what is wrong with the answers, and how many routes there were */
  const faultsOfAll = async (): Promise<{ routes: number; faults: string[] }> => {
    const routes = house.routes();
    const kakaos = routes.filter(
      ({ app, url }) =>
        url.startsWith('/m/:pathKey') || routes.some((other) => other.app === app && other.url === `/m/:pathKey${url}`),
    );
    const all = kakaos.flatMap(({ app, url, methods }) =>
      methods.filter((method) => method !== 'HEAD').map((method) => ({ app, url, method })),
    );
    const faults = await Promise.all(
      all.map(async ({ app, url, method }) => {
        const bare = url.replace('/m/:pathKey', '');
        const call = callOf(app, bare, method);
        const address = addressOf(app, url, PATH_KEY);
        const path = call.path ? address.replace(bare.replace(/:\w+/g, 'x'), call.path) : address;
        const answer = await send(app, method, path, call);
        const expected = OTHER_ANSWERS[app]?.[bare]?.[0] ?? 500;
        const isKorean = expected !== 500 || /^\{"status":500,"message":"[^"]*[가-힣]/.test(answer.body);
        const isRight = answer.status === expected && isKorean && answer.ms < WORST_MS;
        return isRight ? [] : [`${app} ${method} ${path}: ${JSON.stringify(answer)}`];
      }),
    );
    return { routes: all.length, faults: faults.flat() };
  };

  it('accepts connections and says nothing, every route of Kakao answers within the contract, most of them 500', async () => {
    way.silence();
    const { routes, faults } = await faultsOfAll();
    expect(faults).toEqual([]);
    expect(routes).toBeGreaterThan(45);
  });

  it('says nothing, a customer goes on to the chat, and no app is ready', async () => {
    const query = `code=another&continue=${encodeURIComponent(ONWARD)}`;
    const login = await send('sync', 'GET', '/callback', { query });
    expect([login.status, login.location, login.ms < WORST_MS]).toEqual([302, ONWARD, true]);
    for (const { app } of house.roles.roles) {
      const ready = await send(app, 'GET', '/health/ready', {});
      expect([app, ready.status, ready.ms < WORST_MS]).toEqual([app, 503, true]);
    }
  });

  it('goes on, the same calls are taken', async () => {
    way.resume();
    const id = order.partner_order_id ?? '';
    const taken: [AppName, string, Json | undefined][] = [
      ['profile', '/callback', { otp: `${house.url('simulator')}/otp/5fcf3cfe00a6950dc026b/onetimeprofile` }],
      ['payment', `/order/status?order_id=${id}`, undefined],
      ['option', '/options?id=mug', undefined],
      ['sync', '/callback?code=a-code', undefined],
    ];
    await eventually(async () => {
      for (const [app, path, body] of taken) {
        const answer = await (body ? house.post(app, path, body, user) : house.get(app, path, user));
        expect([app, answer.body.status]).toEqual([app, 200]);
      }
    });
  });

  it('refuses connections, every route of Kakao answers within the contract', async () => {
    // Another token: an app remembers the redirects that it stored when the database went on.
    calls = callsOf(order, house.url('simulator'), await eventToken(), 'another-token');
    await way.close();
    expect((await faultsOfAll()).faults).toEqual([]);
  });

  it('is there or not, Kakao waits less than three seconds, unless the apps are told otherwise', () => {
    expect(new RuntimeConfig().answerWithinMs).toBeLessThan(WORST_MS);
    expect(() => readConfig(RuntimeConfig, { ANSWER_WITHIN_MS: '3000', NODE_ENV: 'production' })).toThrow(
      'ANSWER_WITHIN_MS',
    );
  });
});

function callsOf(order: Record<string, string>, origin: string, event: string, token: string): Calls {
  const pathOf = (url = ''): string => new URL(url).pathname;
  const { partner_order_id: id = '', cancel_url: cancel, fail_url: fail, approval_url: wrapped = '' } = order;
  const approval = pathOf(new URL(wrapped).searchParams.get('approval_url') ?? '');
  const address = { zone_code: '06236', base_address: '서울', detail_address: '1' };
  const approve = {
    headers: user,
    body: JSON.stringify({ partner_order_id: id, tid: 'T5fcf3cfe00a6950d0001', ...address }),
  };
  const redirect = { headers: json, query: `pg_token=${token}`, body: JSON.stringify({ pg_token: token }) };
  const status = { headers: user, query: `order_id=${id}` };
  const options = { headers: user, query: 'id=mug' };
  const option = { headers: user, body: JSON.stringify({ id: 'mug', quantity: 1, option_groups: [] }) };
  const sheet = { headers: user, query: 'ordersheet_id=sheet-coffee' };
  // Of the demo shop: option and payment in one.
  const registered = 'shop';
  const capture = (plugin: string, kind: string): Record<string, Call> => {
    const otp = `${origin}/otp/5fcf3cfe00a6950dc026b/${kind}`;
    const callback = { body: JSON.stringify({ otp }) };
    const skill = { action: { params: { plugin: JSON.stringify({ otp }) }, detailParams: {} } };
    return {
      '/callback': callback,
      '/callback/:plugin': { ...callback, path: `/callback/${plugin}` },
      '/skill/:plugin': { path: `/skill/${plugin}`, body: JSON.stringify(skill) },
    };
  };
  return {
    profile: capture('delivery', 'onetimeprofile'),
    location: capture('location', 'current_location'),
    image: capture('receipt', 'secure_image'),
    option: {
      '/options': options,
      '/option': option,
      '/options/:plugin': { ...options, path: `/options/${registered}` },
      '/option/:plugin': { ...option, path: `/option/${registered}` },
    },
    payment: {
      '/ordersheet': sheet,
      '/ordersheet/:plugin': { ...sheet, path: `/ordersheet/${registered}` },
      '/approve/:plugin': { ...approve, path: `/approve/${registered}` },
      '/status/:plugin': { ...status, path: `/status/${registered}` },
      '/order/approve': approve,
      '/approve': approve,
      '/order/status': status,
      '/status': status,
      '/order/callback/:key': { ...redirect, path: approval },
      '/order/cancel/:key': { path: pathOf(cancel) },
      '/order/fail/:key': { path: pathOf(fail) },
    },
    sync: {
      '/start': {},
      '/callback': { query: 'code=a-code' },
      '/unlink': {
        headers: { ...json, authorization: 'KakaoAK demo-shop-admin-key' },
        query: `app_id=249344&user_id=${USER}&referrer_type=UNLINK_FROM_APPS`,
      },
      '/events': { headers: { 'content-type': 'application/secevent+jwt' }, body: event },
    },
  };
}

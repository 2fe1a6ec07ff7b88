import { request } from 'node:http';
import { merchants } from '@biz/merchants';
import { APP_NAMES } from '@biz/platform';
import type { AppName } from '@biz/platform';
import { bodiesOf, BODY_VALUES, hostileRequestBodies, routesOf, SPELLINGS } from './hostile-spellings';
import type { Route } from './hostile-spellings';
import { House } from './house';

const AUTHORIZED = { authorization: 'Bearer dev-operator-token' };
/** Requests under way at once. */
const AT_ONCE = 8;
/** Each route meets another part of the list, so that all of it is tried; `HOSTILE_SPELLINGS=all` tries all of it everywhere. */
const isWhole = process.env.HOSTILE_SPELLINGS === 'all';

interface Call {
  app: AppName;
  method: string;
  path: string;
  headers?: Record<string, string>;
  body?: string | Buffer;
}

/** By Node's own client: `fetch` tidies paths and refuses headers that other clients send. */
function send(house: House, { app, method, path, headers, body }: Call): Promise<number> {
  return new Promise((resolve, reject) => {
    const { hostname, port } = new URL(house.url(app));
    const length = body === undefined ? {} : { 'content-length': String(Buffer.byteLength(body)) };
    const options = { hostname, port, method, path, headers: { ...AUTHORIZED, ...length, ...headers } };
    const call = request(options, (response) => {
      response.resume().on('end', () => {
        resolve(response.statusCode ?? 0);
      });
    });
    call.on('error', reject);
    call.end(body);
  });
}

/** @returns the calls that were answered 5xx or not at all, in words */
async function failuresOf(house: House, calls: Call[]): Promise<string[]> {
  const failures: string[] = [];
  const waiting = [...calls];
  const drain = async (): Promise<void> => {
    for (let call = waiting.pop(); call; call = waiting.pop()) {
      const status = await send(house, call).catch((error: unknown) => `no answer (${String(error)})`);
      // 503 is an answer about somebody else's server.
      if (typeof status === 'string' || (status >= 500 && status !== 503)) {
        const { app, method, path, headers = {}, body = '' } = call;
        const said = `${JSON.stringify(headers)} ${body.toString().slice(0, 120)}`;
        failures.push(`${status}: ${app} ${method} ${path.slice(0, 200)} ${said.slice(0, 300)}`);
      }
    }
  };
  await Promise.all(Array.from({ length: AT_ONCE }, drain));
  return failures;
}

/** One parameter is spelt oddly, the others as in their examples. */
function odd(route: Route, name: string, where: 'path' | 'query' | 'header', spelling: string): Call {
  const given = { ...route.path, ...(where === 'path' && { [name]: spelling }) };
  const path = route.template.replaceAll(/\{(\w+)\}/g, (_, each: string) => given[each] ?? 'x');
  const query = { ...route.query, ...(where === 'query' && { [name]: spelling }) };
  const search = Object.entries(query).map(([key, value]) => `${key}=${value}`);
  return {
    app: route.app,
    method: route.method,
    path: search.length > 0 ? `${path}?${search.join('&')}` : path,
    headers: {
      ...route.headers,
      ...(where === 'header' && name !== '' && { [name]: spelling }),
      ...(route.body !== undefined && { 'content-type': 'application/json' }),
    },
    ...(route.body !== undefined && { body: JSON.stringify(route.body) }),
  };
}

/** Every nth of these calls, in an order that walks through all spellings. */
const everyNth = (n: number, calls: Call[]): Call[] => (isWhole ? calls : calls.filter((_, at) => at % n === 0));

const plain = (route: Route): Call => odd(route, '', 'header', '');

/** Hostile spellings of a parameter. */
const spellings = (routes: Route[]): Call[] =>
  routes.flatMap((route) =>
    route.parameters.flatMap(({ name, where }) =>
      SPELLINGS[where].map((spelling) => odd(route, name, where, spelling)),
    ),
  );

/** A type of body that only one other route reads. */
const types = (routes: Route[]): Call[] =>
  routes
    .filter(({ method }) => method !== 'GET')
    .flatMap((route) =>
      ['text/csv', 'text/plain', 'application/jwt'].map((type) => ({
        ...plain(route),
        headers: { ...route.headers, 'content-type': type },
        body: 'a,b',
      })),
    );

/** Bodies that are no plain data, of any content type. */
const bodies = (routes: Route[]): Call[] =>
  routes
    .filter(({ method }) => method !== 'GET')
    .flatMap((route) =>
      hostileRequestBodies().map(({ body, headers }) => ({
        ...plain(route),
        headers: { ...route.headers, ...headers },
        body,
      })),
    );

/** A field of a body that holds something else. */
const fields = (routes: Route[]): Call[] =>
  routes.flatMap((route) => bodiesOf(route).map((body) => ({ ...plain(route), body: JSON.stringify(body) })));

describe('no route of any app answers 5xx, and none ends its process,', () => {
  let house: House;
  const routes = routesOf(APP_NAMES.filter((app) => app !== 'simulator'));
  beforeAll(async () => {
    house = await House.start(merchants, { RATE_LIMITS: 'false' });
  });
  afterAll(() => house.stop());

  it('to hostile spellings of a parameter', async () => {
    const calls = spellings(routes);
    expect(calls.length).toBeGreaterThan(3_000);
    expect(await failuresOf(house, everyNth(13, calls))).toEqual([]);
  });

  it('to a type of body that only one other route reads', async () => {
    const calls = types(routes);
    expect(calls.length).toBeGreaterThan(100);
    expect(await failuresOf(house, calls)).toEqual([]);
  });

  it('to bodies that are no plain data, of any content type', async () => {
    const calls = bodies(routes);
    expect(calls.length).toBeGreaterThan(2_000);
    expect(await failuresOf(house, everyNth(11, calls))).toEqual([]);
  });

  it('to a field of a body that holds something else', async () => {
    const calls = fields(routes);
    expect(BODY_VALUES.length).toBeGreaterThan(20);
    expect(calls.length).toBeGreaterThan(2_000);
    expect(await failuresOf(house, everyNth(17, calls))).toEqual([]);
  });

  // Last, since its routes play faults and move the time that the apps before it live by.
  it('of the simulator neither', async () => {
    const ofSimulator = routesOf(['simulator']);
    // A body that such a route takes plays a whole scenario, which lasts seconds.
    const quick = ofSimulator.filter(({ template }) => !template.startsWith('/scenarios/'));
    const calls = [
      ...everyNth(13, spellings(ofSimulator)),
      ...types(ofSimulator),
      ...everyNth(11, bodies(quick)),
      ...everyNth(17, fields(quick)),
    ];
    expect(calls.length).toBeGreaterThan(250);
    expect(await failuresOf(house, calls)).toEqual([]);
    expect((await fetch(`${house.url('simulator')}/health/live`)).status).toBe(200);
  });
});

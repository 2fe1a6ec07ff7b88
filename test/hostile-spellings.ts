import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { AppName } from '@biz/platform';

type Where = 'path' | 'query' | 'header';

interface Schema {
  $ref?: string;
  type?: string;
  format?: string;
  enum?: unknown[];
  example?: unknown;
  default?: unknown;
  properties?: Record<string, Schema>;
  items?: Schema;
  oneOf?: Schema[];
}

interface Operation {
  operationId: string;
  tags?: string[];
  parameters?: { name: string; in: Where; required?: boolean; example?: unknown; schema: Schema }[];
  requestBody?: { content: Record<string, { schema: Schema; examples?: Record<string, { value: unknown }> }> };
}

/** A route as its OpenAPI document describes it, with an example of all it takes. */
export interface Route {
  app: AppName;
  method: string;
  template: string;
  parameters: { name: string; where: Where }[];
  path: Record<string, string>;
  query: Record<string, string>;
  headers: Record<string, string>;
  /** Of a route that reads JSON. */
  body?: unknown;
}

const DEEP = '%5B'.repeat(500);
const LONG = 'a'.repeat(3_000);

/** As they stand in the address or header, escapes included. */
const TEXTS = [
  '%00',
  'a%00b',
  '%',
  '%2',
  '%GG',
  '%ff',
  '%C3%28',
  '%ED%A0%80',
  '%F0%9F%98%80',
  '%EF%BF%BF',
  '~'.repeat(44),
  '-'.repeat(22),
  '='.repeat(43),
  'A'.repeat(200),
  '..',
  '%2e%2e',
  '%2e%2e%2f%2e%2e%2f',
  '__proto__',
  'constructor',
  'toString',
  'null',
  'undefined',
  'NaN',
  'Infinity',
  '-1',
  '-0',
  '0x10',
  '1e309',
  '9'.repeat(400),
  '9223372036854775808',
  '2147483648',
  '1.5',
  '%EC%95%84',
  '%E2%80%AE',
  '%27%20OR%201=1--',
  '%24%7B7*7%7D',
  '2026-02-30',
  '9999-99-99',
  '275760-09-13T00:00:00.001Z',
  '0000-00-00T00:00:00Z',
  '-271821-04-19T23:59:59.999Z',
  '00000000-0000-0000-0000-00000000000g',
  'ffffffff-ffff-ffff-ffff-ffffffffffff',
  '%7B%22a%22:1%7D',
  'eyJhIjoxfQ',
  'eyJhbGciOiJkaXIifQ..AAAA.AAAA.AAAA',
  '//evil.example',
  'http://%5B::1',
];

const IN_QUERIES = [
  '',
  '1&{name}=2',
  '1&{name}[]=2',
  DEEP,
  LONG,
  '+',
  '%0d%0aSet-Cookie:%20a=b',
  'kakaotalk://bizplugin/?relay_id=%2500',
];

/** What a client can put into a header: Latin-1 without control characters, and a byte above 127. */
const IN_HEADERS = [
  '',
  ' ',
  'a, b',
  '\u00ff\u00fe',
  '\u00ed\u00a0\u0080',
  '"',
  'Bearer',
  'Bearer  ',
  'Basic %%%',
  'KakaoAK ',
  '=;=;=',
  'sync-demo-shop=%%%',
  'sync-demo-shop=AAAA; sync-demo-shop=',
  LONG,
  ...TEXTS,
];

export const SPELLINGS: Readonly<Record<Where, readonly string[]>> = {
  path: TEXTS,
  query: [...TEXTS, ...IN_QUERIES],
  header: IN_HEADERS,
};

const nested = (open: string, close: string, times: number): string => open.repeat(times) + close.repeat(times);

const TYPES = [
  'application/json',
  'application/json; charset=utf-16',
  'APPLICATION/JSON;charset="utf-8"',
  'application/json, text/csv',
  'application/vnd.api+json',
  'application/x-www-form-urlencoded',
  'multipart/form-data; boundary=x',
  'text/plain',
  'text/plain; charset=utf-8',
  'text/csv',
  'text/csv; charset=euc-kr; header=present',
  'TEXT/CSV',
  'application/xml',
  'application/octet-stream',
  'application/jwt',
  'application/secevent+jwt',
  'application/graphql',
  '*/*',
  ';',
  'text/csv;application/json',
];

/** Bodies that are no plain data, or of a type that the route does not read. */
export function hostileRequestBodies(): { body: string | Buffer; headers: Record<string, string> }[] {
  const json = [
    '',
    ' ',
    'null',
    'true',
    '1',
    '"x"',
    '[]',
    '[1]',
    '[null]',
    '[[]]',
    '{}',
    '{"constructor":1}',
    '{"a":{"constructor":"Array"}}',
    '{"a":[{"constructor":{"name":"Socket"}}]}',
    '{"__proto__":{"a":1}}',
    '{"a":{"__proto__":null}}',
    '{"a":{"toString":1,"valueOf":1}}',
    '{"\\u0000":1}',
    '{"\\ud800":"\\udfff"}',
    `{"a":${nested('[', ']', 1_000)}}`,
    `{"a":${nested('{"a":', '}', 1_000).replace('}', '1}')}}`,
    nested('[', ']', 100_000),
    `[${'0,'.repeat(60_000)}0]`,
    `{"a":"${'x'.repeat(262_144)}"}`,
  ].map((body) => ({ body, headers: { 'content-type': 'application/json' } }));
  const others = TYPES.flatMap((type) =>
    ['a,b', '', '{"a":1}'].map((body) => ({ body, headers: { 'content-type': type } })),
  );
  return [
    ...json,
    ...others,
    { body: 'a,b', headers: {} },
    { body: '\u0000\u0001', headers: { 'content-type': 'text/csv', 'content-encoding': 'gzip' } },
    { body: 'a[b]=1&__proto__[a]=1&constructor=2', headers: { 'content-type': 'application/x-www-form-urlencoded' } },
    { body: Buffer.from([0xff, 0xfe, 0x7b, 0x00]), headers: { 'content-type': 'application/json' } },
  ];
}

/** What stands where a body's example has something else. */
export const BODY_VALUES: readonly unknown[] = [
  null,
  true,
  0,
  -1,
  1.5,
  1e300,
  '',
  ' ',
  'x',
  'a\u0000b',
  '\ud800',
  'x'.repeat(5_000),
  '9'.repeat(400),
  '-99999999999999999999',
  '2026-02-30',
  '~'.repeat(44),
  'http://[::1',
  '%',
  [],
  [null],
  [[]],
  ['x', 1, {}],
  {},
  { constructor: 'x' },
  { toString: 1, valueOf: 1, toJSON: 1 },
  { length: -1 },
  { then: 1 },
  { hasOwnProperty: 1 },
];

/** The example of a route's body, with one field at a time, of whatever depth, replaced by each of `BODY_VALUES`. */
export function bodiesOf({ body }: Route): unknown[] {
  if (typeof body !== 'object' || body === null) return [];
  const bodies: unknown[] = [];
  const walk = (node: object, put: (changed: unknown) => unknown): void => {
    for (const [key, member] of Object.entries(node) as [string, unknown][]) {
      const place = (value: unknown): unknown => {
        const copy = (Array.isArray(node) ? [...(node as unknown[])] : { ...node }) as Record<string, unknown>;
        copy[key] = value;
        return put(copy);
      };
      for (const value of BODY_VALUES) bodies.push(place(value));
      if (typeof member === 'object' && member !== null) walk(member, place);
    }
  };
  walk(body, (changed) => changed);
  return bodies;
}

const REDIRECTS = ['GET /order/callback', 'POST /order/callback', 'GET /order/cancel', 'GET /order/fail'];
const PAGES = ['GET /', 'GET /page/page.css', 'GET /page/page.js', 'GET /page/words.js', 'GET /page/faults.json'];

/** Routes that stand in no document, and why. They are called like all others. */
export const UNDOCUMENTED: { app?: AppName; why: string; routes: string[] }[] = [
  { why: 'text of Prometheus', routes: ['GET /metrics'] },
  {
    app: 'payment',
    why: 'answers 300: the address of a redirect without its key names no order',
    routes: REDIRECTS.flatMap((route) => [route, route.replace(' ', ' /m/:pathKey')]),
  },
  {
    app: 'simulator',
    why: 'a page for people',
    routes: [...PAGES, 'GET /mockup/v1/:tid/:page', 'GET /mockup/v1/:tid/do/:step'],
  },
];

const undocumentedOf = (app: AppName): Route[] =>
  UNDOCUMENTED.filter((each) => each.app === undefined || each.app === app).flatMap(({ routes }) =>
    routes.map((route) => {
      const [method = '', url = ''] = route.split(' ');
      const names = [...url.matchAll(/:(\w+)/g)].map(([, name = '']) => name);
      return {
        app,
        method,
        template: url.replaceAll(/:(\w+)/g, '{$1}'),
        parameters: names.map((name) => ({ name, where: 'path' as const })),
        path: { pathKey: 'demo-shop' },
        query: {},
        headers: {},
      };
    }),
  );

const METHODS = ['get', 'post', 'put', 'patch', 'delete'] as const;

/** The routes of all apps. What several apps have of a lib is taken from the first of them. */
export function routesOf(apps: readonly AppName[]): Route[] {
  const routes = new Map<string, Route>();
  for (const app of apps) {
    const text = readFileSync(join(__dirname, `../openapi/${app}.json`), 'utf8');
    const { paths, components } = JSON.parse(text) as {
      paths: Record<string, Record<string, Operation>>;
      components?: { schemas?: Record<string, Schema> };
    };
    const exampleOf = examples(components?.schemas ?? {});
    for (const [template, item] of Object.entries(paths)) {
      for (const method of METHODS) {
        const operation = item[method];
        if (!operation) continue;
        const isShared = operation.tags?.some((tag) => tag === 'Operator' || tag === 'Health') === true;
        const key = `${isShared ? '' : app} ${method} ${template} ${operation.operationId}`;
        if (!routes.has(key)) routes.set(key, routeOf({ app, template, method, operation, exampleOf }));
      }
    }
  }
  return [...routes.values(), ...apps.flatMap(undocumentedOf)];
}

interface Described {
  app: AppName;
  template: string;
  method: string;
  operation: Operation;
  exampleOf: (schema: Schema | undefined) => unknown;
}

function routeOf({ app, template, method, operation, exampleOf }: Described): Route {
  const parameters = operation.parameters ?? [];
  const examplesIn = (where: Where): Record<string, string> =>
    Object.fromEntries(
      parameters
        .filter((each) => each.in === where && (where === 'path' || each.required === true))
        .map(({ name, example, schema }) => [name, encodeURIComponent(String(example ?? exampleOf(schema)))]),
    );
  const json = operation.requestBody?.content['application/json'];
  const [given] = Object.values(json?.examples ?? {});
  const body = json && (given?.value ?? exampleOf(json.schema));
  // Routes below a path key are the same as those without: of them the key alone is tried.
  const isByPathKey = template.includes('{pathKey}');
  return {
    app,
    method: method.toUpperCase(),
    template,
    parameters: parameters
      .filter(({ name }) => !isByPathKey || name === 'pathKey')
      .map(({ name, in: where }) => ({ name, where })),
    path: { ...examplesIn('path'), ...(isByPathKey && { pathKey: 'demo-shop' }) },
    query: examplesIn('query'),
    headers: examplesIn('header'),
    ...(body !== undefined && !isByPathKey && { body }),
  };
}

/** Examples by schema; one that contains itself ends at its second turn. */
function examples(schemas: Record<string, Schema>): (schema: Schema | undefined) => unknown {
  const of = (schema: Schema | undefined, seen: readonly string[]): unknown => {
    if (!schema) return 'x';
    if (schema.example !== undefined) return schema.example;
    if (schema.default !== undefined) return schema.default;
    if (schema.$ref !== undefined) {
      const name = schema.$ref.split('/').at(-1) ?? '';
      return seen.includes(name) ? 'x' : of(schemas[name], [...seen, name]);
    }
    if (schema.enum) return schema.enum[0];
    if (schema.oneOf) return of(schema.oneOf[0], seen);
    if (schema.properties) {
      return Object.fromEntries(
        Object.entries(schema.properties).map(([name, member]) => [name, of(member, seen)] as const),
      );
    }
    if (schema.type === 'array') return [of(schema.items, seen)];
    if (schema.type === 'integer' || schema.type === 'number') return 1;
    if (schema.type === 'boolean') return true;
    if (schema.format === 'uuid') return '019ab0c0-0000-7000-8000-00000000000a';
    return 'x';
  };
  return (schema) => of(schema, []);
}

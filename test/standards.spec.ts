import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { merchants } from '@biz/merchants';
import type { AppName } from '@biz/platform';
import { documentChecker } from './documents';
import { generatedRequests } from './generated-requests';
import { UNDOCUMENTED } from './hostile-spellings';
import { House } from './house';

const APPS: AppName[] = ['profile', 'location', 'image', 'option', 'payment', 'sync'];
/** Products come with a reader of their own, which takes files too. */
const OWN_READER = '/operator/products/';

interface Schema {
  $ref?: string;
  properties?: Record<string, unknown>;
}
interface Document {
  paths: Record<string, Record<string, { requestBody?: { content: Record<string, { schema: Schema }> } }>>;
  components: { schemas: Record<string, Schema> };
}

/** Every route of operators that takes JSON, as the committed documents name them. */
function routes(): { app: AppName; method: string; path: string; fields: string[] }[] {
  return APPS.flatMap((app) => {
    const text = readFileSync(join(__dirname, '../openapi', `${app}.json`), 'utf8');
    const { paths, components } = JSON.parse(text) as Document;
    return Object.entries(paths).flatMap(([path, methods]) =>
      Object.entries(methods).flatMap(([method, { requestBody }]) => {
        const schema = requestBody?.content['application/json']?.schema;
        if (!schema || !path.startsWith('/operator/') || path.startsWith(OWN_READER)) return [];
        const { properties = {} } = components.schemas[schema.$ref?.split('/').at(-1) ?? ''] ?? schema;
        return [{ app, method: method.toUpperCase(), path, fields: Object.keys(properties) }];
      }),
    );
  });
}

let house: House;
beforeAll(async () => {
  // Hundreds of calls come from one address.
  house = await House.start(merchants, { RATE_LIMITS: 'false' });
});
afterAll(() => house.stop());

describe('what an operator sends', () => {
  const send = async (app: AppName, method: string, path: string, body: object): Promise<[number, string]> => {
    const url = house.url(app) + path.replace(/\{\w+\}/g, '019ab0c0-1111-7000-8000-010123456789');
    const headers = {
      authorization: 'Bearer dev-operator-token',
      'content-type': 'application/json',
      'idempotency-key': 'k',
    };
    const response = await fetch(url, { method, headers, body: JSON.stringify(body) });
    return [response.status, await response.text()];
  };

  it('is refused with the name of a field that there is not, and of one that is null or blank, on every route', async () => {
    const found = routes();
    expect(found.length).toBeGreaterThan(5);
    for (const { app, method, path, fields } of found) {
      const empty = [null, '', ' ', '\u200b\n'].flatMap((value) => fields.map((name) => [name, value]));
      for (const [field, value] of [['amout', 3_500], ...empty] as [string, unknown][]) {
        const [status, text] = await send(app, method, path, { [field]: value });
        expect({ app, path, field, value, status }).toEqual({ app, path, field, value, status: 400 });
        expect(text).toContain(value === null || value === 3_500 ? field : `${field} must not be blank`);
      }
    }
  });
});

describe.each([...APPS, 'simulator'] as AppName[])('the document of %s', (app) => {
  it('names every route of the app, or the tests that send requests to all of them have it with a reason', () => {
    const text = readFileSync(join(__dirname, '../openapi', `${app}.json`), 'utf8');
    const { paths } = JSON.parse(text) as Document;
    const known = new Set(
      Object.entries(paths).flatMap(([path, methods]) =>
        Object.keys(methods).map((method) => `${method.toUpperCase()} ${path.replace(/\{(\w+)\}/g, ':$1')}`),
      ),
    );
    const served = house
      .allRoutes(app)
      .flatMap(({ url, methods }) => methods.map((method) => `${method} ${url}`))
      .filter((route) => !route.startsWith('HEAD ') && !/ \/docs\b/.test(route));
    const excepted = UNDOCUMENTED.filter((each) => each.app === undefined || each.app === app).flatMap(
      ({ routes: all }) => all,
    );
    expect(served.length).toBeGreaterThan(10);
    expect(served.filter((route) => !known.has(route)).sort()).toEqual(excepted.sort());
  });

  it('holds for the answers to requests that are right, and to those with one thing wrong', async () => {
    const check = documentChecker();
    const requests = generatedRequests(app);
    expect(requests.length).toBeGreaterThan(50);
    const wrong: string[] = [];
    for (const { odd, method, path, headers, body } of requests) {
      const response = await fetch(house.url(app) + path, {
        method,
        headers,
        redirect: 'manual',
        ...(body !== undefined && { body }),
      });
      const text = await response.text();
      const isJson = (response.headers.get('content-type') ?? '').includes('json');
      // What the simulator plays answers in forms of other services; its errors are checked all the same.
      if (response.status < 400 && (app === 'simulator' || !isJson)) continue;
      const told = check(app, method, path.split('?')[0] ?? '', response.status, isJson ? JSON.parse(text) : text);
      if (told !== undefined || response.status >= 500)
        wrong.push(`${odd}: ${told ?? `${method} ${path} → ${response.status}`}`);
    }
    expect(wrong).toEqual([]);
  });
});

/** Names that the linter of Prometheus (promtool check metrics) refuses, with the reason. */
function misnamed(exposition: string): string[] {
  const types = [...exposition.matchAll(/^# TYPE (\S+) (\S+)$/gm)].map(([, name = '', type = '']) => ({ name, type }));
  const helped = new Set([...exposition.matchAll(/^# HELP (\S+) \S/gm)].map(([, name]) => name));
  const labels = [...exposition.matchAll(/[{,]([a-zA-Z_]\w*)="/g)].map(([, label = '']) => label);
  const rules: [string, (metric: { name: string; type: string }) => boolean][] = [
    ['has no help', ({ name }) => !helped.has(name)],
    ['is a counter without _total', ({ name, type }) => type === 'counter' && !name.endsWith('_total')],
    ['has _total and is no counter', ({ name, type }) => type !== 'counter' && name.endsWith('_total')],
    ['ends as a part of a histogram does', ({ name }) => /_(?:bucket|count|sum)$/.test(name)],
    ['is not snake_case', ({ name }) => !/^[a-z][a-z0-9_]*$/.test(name)],
    [
      'is of no base unit',
      ({ name }) =>
        /_(?:(?:nano|micro|milli|kilo|mega|giga|tera)(?:seconds|bytes)|minutes|hours|days|weeks|percent)(?:_|$)/.test(
          name,
        ),
    ],
    ['has a unit in short', ({ name }) => /_(?:s|ms|us|ns|sec|b|kb|mb|gb|tb|m|h|d)(?:_|$)/.test(name)],
    ['says its type', ({ name }) => /_(?:counter|gauge|histogram|summary)(?:_|$)/.test(name)],
  ];
  return [
    ...types.flatMap((metric) => rules.filter(([, is]) => is(metric)).map(([reason]) => `${metric.name} ${reason}`)),
    ...types.flatMap(({ name, type }) =>
      Object.entries({ le: 'histogram', quantile: 'summary' })
        .filter(([label, of]) => type !== of && new RegExp(`^${name}\\{(?:.*,)?${label}="`, 'm').test(exposition))
        .map(([label]) => `${name} has the label ${label}`),
    ),
    ...labels.filter((label) => !/^[a-z][a-z0-9_]*$/.test(label)).map((label) => `label ${label} is not snake_case`),
  ];
}

describe('the metrics', () => {
  it('are named as Prometheus wants it, of every app', async () => {
    for (const app of [...APPS, 'simulator'] as AppName[]) {
      const text = await (await fetch(`${house.url(app)}/metrics`)).text();
      expect(text).toContain('# TYPE http_request_duration_seconds histogram');
      expect([app, ...misnamed(text)]).toEqual([app]);
    }
  });

  it('would be refused under other names', () => {
    const odd =
      '# HELP a_total Sum\n# TYPE a_total gauge\n# TYPE waitMs counter\nwaitMs{merchantId="x"} 1\n# HELP b_ms B\n# TYPE b_ms gauge\n# HELP c_megabytes C\n# TYPE c_megabytes gauge\nc_megabytes{a="b",le="1"} 1\n';
    expect(misnamed(odd)).toEqual([
      'a_total has _total and is no counter',
      'waitMs has no help',
      'waitMs is a counter without _total',
      'waitMs is not snake_case',
      'b_ms has a unit in short',
      'c_megabytes is of no base unit',
      'c_megabytes has the label le',
      'label merchantId is not snake_case',
    ]);
  });
});

describe('the tables', () => {
  /** Why a column that names a row of ours is no foreign key. */
  const NO_KEY: Record<string, string> = {
    'payment.orders.attempt_id':
      'names the current attempt, which refers to the order itself; a key would cost an index that T2 writes',
    'payment.orders.draft_id': 'a draft is of the option app and is purged before the order',
    'payment.callbacks.attempt_id':
      'is found with its order, to which both refer; a key would cost an index that T3 writes',
    'payment.history.subject_id': 'is of the table that `subject` names',
    'privacy.location_facts.capture_id': 'the record outlives the capture (위치정보법)',
  };

  it('refer to one another by foreign keys', async () => {
    const columns = await house.database.query<{ name: string }>(`
      SELECT format('%s.%s.%s', n.nspname, c.relname, a.attname) AS name
        FROM pg_attribute a JOIN pg_class c ON c.oid = a.attrelid JOIN pg_namespace n ON n.oid = c.relnamespace
       WHERE c.relkind IN ('r', 'p') AND NOT c.relispartition AND n.nspname !~ '^(pg_|pgboss|information_schema|shop_)'
         AND a.attname LIKE '%\\_id' AND a.atttypid = 'uuid'::regtype AND NOT a.attisdropped
         AND NOT EXISTS (SELECT 1 FROM pg_constraint k WHERE k.contype = 'f' AND k.conrelid = c.oid AND a.attnum = ANY (k.conkey))
       ORDER BY 1`);
    expect(columns.map(({ name }) => name)).toEqual(Object.keys(NO_KEY).sort());
  });
});

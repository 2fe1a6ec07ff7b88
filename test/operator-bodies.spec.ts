import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { merchants } from '@biz/merchants';
import type { AppName } from '@biz/platform';
import { documentChecker } from './documents';
import { generatedRequests } from './generated-requests';
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

  it('is refused with the name of a field that there is not, and of one that is null, on every route', async () => {
    const found = routes();
    expect(found.length).toBeGreaterThan(5);
    for (const { app, method, path, fields } of found) {
      for (const [field, value] of [['amout', 3_500], ...fields.map((name) => [name, null])] as [string, unknown][]) {
        const [status, text] = await send(app, method, path, { [field]: value });
        expect({ app, path, field, status }).toEqual({ app, path, field, status: 400 });
        expect(text).toContain(field);
      }
    }
  });
});

describe.each([...APPS, 'simulator'] as AppName[])('the document of %s', (app) => {
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

import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { merchants } from '@biz/merchants';
import type { AppName } from '@biz/platform';
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

describe('what an operator sends', () => {
  let house: House;
  beforeAll(async () => {
    house = await House.start(merchants);
  });
  afterAll(() => house.stop());

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

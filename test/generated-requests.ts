import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { AppName } from '@biz/platform';

interface Schema {
  $ref?: string;
  type?: string;
  example?: unknown;
  default?: unknown;
  enum?: unknown[];
  properties?: Record<string, Schema>;
  items?: Schema;
}
interface Parameter {
  name: string;
  in: 'path' | 'query' | 'header';
  schema?: Schema;
  example?: unknown;
}
interface Operation {
  security?: object[];
  parameters?: Parameter[];
  requestBody?: { content: Record<string, { schema: Schema }> };
}
interface Document {
  paths: Record<string, Record<string, Operation>>;
  components: { schemas: Record<string, Schema> };
}

/** A request that a test sends, and what is odd about it. */
export interface Generated {
  odd: string;
  method: string;
  path: string;
  headers: Record<string, string>;
  body?: string;
}

const UNKNOWN_ID = '019ab0c0-1111-7000-8000-010123456789';
const TOKEN = { authorization: 'Bearer dev-operator-token' };
const JSON_TYPE = { 'content-type': 'application/json' };

/** For each operation of an app's committed document: a request as its examples say, and requests with one thing wrong. */
export function generatedRequests(app: AppName): Generated[] {
  const text = readFileSync(join(__dirname, '../openapi', `${app}.json`), 'utf8');
  const { paths, components } = JSON.parse(text) as Document;
  const sampleOf = (schema: Schema | undefined, depth = 0): unknown => {
    const found = schema?.$ref === undefined ? schema : components.schemas[schema.$ref.split('/').at(-1) ?? ''];
    if (!found || depth > 6) return 'x';
    if (found.example !== undefined) return found.example;
    if (found.enum) return found.enum[0];
    if (found.properties)
      return Object.fromEntries(
        Object.entries(found.properties).map(([name, each]) => [name, sampleOf(each, depth + 1)]),
      );
    if (found.type === 'array') return [sampleOf(found.items, depth + 1)];
    return found.type === 'integer' || found.type === 'number' ? 1 : found.type === 'boolean' ? true : 'x';
  };
  return Object.entries(paths).flatMap(([path, operations]) =>
    Object.entries(operations).flatMap(([method, operation]) => requestsOf(path, method, operation, sampleOf)),
  );
}

function requestsOf(
  path: string,
  method: string,
  { security = [], parameters = [], requestBody }: Operation,
  sampleOf: (schema: Schema | undefined) => unknown,
): Generated[] {
  const isOperators = security.length > 0;
  const given = (place: Parameter['in']): [string, string][] =>
    parameters
      .filter((parameter) => parameter.in === place)
      .map(({ name, schema, example }) => [name, String(example ?? sampleOf(schema))]);
  const addressOf = (values: [string, string][], query: [string, string][]): string => {
    const filled = values.reduce((text, [name, value]) => text.replace(`{${name}}`, encodeURIComponent(value)), path);
    const search = new URLSearchParams(query).toString();
    return search === '' ? filled : `${filled}?${search}`;
  };
  const [type, content] = Object.entries(requestBody?.content ?? {})[0] ?? [];
  const sample = sampleOf(content?.schema);
  const isJson = type === 'application/json';
  const body = type === undefined ? undefined : isJson ? JSON.stringify(sample) : String(sample);
  const right: Generated = {
    odd: 'nothing',
    method: method.toUpperCase(),
    path: addressOf(given('path'), given('query')),
    headers: {
      ...Object.fromEntries(given('header')),
      ...(isOperators && TOKEN),
      ...(type !== undefined && { 'content-type': type }),
    },
    ...(body !== undefined && { body }),
  };
  const unknown = given('path').map(([name]): [string, string] => [name, UNKNOWN_ID]);
  const wrongFields = Object.fromEntries(Object.keys(Object(sample) as object).map((name) => [name, { wrong: true }]));
  const withoutToken = Object.fromEntries(Object.entries(right.headers).filter(([name]) => name !== 'authorization'));
  const odd: (Partial<Generated> & { odd: string; when: boolean })[] = [
    { odd: 'ids that are unknown', when: unknown.length > 0, path: addressOf(unknown, given('query')) },
    { odd: 'no token', when: isOperators, headers: withoutToken },
    { odd: 'no parameters', when: given('query').length > 0, path: addressOf(given('path'), []) },
    {
      odd: 'parameters of other types',
      when: given('query').length > 0,
      path: addressOf(
        given('path'),
        given('query').map(([name]) => [name, '%00']),
      ),
    },
    { odd: 'an empty body', when: isJson, body: '{}' },
    { odd: 'fields of other types', when: isJson, body: JSON.stringify(wrongFields) },
    { odd: 'a list', when: isJson, body: '[]' },
    { odd: 'no JSON', when: isJson, body: '{"a":' },
    { odd: 'a body of another type', when: body !== undefined, headers: { ...right.headers, 'content-type': 'x/y' } },
    {
      odd: 'a body that is not asked for',
      when: body === undefined && method !== 'get',
      headers: { ...right.headers, ...JSON_TYPE },
      body: '[',
    },
  ];
  return [right, ...odd.filter(({ when }) => when).map(({ when: _, ...changed }) => ({ ...right, ...changed }))];
}

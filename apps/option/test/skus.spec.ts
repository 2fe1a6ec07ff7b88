import { Readable } from 'node:stream';
import { checkProduct, combination, commerceSchema, ProductChanged, Products, Stock } from '@biz/commerce';
import type { Product } from '@biz/commerce';
import { merchantSchema } from '@biz/merchant';
import { merchants } from '@biz/merchants';
import { asTyped, csvOf, defused } from '@biz/platform';
import { eventually, startTestApp, testDatabase, timed, times } from '@biz/testing';
import type { TestApp, TestDatabase } from '@biz/testing';
import fc from 'fast-check';
import { encode } from 'iconv-lite';
import { optionApp } from '../src/option.module';
import { fieldsOf } from '../src/skus/sku-cells';
import { recordsOf } from '../src/skus/sku-file';
import { withSkus } from '../src/skus/product-of-rows';
import { headerOf, rowsOf, tableProblems } from '../src/skus/sku-table';
import { anyProduct } from './any-product';

let database: TestDatabase;
let app: TestApp;

beforeAll(async () => {
  database = await testDatabase(merchantSchema, commerceSchema);
  app = await startTestApp(optionApp(merchants), { database });
});
afterAll(async () => {
  await app.close();
  await database.drop();
});

const HEADER = '사이즈,색상,추가 금액,재고,최소 수량,최대 수량,전달값,재고 이름';
const shirt: Product = {
  id: 'shirt',
  name: '셔츠',
  kind: 'commerce',
  price: 10_000,
  groups: combination(
    [{ id: 'size', name: '사이즈', description: '골라 주세요.' }, '색상'],
    [
      { values: ['S', '흰색'], stock: 3, extra: '001' },
      { values: ['S', '=검정'], addPrice: 500, stock: 5, maxQuantity: 9 },
      { values: ['M', '흰색'], addPrice: -500 },
    ],
  ),
};
beforeEach(async () => {
  await database.query(`DELETE FROM commerce.stock WHERE product_id = 'shirt'`);
  await database.query(`DELETE FROM commerce.products WHERE id = 'shirt'`);
  await app.get<Products>(Products).save('demo-shop', shirt);
});

interface Told {
  status?: number;
  saved?: boolean;
  rows?: number;
  added?: number;
  changed?: number;
  removed?: number;
  problemCount?: number;
  problems?: { line: number; column?: string; message: string }[];
  warnings?: { line: number; column?: string; message: string }[];
}
const AUTHORIZED = { authorization: 'Bearer dev-operator-token' };
const put = async (file: string | Buffer, query = '', id = 'shirt', headers: object = AUTHORIZED) => {
  const response = await fetch(`${app.url}/operator/products/${id}/skus${query}`, {
    method: 'PUT',
    headers: { 'content-type': 'text/csv', ...headers },
    body: typeof file === 'string' ? file : new Uint8Array(file),
  });
  const { status: http, headers: sent } = response;
  return { http, connection: sent.get('connection'), body: (await response.json()) as Told };
};
const exported = async (id = 'shirt'): Promise<string> => {
  const response = await fetch(`${app.url}/operator/products/${id}/skus`, { headers: AUTHORIZED });
  expect(response.status).toBe(200);
  expect(response.headers.get('content-type')).toBe('text/csv; charset=utf-8');
  return Buffer.from(await response.arrayBuffer()).toString('utf8');
};
/** The product as an operator sees it, without what every save changes. */
const kept = async (): Promise<object> => {
  const response = await fetch(`${app.url}/operator/products/shirt`, { headers: AUTHORIZED });
  const product = (await response.json()) as { updatedAt: string };
  return { ...product, updatedAt: '' };
};
const lines = (...rows: string[]): string => [HEADER, ...rows, ''].join('\r\n');
it('exports what Excel opens: Korean titles, UTF-8 with its mark, CRLF, no formulas', async () => {
  expect(await exported()).toBe(`\uFEFF${lines('S,흰색,,3,,,001,', "S,'=검정,500,5,,9,,", 'M,흰색,-500,,,,,')}`);
});

it('changes nothing when a file comes back as it went out, in either encoding', async () => {
  const before = await kept();
  const file = await exported();
  const told = { rows: 3, added: 0, changed: 0, removed: 0, problemCount: 0, saved: true };
  for (const each of [Buffer.from(file), Buffer.from(file.slice(1)), encode(file.slice(1), 'cp949')]) {
    expect(await put(each)).toMatchObject({ http: 200, body: told });
    expect(await kept()).toEqual(before);
  }
});

it('adds, changes and removes SKUs, and leaves the rest of the product alone', async () => {
  const file = lines('S,흰색,"1,000",7,1,2,001,', 'L,파랑,,9,,,,', '', ',,,,,,,');
  expect(await put(file)).toMatchObject({
    http: 200,
    body: { rows: 2, added: 1, changed: 1, removed: 2, saved: true },
  });
  expect(await kept()).toMatchObject({
    price: 10_000,
    groups: [
      { id: 'size', description: '골라 주세요.', subGroups: [{ options: [{ value: 'S' }, { value: 'L' }] }] },
      {
        subGroups: [
          { options: [{ value: '흰색', addPrice: 1_000, stock: 7, minQuantity: 1, maxQuantity: 2, extra: '001' }] },
          { id: 'L:색상', options: [{ value: '파랑', stock: 9 }] },
        ],
      },
    ],
    levels: [
      { sku: 'L:색상/파랑', onHand: 9 },
      { sku: 'S:색상/흰색', onHand: 7 },
    ],
  });
});

it('tells every problem by its line, and saves nothing of the file', async () => {
  const before = await kept();
  const file = lines('S,흰색,비쌈,3,,,,', 'S,흰색,,3,,,,', 'S,검정,,3', ',흰색,,,,,,', 'M,흰색,,-1.5,,,,');
  const problems = [
    { path: 'line 2, 추가 금액', line: 2, column: '추가 금액', message: 'must be a whole number or empty' },
    { path: 'line 3', line: 3, message: 'names the same SKU as line 2' },
    { path: 'line 4', line: 4, message: 'has 4 cells instead of 8' },
    { path: 'line 5', line: 5, message: 'lacks a value that names the SKU' },
    { path: 'line 6, 재고', line: 6, column: '재고', message: 'must be a whole number or empty' },
  ];
  const { http, body } = await put(file);
  expect({ http, problems: body.problems?.toSorted((a, b) => a.line - b.line) }).toEqual({ http: 400, problems });
  expect(await kept()).toEqual(before);
});

it('tells what the rules of the guide say, at the line that breaks them', async () => {
  const file = lines('S,흰색,9999999999,3,,,,', 'S,검정,,1,5,2,,', `S,파랑,,1,,,${'x'.repeat(1_001)},`);
  expect(await put(file, '?dryRun=true')).toMatchObject({
    http: 200,
    body: {
      saved: false,
      problemCount: 3,
      problems: [
        { line: 2, column: '추가 금액' },
        { line: 3, column: '최소 수량', message: '5 is over the maximum 2' },
        { line: 4, column: '전달값' },
      ],
    },
  });
});

it('names columns that it does not know, and cells that hold blanks and mean nothing', async () => {
  const before = await kept();
  const told = async (file: string) => (await put(file)).body.problems?.map(({ column, message }) => [column, message]);
  const titles = `the titles must be: ${HEADER}`;
  expect(await told(lines().replace('재고,', '제고,'))).toEqual([
    ['제고', `is no column here, or stands twice; ${titles}`],
    ['재고', `is missing; ${titles}`],
  ]);
  expect(await told(lines('S,흰색,,3,,,,').replace('재고 이름', '재고 이름,비고'))).toEqual([
    ['비고', `is no column here, or stands twice; ${titles}`],
  ]);
  expect(await told(lines().replace('추가 금액,재고', '재고,추가 금액'))).toEqual([
    ['사이즈', `stands in another order; ${titles}`],
  ]);
  expect(await told(lines('S,흰색, ,3,,,\u200B,\u3000', 'S,\u200B,,3,,,,'))).toEqual([
    ['추가 금액', 'holds nothing but blanks: leave it empty'],
    ['전달값', 'holds nothing but blanks: leave it empty'],
    ['재고 이름', 'holds nothing but blanks: leave it empty'],
    [undefined, 'lacks a value that names the SKU'],
  ]);
  expect(await kept()).toEqual(before);
});

it('finds its SKUs in a file whose hangul is decomposed, as a Mac writes it', async () => {
  const file = lines('S,흰색,,99,,,,').normalize('NFD');
  expect(await put(file, '?dryRun=true')).toMatchObject({ http: 200, body: { added: 0, changed: 1, problems: [] } });
});

it('takes the blanks and empty columns that people and Excel leave, and says by line and column what it read', async () => {
  const nfd = '흰색'.normalize('NFD');
  const file = [`${HEADER},,`, `S ,${nfd},,99,,,001,,, `, 'M,흰색,,,,\u00a07 , X9 ,,,', ''].join('\r\n');
  const { http, body } = await put(file, '?dryRun=true');
  expect([http, body.added, body.changed, body.problems]).toEqual([200, 0, 2, []]);
  expect(body.warnings?.map(({ line, column, message }) => [line, column, message])).toEqual([
    [2, '사이즈', 'was read as "S"'],
    [2, '색상', 'was read as "흰색"'],
    [3, '최대 수량', 'was read as "7"'],
    [3, '전달값', 'holds blanks at an end, or letters in pieces (NFD): it is kept as it is written'],
  ]);
  const twice = await put(lines('S,흰색,,1,,,,', 'S ,흰색,,2,,,,'), '?dryRun=true');
  expect(twice.body.problems).toMatchObject([{ line: 3, message: 'names the same SKU as line 2' }]);
  const more = await put(lines('S,흰색,,1,,,,,x,'));
  expect(more.body.problems).toMatchObject([{ line: 2, message: 'has 9 cells instead of 8' }]);
});

it.each<[string, (file: string) => string | Buffer]>([
  ['semicolons', (file) => file.replaceAll(',', ';')],
  ['semicolons, said above', (file) => `\uFEFFsep=;\r\n${file.replaceAll(',', ';')}`],
  ['commas, said above', (file) => `sep=,\r\n${file}`],
  ['tabs, as Unicode text', (file) => encode(file.replaceAll(',', '\t'), 'utf-16le', { addBOM: true })],
])('reads a file that Excel saved with %s', async (_what, saved) => {
  const file = saved(lines('S,흰색,1000,99,,,001,', 'M,흰색,-500,,,,,'));
  expect(await put(file, '?dryRun=true')).toMatchObject({
    http: 200,
    body: { rows: 2, added: 0, changed: 1, removed: 1, problems: [], warnings: [] },
  });
});

it('stops at the SKU that is one too many, reads the rest, and goes on after one that grows too large', async () => {
  const file = [HEADER, ...times(100_000, (at) => `S${at},흰색,,1,,,,`), ''].join('\n');
  expect(await put(file, '?dryRun=true')).toMatchObject({
    connection: 'keep-alive',
    body: { problemCount: 1, problems: [{ line: 50_002, message: 'is one too many: a file may have 50000 SKUs' }] },
  });
  const large = [HEADER, ...times(320, (at) => `S${at},흰색,,1,,,${'x'.repeat(60_000)},`)].join('\n');
  expect(await put(large, '?dryRun=true')).toMatchObject({ http: 413 });
});

it('tries a file without saving it', async () => {
  const before = await kept();
  const dry = { dryRun: true, saved: false, rows: 1, added: 0, changed: 1, removed: 2, problemCount: 0, problems: [] };
  expect(await put(lines('S,흰색,,99,,,,'), '?dryRun=true')).toMatchObject({ http: 200, body: dry });
  expect(await kept()).toEqual(before);
});

it('never goes below what is reserved, in a trial as well', async () => {
  await database.dataSource.transaction((manager) =>
    app
      .get<Stock>(Stock)
      .reserve(manager, 'demo-shop', 'order-csv', [{ productId: 'shirt', sku: 'S:색상/흰색', quantity: 2 }]),
  );
  const before = await kept();
  const refusal = { line: 2, column: '재고', message: 'must be 2 at least: so many pieces are reserved' };
  const low = lines('S,흰색,,1,,,,');
  expect(await put(low, '?dryRun=true')).toMatchObject({ http: 200, body: { problems: [refusal] } });
  expect(await put(low)).toMatchObject({ http: 400, body: { problems: [refusal] } });
  expect(await put(lines('M,흰색,,,,,,'))).toMatchObject({ http: 400 });
  expect(await kept()).toEqual(before);
  expect(await put(low, '?stock=keep')).toMatchObject({ http: 200 });
  expect(await kept()).toMatchObject({ levels: [{ sku: 'S:색상/흰색', onHand: 3, reserved: 2 }] });
});

it('does not overwrite what somebody else saved while the file came', async () => {
  const products = app.get<Products>(Products);
  const found = await products.inspect('demo-shop', 'shirt');
  await products.save('demo-shop', { ...shirt, name: '새 셔츠' });
  await expect(products.save('demo-shop', shirt, { version: found?.version })).rejects.toThrow(ProductChanged);
  await eventually(async () => {
    const slow = async function* (): AsyncGenerator<Uint8Array> {
      yield Buffer.from(`${HEADER}\r\n`);
      await products.save('demo-shop', { ...shirt, name: '새 셔츠' });
      yield Buffer.from('S,흰색,,99,,,,\r\n');
    };
    const headers = { 'content-type': 'text/csv', ...AUTHORIZED };
    const init = { method: 'PUT', headers, body: slow(), duplex: 'half' } as unknown as RequestInit;
    expect((await fetch(`${app.url}/operator/products/shirt/skus`, init)).status).toBe(409);
  });
  expect(await kept()).toMatchObject({ name: '새 셔츠', levels: [{ onHand: 5 }, { onHand: 3 }] });
});

it.each<[string, string | Buffer, number, RegExp]>([
  ['empty', '', 1, /must be: 사이즈,색상/],
  ['of other titles', 'size,colour\r\nS,흰색\r\n', 1, /must be: 사이즈,색상/],
  [
    'in another encoding',
    Buffer.concat([Buffer.from(`${HEADER}\r\nS,`), Buffer.from([0xff, 0xfe, 0x00]), Buffer.from(',,3,,,,')]),
    2,
    /neither UTF-8 nor CP949: save the file as CSV UTF-8/,
  ],
  ['with a quote left open', `${HEADER}\r\n"S,흰색,,3,,,,\r\n`, 2, /is no CSV: CSV_QUOTE_NOT_CLOSED/],
])('refuses a file that is %s', async (_, file, line, message) => {
  const { http, body } = await put(file);
  expect({ http, told: body.problems?.[0] }).toMatchObject({
    http: 400,
    told: { line: expect.any(Number) as number, message: expect.stringMatching(message) as string },
  });
  expect(Math.abs((body.problems?.[0]?.line ?? 0) - line)).toBeLessThanOrEqual(1);
});

it('lists options of simple groups by their group', async () => {
  expect(await exported('mug')).toBe(
    [
      '\uFEFF옵션 그룹,옵션,추가 금액,재고,최소 수량,최대 수량,전달값,재고 이름',
      '색상,흰색,,,,,,',
      '색상,검정,1000,,,,,',
      '색상,금색,3000,,,,,',
      '추가 상품,선물 포장,2000,,,,,',
      '추가 상품,축하 카드,1000,,,,,',
      '',
    ].join('\r\n'),
  );
});

it('needs the token before a byte of the file, takes files only, and knows its products', async () => {
  expect(await put(lines(), '', 'shirt', {})).toMatchObject({ http: 401 });
  const told = { http: 415, body: { message: 'Send the body as Content-Type: text/csv' } };
  for (const type of ['application/json', 'application/vnd.ms-excel', 'x', '']) {
    expect(await put(lines(), '', 'shirt', { ...AUTHORIZED, 'content-type': type })).toMatchObject(told);
  }
  expect(await put(lines(), '', 'nothing')).toMatchObject({
    http: 404,
    body: { message: 'No such product of merchant demo-shop; ?merchant= names another one' },
  });
  expect(await put(lines(), '?merchant=nobody')).toMatchObject({ http: 404 });
});

it('says which products do not fit a table', async () => {
  const [size, colour] = combination(['사이즈', '색상'], [{ values: ['S', '흰색'] }]);
  const shared = {
    ...size!,
    subGroups: [
      {
        ...size!.subGroups![0]!,
        options: ['S', 'M'].map((value) => ({
          id: value,
          value,
          leadsTo: [{ groupId: '색상', subGroupId: 'S:색상' }],
        })),
      },
    ],
  };
  await app.get<Products>(Products).save('demo-shop', { ...shirt, id: 'shared', groups: [shared, colour!] });
  expect(await put(lines(), '', 'shared')).toMatchObject({
    http: 422,
    body: { problems: [{ message: 'two options lead to one sub-group' }] },
  });
});

it('takes twenty thousand SKUs, as JSON and as a file', async () => {
  const skus = times(20_000, (at) => ({
    values: [`값${Math.floor(at / 500)}`, `값${at % 500}`] as [string, string],
    stock: 10,
    extra: String(at),
  }));
  const large: Product = { ...shirt, id: 'large', groups: combination(['사이즈', '색상'], skus) };
  const body = JSON.stringify(large);
  const headers = { 'content-type': 'application/json' };
  const save = (authorization: object) =>
    fetch(`${app.url}/operator/products/large`, { method: 'PUT', headers: { ...headers, ...authorization }, body });
  expect((await save(AUTHORIZED)).status).toBe(200);
  const file = await exported('large');
  const { result, ms } = await timed(() => put(file.replaceAll(',10,', ',11,'), '', 'large'));
  expect(result).toMatchObject({ http: 200, body: { rows: 20_000, changed: 20_000 } });
  // Work that grew with the square of the rows would take minutes.
  expect(ms).toBeLessThan(30_000);
  const t2 = await fetch(`${app.url}/option`, { method: 'POST', headers, body });
  expect(t2.status).toBe(413);
});

describe('any product', () => {
  it('comes back from its file as it was', async () => {
    await fc.assert(
      fc.asyncProperty(
        anyProduct.filter((product) => tableProblems(product).length === 0),
        async (product) => {
          const header = headerOf(product);
          const rows = function* (): Generator<string[]> {
            yield header;
            yield* rowsOf(product);
          };
          const file = Buffer.concat((await csvOf(rows()).toArray()) as Buffer[]);
          const records = (await Readable.from(recordsOf(Readable.from([file]))).toArray()) as {
            cells: string[];
            line: number;
          }[];
          const wrong = (...told: unknown[]): void => {
            throw new Error(JSON.stringify(told));
          };
          expect(records[0]?.cells).toEqual(header);
          const keys = header.length - 6;
          const read = records.slice(1).map(({ cells, line }) => ({
            keys: cells.slice(0, keys).map(asTyped),
            fields: fieldsOf(cells.slice(keys), wrong),
            line,
          }));
          const back = withSkus(product, read, wrong).product;
          expect(back).toEqual(product);
          expect(checkProduct(back)).toEqual([]);
        },
      ),
      { numRuns: 500 },
    );
  });

  it('has texts that no spreadsheet runs, and that are read back', () => {
    fc.assert(
      fc.property(
        fc.string({ unit: fc.constantFrom("'", '=', '+', '-', '@', '\t', '\r', '\n', 'a', '＝', '가') }),
        (text) => {
          expect(defused(text)).not.toMatch(/^[=+\-@\t\r\n＝＋－＠]/);
          expect(asTyped(defused(text))).toBe(text);
        },
      ),
      { numRuns: 1_000 },
    );
  });
});

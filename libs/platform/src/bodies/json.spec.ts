import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { encode } from 'iconv-lite';
import { parseJson } from './json';
import { textOf, textOrBytes } from './text';

describe('parseJson', () => {
  it('keeps every digit of an integer beyond 2^53', () => {
    expect(parseJson('{"id":9223372036854775807,"list":[12345678901234567890],"n":-9007199254740993}')).toEqual({
      id: '9223372036854775807',
      list: ['12345678901234567890'],
      n: '-9007199254740993',
    });
    expect(parseJson('[9007199254740993.0, 1e400]')).toEqual(['9007199254740993', '1e400']);
  });

  it('leaves other numbers numbers', () => {
    expect(parseJson('[1, 9007199254740991, 37.40201073377386, 1e3, "9007199254740993"]')).toEqual([
      1,
      9007199254740991,
      37.40201073377386,
      1000,
      '9007199254740993',
    ]);
    expect(parseJson('[1, 37.5]')).toEqual([1, 37.5]);
  });

  it('passes over a byte order mark, of a text that is read already too', () => {
    expect(parseJson('\uFEFF{"a":1}')).toEqual({ a: 1 });
  });
});

describe('textOf', () => {
  it('believes a Korean charset before UTF-8, of which some of its words are the bytes, and a Latin one only after', () => {
    expect(textOf(encode('홍', 'cp949'), 'text/plain; charset=euc-kr')).toBe('홍');
    expect(textOf(Buffer.from('홍'), 'text/plain; charset=euc-kr')).toBe('홍');
    expect(textOf(Buffer.from('홍'), 'text/plain; charset=ISO-8859-1')).toBe('홍');
    expect(textOf(encode('café', 'latin1'), 'text/plain; charset=ISO-8859-1')).toBe('café');
    expect(textOf(Buffer.from('홍'), 'text/plain; charset=base64')).toBe('홍');
  });

  it('leaves a sign for a lost letter that the sender wrote itself', () => {
    expect(textOf(Buffer.from('a\uFFFDb'))).toBe('a\uFFFDb');
  });

  it('refuses what is no text, or keeps its bytes', () => {
    const cut = Buffer.from('홍길동').subarray(0, 8);
    expect(() => textOf(cut)).toThrow('no text');
    expect(() => textOf(Buffer.from([0xff, 0xfe, 0x00, 0xd8]))).toThrow('no text');
    expect(textOrBytes(cut, 'text/html; charset=utf-8')).toBe(
      `data:text/html;charset=utf-8;base64,${cut.toString('base64')}`,
    );
  });
});

/** Sources that run at a merchant's: no tests, and no page, which talks to its own server only. */
const ROOT = join(__dirname, '../../../..');
const SOURCES = ['apps', 'libs', 'merchants'].flatMap((folder) =>
  readdirSync(join(ROOT, folder), { recursive: true, encoding: 'utf8' })
    .map((file) => join(folder, file))
    .filter((file) => file.endsWith('.ts') && !file.endsWith('.spec.ts') && !/^libs\/testing\/|\/test\//.test(file)),
);
/** What makes an object of a text, or a text of bytes. */
const READERS =
  /JSON\.parse\(|\.json\(\)|\bTextDecoder\b|from 'iconv-lite'|from 'secure-json-parse'|readFileSync\(.*'utf8'\)/;
const HOMES = new Map([
  ['libs/platform/src/bodies/json.ts', 'the reader'],
  ['libs/platform/src/bodies/text.ts', 'the reader'],
  ['apps/option/src/skus/sku-file.ts', 'a file of megabytes is decoded as it comes'],
  ['apps/simulator/src/cli/client.ts', 'reads the simulator, which this house wrote'],
  ['apps/simulator/src/page/page.controller.ts', 'reads the files of its own page'],
]);

describe('the house', () => {
  it('reads what others wrote in one place', () => {
    const readers = SOURCES.filter((file) => READERS.test(readFileSync(join(ROOT, file), 'utf8')));
    expect(readers.sort()).toEqual([...HOMES.keys()].sort());
  });

  it('reads as its own only what it sealed or wrote itself', () => {
    const own = SOURCES.flatMap((file) =>
      [...readFileSync(join(ROOT, file), 'utf8').matchAll(/parseOwnJson(?:<[^(]*>)?\((.*)/g)].map(
        ([, what = '']) => `${file}: ${what}`,
      ),
    );
    const known = /vault\.open\(|JSON\.stringify\(|toWireJson\(|plain\(|: (shown|kept|row\.counts|text)\b/;
    expect(own.filter((line) => !known.test(line))).toEqual([]);
  });
});

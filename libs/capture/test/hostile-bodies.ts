import { gzipSync } from 'node:zlib';

export interface HostileBody {
  what: string;
  body: string | Buffer;
  /** application/json unless said. */
  type?: string;
  headers?: Record<string, string>;
}

const repeated = (text: string, times: number): string => text.repeat(times);

/**
 * Bodies a callback app must answer with 4xx and never act upon, around an OTP address that it would accept by itself.
 *
 * Those that are too large, too deep or no JSON at all; those that mean two things; those with other types inside.
 */
export const hostileBodies = (otp: string): HostileBody[] => {
  const evil = 'https://evil.example/otp/abc/onetimeprofile';
  const valid = JSON.stringify({ otp });
  const quoted = JSON.stringify(otp);
  return [
    // no JSON, or not the JSON of a callback
    { what: 'nothing', body: '' },
    { what: 'white space', body: ' \r\n\t ' },
    { what: 'a brace', body: '{' },
    { what: 'half of a callback', body: valid.slice(0, -5) },
    { what: 'a callback and more', body: `${valid}}` },
    { what: 'two callbacks', body: `${valid}\n${valid}` },
    { what: 'single quotes', body: `{'otp':'${otp}'}` },
    { what: 'no quotes', body: `{otp:${quoted}}` },
    { what: 'a comment', body: `{/* */"otp":${quoted}}` },
    { what: 'a comma at the end', body: `{"otp":${quoted},}` },
    { what: 'NaN', body: `{"otp":NaN}` },
    { what: 'a hexadecimal number', body: `{"otp":0x10}` },
    { what: 'a line break inside a string', body: `{"otp":"${otp}\n"}` },
    { what: 'a NUL before it', body: `\0${valid}` },
    { what: 'a prefix against script inclusion', body: `)]}',\n${valid}` },
    { what: 'XML that asks for a file', body: '<!DOCTYPE a [<!ENTITY x SYSTEM "file:///etc/passwd">]><otp>&x;</otp>' },
    { what: 'YAML', body: `otp: !!js/function 'function () {}'` },
    { what: 'UTF-16', body: Buffer.from(valid, 'utf16le') },
    { what: 'UTF-16 with its mark', body: Buffer.concat([Buffer.from([0xff, 0xfe]), Buffer.from(valid, 'utf16le')]) },
    { what: 'bytes that are no UTF-8', body: Buffer.from([0x7b, 0x22, 0xc3, 0x28, 0x22, 0x3a, 0x31, 0x7d]) },
    {
      what: 'an overlong slash',
      body: Buffer.concat([Buffer.from(`{"otp":"${otp}`), Buffer.from([0xc0, 0xaf, 0x22, 0x7d])]),
    },
    { what: 'random bytes', body: Buffer.from(Array.from({ length: 512 }, (_, at) => (at * 167 + 31) % 256)) },
    { what: 'a compressed callback', body: gzipSync(valid), headers: { 'content-encoding': 'gzip' } },
    { what: 'a gzip bomb', body: gzipSync(Buffer.alloc(32 * 1024 * 1024)), headers: { 'content-encoding': 'gzip' } },
    // JSON of another shape
    { what: 'null', body: 'null' },
    { what: 'true', body: 'true' },
    { what: 'a number', body: '1e999999' },
    { what: 'a string', body: quoted },
    { what: 'a list of callbacks', body: `[${valid}]` },
    { what: 'an empty object', body: '{}' },
    { what: 'otp null', body: '{"otp":null}' },
    { what: 'otp a number', body: '{"otp":12345678901234567890}' },
    { what: 'otp a boolean', body: '{"otp":true}' },
    { what: 'otp in a list', body: `{"otp":[${quoted}]}` },
    { what: 'otp as an object with toString', body: `{"otp":{"toString":${quoted},"length":1}}` },
    { what: 'otp as a query of a document store', body: '{"otp":{"$gt":""}}' },
    { what: 'OTP in capitals', body: `{"OTP":${quoted}}` },
    { what: 'otp under a name with a NUL', body: `{"otp\\u0000":${quoted}}` },
    // two meanings
    { what: 'otp twice, the second evil', body: `{"otp":${quoted},"otp":"${evil}"}` },
    { what: 'otp twice, one escaped', body: `{"otp":${quoted},"\\u006ftp":"${evil}"}` },
    { what: 'otp with a lone surrogate', body: `{"otp":"${otp}\\ud800"}` },
    { what: 'otp with an escaped NUL', body: `{"otp":"${otp}\\u0000"}` },
    { what: 'otp with an escaped line break', body: `{"otp":"${otp}\\r\\nHost: evil.example"}` },
    { what: 'a prototype', body: `{"__proto__":${valid}}` },
    { what: 'a prototype beside it', body: `{"otp":${quoted},"__proto__":{"isAdmin":true}}` },
    { what: 'an escaped prototype', body: `{"otp":${quoted},"__pro\\u0074o__":{"isAdmin":true}}` },
    { what: 'the prototype of a constructor', body: `{"otp":${quoted},"constructor":{"prototype":{"isAdmin":true}}}` },
    { what: 'a relay id that is an object', body: `{"otp":${quoted},"relay_id":{"a":1}}` },
    { what: 'a relay id with a NUL', body: `{"otp":${quoted},"relay_id":"a\\u0000b"}` },
    { what: 'a relay id of 10,000 characters', body: `{"otp":${quoted},"relay_id":"${repeated('r', 10_000)}"}` },
    // large and deep
    { what: 'an otp of 200,000 characters', body: `{"otp":"${otp}${repeated('a', 200_000)}"}` },
    { what: 'half a megabyte', body: `{"otp":"${repeated('a', 512 * 1024)}"}` },
    { what: 'a hundred thousand brackets', body: `{"otp":${repeated('[', 100_000)}${repeated(']', 100_000)}}` },
    { what: 'brackets that stay open', body: `{"otp":${repeated('[', 200_000)}` },
    {
      what: 'forty thousand objects in each other',
      body: `{"otp":${repeated('{"a":', 40_000)}1${repeated('}', 40_000)}}`,
    },
    { what: 'thirty thousand fields', body: `{${Array.from({ length: 30_000 }, (_, at) => `"${at}":1`).join(',')}}` },
    { what: 'a number of 200,000 digits', body: `{"otp":${repeated('9', 200_000)}}` },
    { what: 'fifty thousand escapes', body: `{"otp":"${repeated('\\u0041', 40_000)}"}` },
    // other content types
    { what: 'no type', body: valid, type: '' },
    { what: 'a broken type', body: valid, type: ';;;' },
    { what: 'XML', body: `<otp>${otp}</otp>`, type: 'application/xml' },
    { what: 'bytes', body: valid, type: 'application/octet-stream' },
    {
      what: 'a form with an evil address',
      body: `otp=${encodeURIComponent(evil)}`,
      type: 'application/x-www-form-urlencoded',
    },
    { what: 'a form with lists', body: 'otp[]=a&otp[__proto__]=b', type: 'application/x-www-form-urlencoded' },
    {
      what: 'parts',
      body: `--x\r\nContent-Disposition: form-data; name="otp"\r\n\r\n${otp}\r\n--x--`,
      type: 'multipart/form-data; boundary=x',
    },
    { what: 'a script', body: valid, type: 'text/javascript' },
    { what: 'text', body: valid, type: 'text/plain' },
  ];
};

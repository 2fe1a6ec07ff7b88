import { APPS } from './apps-behind';

/** A path key, as `openssl rand -hex 16` makes one. */
export const KEY = '5f0c7be2a9d14e68';

/** Addresses that Kakao calls, one of each shape. */
const GENUINE = [
  `/payment/m/${KEY}/ordersheet`,
  `/payment/m/${KEY}/order/callback/gT5-_Xk2`,
  `/image/m/${KEY}/callback/receipts`,
  `/sync/m/${KEY}/callback`,
];

/** What no outsider may reach. */
const INSIDE = ['operator/orders', 'docs', 'docs-json', 'metrics', 'health/ready', 'ordersheet', 'order/status'];

const SLASHES =
  '// /./ /../ /%2e/ /%2e%2e/ /.%2e/ /%2E./ %2f %2F %252f \\ /\\ %5c %255c /; ;/ /.;/ /..;/ %00/ /%00 /%20 /? /# /%23 /%3f ／ ∕ %c0%af %ef%bc%8f /%u002f /*/'.split(
    ' ',
  );

const KEYS = [
  ...['', '.', '..', '...', '.a', `.${KEY}`, '-', '_', '~', `-${KEY}`, `~${KEY}`, `_${KEY}`, '%2e', '%2e%2e', '%252e'],
  ...[
    'a/..',
    'a/.',
    'a/../..',
    'a//b',
    'a%2fb',
    'a%2f..',
    'a\\..',
    'a;b',
    ';',
    'a%00',
    '%00',
    'a%0d%0aX:1',
    'a%',
    '%zz',
  ],
  ...[
    'a b',
    'a%20b',
    'a+b',
    'a:b',
    'a@b',
    'a,b',
    'a!b',
    "a'b",
    'a(b)',
    'a*b',
    'a=b',
    'a&b',
    'a$b',
    '한글',
    '%ed%95%9c',
  ],
  ...['{env.PATH}', '{http.request.host}', '{http.request.header.X-Key}', '{$PATH}', '{{x}}', '%7bx%7d', '<a>', '"a"'],
  ...['a|b', 'a^b', 'a`b', '[a]', 'ａ', 'İ', 'ſ', 'K', '%C4%B0', 'a\tb', 'a\u0000b', 'a\u007fb', 'a\u0080b', '\ufeffa'],
  ...[KEY.toUpperCase(), `${KEY}.`, `${KEY}..`, `${KEY}~`, 'a'.repeat(300), 'a'.repeat(9_000)],
];

const ENDINGS = [
  ...[
    '/',
    '//',
    '/.',
    '/..',
    '/./',
    '/../',
    '.',
    '..',
    '.json',
    ';',
    ';x',
    ';x=1',
    '/;',
    '%20',
    '%00',
    '%0a',
    '%2f',
    '%3f',
    '%23',
  ],
  ...[
    '/x',
    '/x/y',
    '~',
    '*',
    '!',
    '$',
    '&x=1',
    '=x',
    '+',
    ',',
    ':',
    ':443',
    '@evil.example',
    '|',
    '\\',
    '%5c',
    '한',
    '\u0000',
  ],
  ...[
    '/../operator/orders',
    '/..%2foperator%2forders',
    '/%2e%2e/operator/orders',
    '/..;/operator/orders',
    '\\..\\operator',
  ],
  ...[
    '/../../../operator/orders',
    '/../../../../operator/orders',
    '/../../../../option/docs',
    '#',
    '#x',
    '#/../operator',
  ],
];

/** Queries are the app's to read; whatever stands there, the path stays what it was. */
export const QUERIES = [
  ...[
    '?',
    '??',
    '?x',
    '?/../operator/orders',
    '?%2e%2e/',
    '?a=1;b=2',
    '?a=%00',
    '?%',
    '?%zz',
    '?a=%2',
    '?{env.PATH}=1',
  ],
  ...['?x=\\', '?x=/m/../', '?#', '?x#y', '?a&a&a', '?__proto__=1', '?=', '?&', '?;', `?x=${'a'.repeat(4_000)}`],
  ...["?x='", '?x="', '?x=<>', '?x=|', '?x[]=1', '?x={http.request.header.Host}', '?x=%7Benv.PATH%7D', '?x=a+b'],
];

const PREFIXES = [
  ...[
    '/',
    '//',
    '/.',
    '/./',
    '/..',
    '/../',
    '/x/..',
    '/x/../',
    '/%2e',
    '/%2e%2e',
    '/;',
    '/*',
    '//localhost',
    '//evil.example',
  ],
  ...[
    '/payment/..',
    '/option/../',
    '/m/x',
    '\\',
    '/\\',
    '%2f',
    'x',
    '*',
    '?',
    '#',
    '@',
    ':',
    '.',
    '..',
    '/%00',
    '/%20',
    '/한',
  ],
];

/** Request targets that are no path at all, and addresses with a scheme and host in front. */
const FORMS = [
  ...[
    '*',
    '/',
    '',
    'localhost:443',
    'payment',
    '?',
    '#',
    '://',
    'http:',
    'http:/x',
    'http://',
    'javascript:1',
    '%',
    '/%',
  ],
  ...[
    'http://gateway',
    'http://evil.example',
    'https://localhost',
    'HTTP://GATEWAY',
    'http://gateway@evil.example',
  ].map((origin) => `${origin}/payment/m/${KEY}/ordersheet`),
  ...['http://gateway', 'http://evil.example', 'ftp://gateway', '//gateway'].map(
    (origin) => `${origin}/payment/operator/orders`,
  ),
];

const replaceAt = (text: string, at: number, by: string): string => text.slice(0, at) + by + text.slice(at + 1);

const hex = (char: string): string => char.charCodeAt(0).toString(16);

/** One address in every spelling: slashes, letters, prefixes and endings. */
function spellingsOf(address: string): string[] {
  const slashes = [...address].flatMap((char, at) => (char === '/' ? [at] : []));
  const letters = [1, 3, address.indexOf('/m/') + 1, address.lastIndexOf('/') + 1, address.length - 1];
  return [
    ...slashes.flatMap((at) => SLASHES.map((by) => replaceAt(address, at, by))),
    ...letters.flatMap((at) => {
      const char = address[at] ?? '';
      const spelled = [`%${hex(char)}`, `%25${hex(char)}`, `%u00${hex(char)}`, char.toUpperCase(), `${char}\u0300`, ''];
      return spelled.map((by) => replaceAt(address, at, by));
    }),
    ...ENDINGS.map((ending) => address + ending),
    ...PREFIXES.map((prefix) => prefix + address),
  ].filter((spelling) => spelling !== address);
}

/** Addresses that a person with bad intent may send, each once. None is one that Kakao calls. */
export const HOSTILE_TARGETS: readonly string[] = [
  ...new Set([
    ...GENUINE.flatMap(spellingsOf),
    ...KEYS.map((key) => `/payment/m/${key}/ordersheet`),
    ...KEYS.map((key) => `/profile/m/${KEY}/callback/${key}`),
    ...APPS.flatMap((app) =>
      INSIDE.flatMap((inside) => [
        `/${app}/${inside}`,
        `/${app}/m/../${inside}`,
        `/${app}/m/${KEY}/${inside}/..`,
        `/${app}/m/${KEY}/../../${inside}`,
        `/${app}/m/${KEY}/callback/../../../${inside}`,
        `/${app}//${inside}`,
      ]),
    ),
    ...FORMS,
  ]),
];

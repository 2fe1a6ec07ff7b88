import { spawn, spawnSync, type ChildProcess } from 'node:child_process';
import { createHmac } from 'node:crypto';
import { once } from 'node:events';
import { cpSync, existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { createInterface } from 'node:readline';
import { KakaoOrigins, readConfig } from '@biz/platform';
import { readMerchants, SHOP_EVENT_TYPES } from '@biz/merchant';
import type { MerchantDefinition } from '@biz/merchant';
import { Webhook } from 'standardwebhooks';
import { ACTS } from '../apps/simulator/src/cli/demo';

const ROOT = join(__dirname, '..');
const read = (path: string): string => readFileSync(join(ROOT, path), 'utf8');

const READMES = ['README.md', 'README.ko.md'].map((file) => [file, read(file)] as const);
const PAGES = ['README.md', 'README.ko.md', 'CONTRIBUTING.md', 'CHANGELOG.md'].concat(
  readdirSync(join(ROOT, 'docs')).map((file) => `docs/${file}`),
);
/** Its development value, which stands in merchant-secrets.ts too. */
const SECRET = `whsec_${Buffer.from('biz-plugin-platform development').toString('base64')}`;

const { scripts } = JSON.parse(read('package.json')) as { scripts: Record<string, string> };

const found = (text: string, pattern: RegExp): string[] => [
  ...new Set([...text.matchAll(pattern)].map(([, name = '']) => name)),
];
const block = (text: string, language: string, begins = ''): string =>
  new RegExp(`\`\`\`${language}\\n(${begins}[\\s\\S]*?)\`\`\``).exec(text)?.[1] ?? '';

/** What stands in the first column of the tables that head it so. */
function firstCells(text: string, heading: string): string {
  const tables = [...text.matchAll(new RegExp(`^\\| (?:${heading}) .*\\n\\|[ |:-]+\\n((?:\\|.*\\n)+)`, 'gm'))];
  return tables.flatMap(([, rows = '']) => rows.split('\n').map((row) => row.split('|')[1] ?? '')).join('\n');
}

const variablesOf = (text: string): string[] => found(firstCells(text, 'variable|변수'), /`([A-Z][A-Z0-9_]+)`/g).sort();

/** Not made unique: a port that stands twice is said twice. */
const portsOf = (text: string): string[] =>
  [...firstCells(text, 'port|포트').matchAll(/`([A-Z]\w+)`/g)].map(([, name = '']) => name).sort();

const PORTS = readdirSync(join(ROOT, 'libs/merchant/src/ports'))
  .map((file) => `libs/merchant/src/ports/${file}`)
  .concat('libs/merchant/src/events/shop-event.ts')
  .flatMap((file) => found(read(file), /^export abstract class (\w+)/gm))
  .sort();

describe.each(READMES)('%s', (_file, text) => {
  it('names npm scripts that exist', () => {
    const named = [...found(text, /npm run (?:-s )?([a-z][\w:-]*\w)/g), ...found(text, /npm (start|test)\b/g)];
    expect(named.length).toBeGreaterThan(10);
    expect(named.filter((name) => !(name in scripts))).toEqual([]);
  });

  it('has every variable of .env.example in its tables, and no other', () => {
    const known = found(read('.env.example'), /^(?:# )?([A-Z][A-Z0-9_]+)=/gm).sort();
    expect(known.length).toBeGreaterThan(60);
    expect(variablesOf(text)).toEqual(known);
  });

  it('lists every event that a shop may receive', () => {
    expect(SHOP_EVENT_TYPES.filter((type) => !text.includes(`\`${type}\``))).toEqual([]);
  });

  it('has a row for each port, and no other', () => {
    expect(portsOf(text)).toEqual(PORTS);
  });

  it('says how the demo ends', () => {
    expect(text).toContain(`\`${ACTS.length} of ${ACTS.length} ended as they should\``);
  });

  it('shows a webhook whose signature is genuine', () => {
    const [head = '', body = ''] = block(text, 'http').trimEnd().split('\n\n');
    const header = (name: string): string => new RegExp(`^${name}: (.+)$`, 'm').exec(head)?.[1] ?? '';
    const key = Buffer.from(SECRET.slice('whsec_'.length), 'base64');
    const signed = `${header('webhook-id')}.${header('webhook-timestamp')}.${body}`;
    expect(header('webhook-signature')).toBe(`v1,${createHmac('sha256', key).update(signed).digest('base64')}`);
  });
});

it('says the same in both languages: the programs, the commands and the merchant’s lines', () => {
  const [english = '', korean = ''] = READMES.map(([, text]) => text);
  for (const language of ['js', 'python', 'ts', 'http']) {
    expect(withoutComments(block(korean, language))).toBe(withoutComments(block(english, language)));
  }
  const commands = (text: string): string[] =>
    [...text.matchAll(/```sh\n([\s\S]*?)```/g)].map(([, lines = '']) => withoutComments(lines));
  expect(commands(korean)).toEqual(commands(english));
});

it('adds a merchant in five steps that the platform starts with', async () => {
  const copy = mkdtempSync(join(tmpdir(), 'biz-five-steps-'));
  try {
    for (const each of ['merchants', 'tsconfig.json']) cpSync(join(ROOT, each), join(copy, each), { recursive: true });
    const [, readme] = READMES[0]!;
    const [copying, renaming] = [block(readme, 'sh', 'cp -r merchants/'), block(readme, 'sh', 'perl ')];
    expect(spawnSync('sh', ['-ec', copying + renaming], { cwd: copy, encoding: 'utf8' })).toMatchObject({ status: 0 });
    writeFileSync(join(copy, 'merchants/index.ts'), block(readme, 'ts', 'import type { MerchantDefinition }'));
    const folder = join(copy, 'merchants/tea-house');
    const texts = readdirSync(folder).map((file) => `${file}\n${readFileSync(join(folder, file), 'utf8')}`);
    expect(texts.filter((each) => /demo|데모/i.test(each))).toEqual([]);
    const { merchants } = (await import(join(copy, 'merchants/index.ts'))) as { merchants: MerchantDefinition[] };
    const { all, problems } = readMerchants(merchants, {}, readConfig(KakaoOrigins, {}));
    expect([all.map(({ id }) => id), problems]).toEqual([['demo-shop', 'tea-house'], []]);
  } finally {
    rmSync(copy, { recursive: true });
  }
});

const withoutComments = (code: string): string => code.replace(/(^|(?<!\s)\s+)(\/\/|#|\/\*\*) .*$/gm, '');

it('docs/merchants.md has a row for each port, and no other', () => {
  expect(portsOf(read('docs/merchants.md'))).toEqual(PORTS);
});

it.each(PAGES)('%s links to files that exist', (page) => {
  const targets = found(read(page), /\]\((?!https?:|#)([^)#\s]+)/g);
  expect(targets.filter((target) => !existsSync(join(ROOT, dirname(page), target)))).toEqual([]);
});

const PYTHON = ['python3', 'python'].find((name) => spawnSync(name, ['--version']).status === 0);
const RECEIVERS: [language: string, command: string | undefined, file: string][] = [
  ['js', process.execPath, 'receiver.mjs'],
  ['python', PYTHON, 'receiver.py'],
];

describe.each(RECEIVERS)('the webhook receiver in %s', (language, command, file) => {
  const folder = mkdtempSync(join(tmpdir(), 'biz-readme-'));
  const on = command ? it : it.skip;
  let program: ChildProcess | undefined;
  let url = '';

  beforeAll(async () => {
    if (!command) return;
    writeFileSync(join(folder, file), block(read('README.md'), language, `(?://|#) ${file}`));
    program = spawn(command, [join(folder, file)], {
      env: { ...process.env, WEBHOOK_SECRET: SECRET, PORT: '0' },
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    const [line] = (await once(createInterface(program.stdout!), 'line')) as [string];
    url = `http://127.0.0.1:${/listening on (\d+)/.exec(line)?.[1] ?? ''}`;
  });
  afterAll(() => {
    program?.kill();
    rmSync(folder, { recursive: true });
  });

  const body = JSON.stringify({ type: 'payment.paid', timestamp: '2026-11-23T00:00:00Z', data: { item: '카페라떼' } });
  const send = async (headers: Record<string, string>, sent = body): Promise<number> =>
    (await fetch(url, { method: 'POST', headers, body: sent })).status;
  const signed = (at: Date, secret = SECRET): Record<string, string> => ({
    'webhook-id': 'msg_1',
    'webhook-timestamp': String(Math.floor(at.getTime() / 1000)),
    'webhook-signature': new Webhook(secret).sign('msg_1', at, body),
  });
  const other = `whsec_${Buffer.alloc(32, 1).toString('base64')}`;

  on('takes what the platform signed, also while its secret is replaced', async () => {
    const now = new Date();
    expect(await send(signed(now))).toBe(204);
    const both = `${new Webhook(other).sign('msg_1', now, body)} ${signed(now)['webhook-signature'] ?? ''}`;
    expect(await send({ ...signed(now), 'webhook-signature': both })).toBe(204);
  });

  on('refuses what was changed, is old, was signed by somebody else, or not at all', async () => {
    const now = new Date();
    expect(await send(signed(now), body.replace('카페라떼', '커피'))).toBe(401);
    expect(await send({ ...signed(now), 'webhook-id': 'msg_2' })).toBe(401);
    expect(await send(signed(new Date(now.getTime() - 600_000)))).toBe(401);
    expect(await send(signed(now, other))).toBe(401);
    expect(await send({})).toBe(401);
  });
});

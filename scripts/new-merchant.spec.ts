import { spawnSync } from 'node:child_process';
import { cpSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

const ROOT = join(__dirname, '..');
const COPIED = ['apps', 'libs', 'merchants', 'scripts', 'test', 'package.json', 'tsconfig.json', 'vitest.config.mts'];

/** Runs in the copy: who is at each app. */
const EVERYWHERE = `
import { merchants } from '@biz/merchants';
import { House } from './house';

it('is everywhere', async () => {
  const house = await House.start(merchants);
  for (const app of ['profile', 'location', 'image', 'option', 'payment', 'sync'] as const) {
    const { body } = await house.operator(app, 'merchants');
    expect([app, (body.items as { id: string }[]).map(({ id }) => id)]).toEqual([app, ['demo-shop', 'acme-store']]);
  }
  const sheet = await house.get('payment', '/m/acme-store/ordersheet?ordersheet_id=sheet-1', { 'X-Kakao-AppUserId': '1' });
  expect(sheet.body).toMatchObject({ status: 200, data: { total_amount: 10_000 } });
  await house.stop();
});
`;

/** In a copy of the repository, as a shop's engineer does it. */
describe('npm run new-merchant', () => {
  let copy: string;
  beforeAll(() => {
    copy = mkdtempSync(join(tmpdir(), 'biz-new-merchant-'));
    for (const each of COPIED) cpSync(join(ROOT, each), join(copy, each), { recursive: true });
    symlinkSync(join(ROOT, 'node_modules'), join(copy, 'node_modules'));
  });
  afterAll(() => {
    rmSync(copy, { recursive: true, force: true });
  });

  const run = (command: string, ...args: string[]): { status: number | null; text: string } => {
    const { status, stdout, stderr } = spawnSync(command, args, {
      cwd: copy,
      encoding: 'utf8',
      env: { ...process.env, NO_COLOR: '1', FORCE_COLOR: undefined },
    });
    return { status, text: stdout + stderr };
  };
  const make = (...args: string[]): { status: number | null; text: string } =>
    run(process.execPath, 'scripts/new-merchant.ts', ...args);
  const index = (): string => readFileSync(join(copy, 'merchants/index.ts'), 'utf8');

  it('makes a merchant that compiles, passes its contract tests and is part of every app', () => {
    const made = make('acme-store');
    expect(made).toMatchObject({ status: 0 });
    expect(made.text).toContain('ACME_STORE_PATH_KEY');
    expect(index()).toContain("import { acmeStore } from './acme-store';");
    expect(index()).toContain('[demoShop, acmeStore]');

    const settings = { extends: './tsconfig.json', include: ['merchants'], exclude: ['**/test/**'] };
    writeFileSync(join(copy, 'tsconfig.copy.json'), JSON.stringify(settings));
    expect(run(process.execPath, 'node_modules/typescript/bin/tsc', '--noEmit', '-p', 'tsconfig.copy.json')).toEqual({
      status: 0,
      text: '',
    });
    writeFileSync(join(copy, 'test/everywhere.spec.ts'), EVERYWHERE);
    const tested = run(
      process.execPath,
      'node_modules/vitest/vitest.mjs',
      'run',
      'merchants/acme-store',
      'test/everywhere',
    );
    expect(tested.text).toMatch(/Test Files +2 passed \(2\)/);
    expect(tested.status).toBe(0);
  });

  it('changes nothing the second time, and lists a merchant that is not listed', () => {
    make('tea-room');
    const before = index();
    expect(make('tea-room')).toMatchObject({ status: 0, text: expect.stringContaining('nothing changed') as string });
    expect(index()).toBe(before);
    writeFileSync(
      join(copy, 'merchants/index.ts'),
      before.replace(/import \{ teaRoom \}.*\n/, '').replace(', teaRoom', ''),
    );
    expect(make('tea-room').text).toContain('listed it');
    expect(index()).toBe(before);
  });

  it.each([
    ['no name', [], 'Give the id'],
    ['two names', ['one', 'two'], 'Found 2 names'],
    ['capitals', ['Acme'], 'lower-case words'],
    ['a path', ['../acme'], 'lower-case words'],
    ['the name of an app', ['payment'], 'may not begin with payment'],
    ['a name whose variables are the platform’s', ['kakao-shop'], 'may not begin with kakao'],
    ['a word of TypeScript', ['class'], 'a word of TypeScript'],
    ['the name of a test app', ['acme-test'], 'a test app beside a live one'],
  ])('refuses %s', (_what, args, problem) => {
    const before = index();
    const { status, text } = make(...args);
    expect(status).toBe(1);
    expect(text).toContain(problem);
    expect(index()).toBe(before);
  });
});

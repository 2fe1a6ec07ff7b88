import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { BuiltFiles } from './watch-build';

describe('what npm run start:dev restarts', () => {
  const folder = mkdtempSync(join(tmpdir(), 'biz-built-'));
  afterAll(() => {
    rmSync(folder, { recursive: true });
  });
  const [payment, profile, lib] = [
    'apps/payment/src/main.js',
    'apps/profile/src/main.js',
    'libs/platform/src/index.js',
  ];
  const write = (file: string, text: string): void => {
    mkdirSync(dirname(join(folder, file)), { recursive: true });
    writeFileSync(join(folder, file), text);
  };

  it('is nothing when another command writes the same files again', () => {
    for (const file of [payment, profile, lib]) write(file, 'one');
    const built = new BuiltFiles(folder);
    for (const file of [payment, profile, lib]) write(file, 'one');
    expect(built.changedAmong([payment, profile, lib])).toEqual([]);
  });

  it('is the apps with other code, and all of them when it is a lib or a merchant', () => {
    const built = new BuiltFiles(folder);
    write(payment, 'two');
    expect(built.changedAmong([payment, profile, lib])).toEqual(['payment']);
    expect(built.changedAmong([payment])).toEqual([]);
    write(profile, 'two');
    write('merchants/acme/acme.js', 'new');
    expect(built.changedAmong([profile, 'merchants/acme/acme.js'])).toBe('all');
    rmSync(join(folder, payment));
    expect(built.changedAmong([payment])).toEqual(['payment']);
  });
});

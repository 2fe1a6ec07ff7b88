import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, readdirSync, statSync, utimesSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

/**
 * Builds when something changed since the last build, for the commands that run what is built.
 *
 * Only translates: types are checked by the editor, `npm run start:dev`, `npm run build` and `npm run check`, and would
 * double the time a first `npm start` takes.
 */
const SOURCES = ['apps', 'bench', 'libs', 'merchants', 'scripts', 'torture'];
const SETTINGS = ['package-lock.json', 'nest-cli.json', 'tsconfig.json', 'tsconfig.build.json', 'tsconfig.start.json'];
const STAMP = 'dist/.built';

const builtAt = existsSync(STAMP) ? statSync(STAMP).mtimeMs : 0;
if (newestIn(SOURCES, SETTINGS) >= builtAt) {
  // Its time is that of the begin: what is saved while it runs is built next time.
  const begin = new Date();
  const { status } = spawnSync('nest', ['build', 'platform', '--path', 'tsconfig.start.json'], { stdio: 'inherit' });
  if (status !== 0) process.exit(status ?? 1);
  mkdirSync('dist', { recursive: true });
  writeFileSync(STAMP, '');
  utimesSync(STAMP, begin, begin);
}

/** A folder is newer than a file that was removed from it. */
function newestIn(folders: string[], files: string[]): number {
  const times = files.filter((file) => existsSync(file)).map((file) => statSync(file).mtimeMs);
  for (const folder of folders.filter((each) => existsSync(each))) {
    times.push(statSync(folder).mtimeMs);
    for (const entry of readdirSync(folder, { recursive: true, withFileTypes: true })) {
      if (entry.isDirectory() || entry.name.endsWith('.ts')) {
        times.push(statSync(join(entry.parentPath, entry.name)).mtimeMs);
      }
    }
  }
  return Math.max(...times);
}

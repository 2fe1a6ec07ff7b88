import { spawn } from 'node:child_process';
import { watch } from 'node:fs';
import { join, sep } from 'node:path';
import { APP_NAMES, type AppName } from '@biz/platform';

/** A build writes many files; the apps are restarted once it has been quiet for so long. */
const QUIET_MS = 300;

/** Compiles on every change, and tells which apps have new code; a change in a lib or merchant concerns all. */
export function watchBuild(onChange: (apps: AppName[] | 'all') => Promise<void>): void {
  const dist = join(__dirname, '../..');
  const compiler = spawn('nest', ['build', 'platform', '--watch', '--preserveWatchOutput'], {
    stdio: ['ignore', 'inherit', 'inherit'],
  });
  process.on('exit', () => compiler.kill());

  const changed = new Set<AppName | 'all'>();
  let timer: NodeJS.Timeout | undefined;
  let work = Promise.resolve();
  watch(dist, { recursive: true }, (_event, file) => {
    if (!file?.endsWith('.js')) return;
    const [folder, name] = file.split(sep);
    changed.add(folder === 'apps' ? (APP_NAMES.find((app) => app === name) ?? 'all') : 'all');
    clearTimeout(timer);
    timer = setTimeout(() => {
      const apps = changed.has('all') ? 'all' : ([...changed] as AppName[]);
      changed.clear();
      work = work.then(() => onChange(apps));
    }, QUIET_MS);
  });
}

import { fork } from 'node:child_process';
import { watch } from 'node:fs';
import { createRequire } from 'node:module';
import { join, sep } from 'node:path';
import type { AppName } from '@biz/platform';

/** A build writes many files; the apps are restarted once it has been quiet for so long. */
const QUIET_MS = 300;
/** Ends the compiler with the launcher, however that ends. */
const END_WITH_LAUNCHER = 'data:text/javascript,process.on("disconnect", () => process.exit())';

export type Changed = AppName[] | 'all';

/** Compiles on every change, and tells which apps have new code; a change in a lib or merchant concerns all. */
export function watchBuild(onChange: (changed: Changed) => Promise<void>): void {
  const compiler = fork(
    createRequire(__filename).resolve('@nestjs/cli/bin/nest.js'),
    ['build', 'platform', '--watch', '--preserveWatchOutput'],
    { execArgv: ['--import', END_WITH_LAUNCHER], stdio: ['ignore', 'pipe', 'inherit', 'ipc'] },
  );
  compiler.stdout?.pipe(process.stdout);
  compiler.stdout?.on('data', function firstBuild(text: Buffer) {
    // The first build writes everything once more, and the apps run it already.
    if (!text.includes('Watching for file changes')) return;
    compiler.stdout?.off('data', firstBuild);
    setTimeout(() => {
      watchOutput(onChange);
    }, QUIET_MS);
  });
}

function watchOutput(onChange: (changed: Changed) => Promise<void>): void {
  const changed = new Set<AppName | 'all'>();
  let timer: NodeJS.Timeout | undefined;
  let work = Promise.resolve();
  watch(join(__dirname, '../..'), { recursive: true }, (_event, file) => {
    if (!file?.endsWith('.js')) return;
    const [folder, name] = file.split(sep);
    changed.add(folder === 'apps' ? (name as AppName) : 'all');
    clearTimeout(timer);
    timer = setTimeout(() => {
      const apps = changed.has('all') ? 'all' : ([...changed] as AppName[]);
      changed.clear();
      work = work.then(() => onChange(apps));
    }, QUIET_MS);
  });
}

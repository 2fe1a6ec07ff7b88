import { fork } from 'node:child_process';
import { createHash } from 'node:crypto';
import { readdirSync, readFileSync, watch } from 'node:fs';
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
  const folder = join(__dirname, '../..');
  const built = new BuiltFiles(folder);
  const written = new Set<string>();
  let timer: NodeJS.Timeout | undefined;
  let work = Promise.resolve();
  watch(folder, { recursive: true }, (_event, file) => {
    if (!file?.endsWith('.js')) return;
    written.add(file);
    clearTimeout(timer);
    timer = setTimeout(() => {
      const changed = built.changedAmong(written);
      written.clear();
      if (changed.length > 0) work = work.then(() => onChange(changed));
    }, QUIET_MS);
  });
}

/**
 * The compiled files by their content. `npm run simulate` and `npm run demo` build after a change too, and write every file
 * once more as it was: the apps that they call must not be restarted by that.
 */
export class BuiltFiles {
  private readonly digests = new Map<string, string | undefined>();

  constructor(private readonly folder: string) {
    const files = readdirSync(folder, { recursive: true, encoding: 'utf8' }).filter((file) => file.endsWith('.js'));
    this.changedAmong(files);
  }

  /** @returns whose code is another one since the last look */
  changedAmong(files: Iterable<string>): Changed {
    const changed = new Set<AppName | undefined>();
    for (const file of files) {
      const digest = digestOf(join(this.folder, file));
      if (this.digests.get(file) === digest) continue;
      this.digests.set(file, digest);
      const [folder, name] = file.split(sep);
      changed.add(folder === 'apps' ? (name as AppName) : undefined);
    }
    return changed.has(undefined) ? 'all' : [...changed].filter((name) => name !== undefined);
  }
}

function digestOf(path: string): string | undefined {
  try {
    return createHash('sha256').update(readFileSync(path)).digest('base64');
  } catch {
    return undefined; // removed
  }
}

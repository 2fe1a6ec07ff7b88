import { existsSync, readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { parseEnv } from 'node:util';
// No value of @biz/platform: the launcher lives as long as the apps, and would keep all of it in memory.
import type { Environment } from '@biz/platform';
import { PlainProblem } from './plain-problem';
import { runningPostgres, startPostgres } from './postgres/embedded-postgres';

/** What programs of a checkout read before anything else: variables of `.env` that the shell did not set. */
export function loadEnvironment(): Environment {
  if (existsSync('.env')) {
    // Node takes a byte order mark for a part of the first name.
    const file = parseEnv(readFileSync('.env', 'utf8').replace(/^\uFEFF/, ''));
    for (const [name, value] of Object.entries(file)) process.env[name] ??= value;
  }
  return process.env;
}

/** What a person in front of the terminal reads; with a stack only where it is nothing they can mend. */
export function explain(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  const why = whyNoDatabase(error);
  if (why !== undefined) return `The database (DATABASE_URL) cannot be used: ${why}`;
  // Node's own texts name the call and the file: EACCES: permission denied, mkdir '/srv/data'.
  const plain =
    error instanceof PlainProblem || error.name === 'ConfigError' || error.name === 'RoleProblem' || 'syscall' in error;
  return plain ? error.message : (error.stack ?? error.message);
}

const UNREACHED = new Set<unknown>(['ECONNREFUSED', 'ENOTFOUND', 'EAI_AGAIN', 'ETIMEDOUT', 'EHOSTUNREACH']);
/** PostgreSQL's classes of a login that is refused and of a database that is not there. */
const NO_LOGIN = /^(?:28|3D)\w{3}$/;

/** The programs of a checkout connect to nothing else before they work. */
function whyNoDatabase(error: Error & { code?: unknown }): string | undefined {
  if (!UNREACHED.has(error.code) && !NO_LOGIN.test(String(error.code))) return undefined;
  // Of a name with several addresses Node tells each by itself, and nothing of the whole.
  const each = error instanceof AggregateError ? error.errors.map((one: Error) => one.message) : [error.message];
  return each.join('; ');
}

/**
 * Runs a program of the terminal: a problem the user can solve is printed without a stack, and ends with 1.
 *
 * The program begins after its file is evaluated, so it may use every constant that the file declares below the call.
 */
export function run(program: () => Promise<void> | void): void {
  Promise.resolve()
    .then(program)
    .catch((error: unknown) => {
      console.error(explain(error));
      process.exitCode = 1;
    });
}

/** As in the apps, an empty text means unset. */
const set = (text: string | undefined): string | undefined => (text === '' ? undefined : text);

/** Of a database that is not ours to start. */
export const databaseUrlOf = (env: Environment): string | undefined => set(env.DATABASE_URL);

export function dataDirOf(env: Environment): string {
  return resolve(set(env.DATA_DIR) ?? '.data');
}

export interface OpenDatabase {
  url: string;
  close(): Promise<void>;
}

/** DATABASE_URL, else the embedded server: that of a running `npm start`, or one for as long as it is needed. */
export async function openDatabaseOf(env: Environment): Promise<OpenDatabase> {
  const url = databaseUrlOf(env) ?? runningPostgres(dataDirOf(env));
  if (url) return { url, close: () => Promise.resolve() };
  const server = await startPostgres({ dataDir: dataDirOf(env), port: postgresPort(env) });
  return { url: server.url, close: () => server.stop() };
}

/** Any free port when unset. */
export function postgresPort(env: Environment): number | undefined {
  if (!env.POSTGRES_PORT) return undefined;
  const port = Number(env.POSTGRES_PORT);
  if (Number.isInteger(port) && port > 0 && port < 65_536) return port;
  throw new PlainProblem(
    `POSTGRES_PORT: found ${JSON.stringify(env.POSTGRES_PORT)}; it must be a port (port of the embedded PostgreSQL)`,
  );
}

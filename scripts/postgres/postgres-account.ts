import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { PlainProblem } from '../plain-problem';

/** How a PostgreSQL program is started: words in front of it, and the user it runs as. */
export interface PostgresAccount {
  prefix: string[];
  uid?: number;
  gid?: number;
}

/** PostgreSQL stops by SIGINT (fast shutdown) when the process that started it dies. */
const FOLLOW_PARENT = '--pdeathsig=INT';

/**
 * Lets an unprivileged user pass through and read folders like a checkout below /root or a 0700 temporary folder.
 *
 * access(2), by which initdb looks for its parts, heeds capabilities only with no_setuid_fixup.
 */
const MAY_TRAVERSE = [
  '--inh-caps=-all,+dac_read_search',
  '--ambient-caps=-all,+dac_read_search',
  '--securebits=+no_setuid_fixup',
];

/**
 * PostgreSQL refuses to run as root, so root hands it to the owner of the data, else to `postgres` or `nobody`.
 *
 * @param folder must be reachable for that user; what lies in it is given to the user by the caller
 */
export function postgresAccount(binary: string, folder: string, owner?: { uid: number; gid: number }): PostgresAccount {
  const canFollow = runs({ prefix: ['setpriv', FOLLOW_PARENT] }, 'true');
  if (process.getuid?.() !== 0) return { prefix: canFollow ? ['setpriv', FOLLOW_PARENT] : [] };

  for (const { uid, gid } of owner ? [owner] : unprivilegedUsers()) {
    const drop = [`--reuid=${uid}`, `--regid=${gid}`, '--clear-groups', FOLLOW_PARENT];
    const ways: PostgresAccount[] = canFollow
      ? [
          { prefix: ['setpriv', ...drop], uid, gid },
          { prefix: ['setpriv', ...drop, ...MAY_TRAVERSE], uid, gid },
        ]
      : [{ prefix: [], uid, gid }];
    const way = ways.find((each) => runs(each, 'sh', '-c', '"$0" --version && cd "$1"', binary, folder));
    if (way) return way;
  }
  throw new PlainProblem(
    'PostgreSQL does not run as root, and no other user here (postgres, nobody) can reach\n' +
      `  ${binary}\n  ${folder}\n` +
      'Ways out: start as an ordinary user; use a PostgreSQL of your own (DATABASE_URL=postgres://…); ' +
      'or move the checkout and DATA_DIR to a folder that every user may enter.',
  );
}

/** What `spawn` takes: setpriv changes the user itself, and needs root to do so. */
export function spawnAs(
  { prefix, uid, gid }: PostgresAccount,
  program: string,
  args: string[],
): { command: string; args: string[]; uid?: number; gid?: number } {
  const [command, ...rest] = [...prefix, program, ...args] as [string, ...string[]];
  return prefix.length > 0 ? { command, args: rest } : { command, args: rest, uid, gid };
}

/** The environment of PostgreSQL programs: a PGPORT or PGDATA of the caller would lead them astray. */
export const POSTGRES_ENV = { PATH: process.env.PATH, LC_ALL: 'C', TZ: 'UTC' };

function runs(account: PostgresAccount, program: string, ...args: string[]): boolean {
  const { command, args: words, uid, gid } = spawnAs(account, program, args);
  return spawnSync(command, words, { uid, gid, cwd: '/', stdio: 'ignore', env: POSTGRES_ENV }).status === 0;
}

/** initdb wants a user with a name, so numbers without an entry in /etc/passwd will not do. */
function unprivilegedUsers(): { uid: number; gid: number }[] {
  const entries = readFileSync('/etc/passwd', 'utf8')
    .split('\n')
    .map((line) => line.split(':'));
  return ['postgres', 'nobody'].flatMap((name) => {
    const entry = entries.find((each) => each[0] === name);
    return entry ? [{ uid: Number(entry[2]), gid: Number(entry[3]) }] : [];
  });
}

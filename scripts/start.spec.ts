import { execFileSync, spawn, spawnSync, type ChildProcess } from 'node:child_process';
import { chmodSync, chownSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { eventually, translated } from '@biz/testing';
import { freePort } from './postgres/free-port';
import { markOf, stillRuns, type ProcessMark } from './postgres/processes';

const ROOT = join(__dirname, '..');
const NOBODY = 65_534;
const asRoot = process.getuid?.() === 0;
/** Seven apps would prove nothing more than one, and take longer. */
const APP = 'option';

beforeAll(translated);

/** One `npm start`, its output, and everything it started. */
class Start {
  output = '';
  readonly ended: Promise<number | null>;
  private readonly child: ChildProcess;

  constructor(command: string[], env: Record<string, string>, user: { uid?: number; gid?: number } = {}) {
    const [program, ...args] = command as [string, ...string[]];
    // What Vitest sets for itself is not what a terminal sets.
    const terminal = { ...process.env, NODE_ENV: undefined, DATABASE_URL: undefined, npm_config_loglevel: undefined };
    this.child = spawn(program, args, {
      cwd: ROOT,
      env: { ...terminal, ...env },
      stdio: ['ignore', 'pipe', 'pipe'],
      ...user,
    });
    const collect = (chunk: Buffer) => (this.output += chunk.toString('utf8'));
    this.child.stdout?.on('data', collect);
    this.child.stderr?.on('data', collect);
    this.ended = new Promise((resolve) => {
      this.child.on('close', resolve);
    });
  }

  get pid(): number {
    return this.child.pid ?? 0;
  }

  async ready(): Promise<ProcessMark[]> {
    const over = this.ended.then(() => true);
    // Several processes start, one after the other: as long as they live, only Vitest's limit ends the wait.
    while (!this.output.includes('Ready in') && !(await Promise.race([over, delay(50, false)]))) continue;
    expect(this.output).toContain('Ready in');
    return this.processes();
  }

  /** It and all its descendants. */
  processes(): ProcessMark[] {
    const all = runningProcesses();
    const found = [this.pid];
    for (const parent of found) found.push(...all.filter(({ ppid }) => ppid === parent).map(({ pid }) => pid));
    return found.flatMap((pid) => markOf(pid) ?? []);
  }

  /** The process that npm handed over to. */
  launcher(): number {
    const found = runningProcesses().find(({ ppid, args }) => ppid === this.pid && args.includes('start.js'));
    return found?.pid ?? 0;
  }

  /** The process of the app. */
  app(): number {
    const found = runningProcesses().find(
      ({ ppid, args }) => ppid === this.launcher() && args.includes(`apps/${APP}/src/main.js`),
    );
    if (!found) throw new Error(`no process of ${APP}`);
    return found.pid;
  }

  signal(name: NodeJS.Signals): void {
    this.child.kill(name);
  }
}

function runningProcesses(): { pid: number; ppid: number; args: string }[] {
  const lines = execFileSync('ps', ['-A', '-o', 'pid=,ppid=,args='], { encoding: 'utf8' }).trim().split('\n');
  return lines.map((line) => {
    const [pid, ppid, ...args] = line.trim().split(/\s+/);
    return { pid: Number(pid), ppid: Number(ppid), args: args.join(' ') };
  });
}

const npmStart = (env: Record<string, string>) => new Start(['npm', 'start', '--', APP], env);

const untilGone = (processes: ProcessMark[]) =>
  eventually(() => {
    expect(processes.filter(stillRuns)).toEqual([]);
  });

describe('npm start', () => {
  let env: { DATA_DIR: string; OPTION_PORT: string };
  beforeAll(async () => {
    env = { DATA_DIR: mkdtempSync(join(tmpdir(), 'biz-start-')), OPTION_PORT: String(await freePort()) };
  });
  afterAll(() => {
    rmSync(env.DATA_DIR, { recursive: true, force: true });
  });

  it('shows where the apps are, refuses a second start beside it, and leaves nothing when npm is killed', async () => {
    const start = npmStart(env);
    const processes = await start.ready();
    // npm, its launcher, the guardian, PostgreSQL, and the app, at least.
    expect(processes.length).toBeGreaterThanOrEqual(5);
    const url = `http://127.0.0.1:${env.OPTION_PORT}`;
    expect(start.output).toMatch(new RegExp(`\\boption +${url} +${url}/docs\\n`));
    expect((await fetch(`${url}/docs`)).status).toBe(200);

    const sameFolder = npmStart({ ...env, OPTION_PORT: String(await freePort()) });
    expect(await sameFolder.ended).toBe(1);
    expect(sameFolder.output).toContain(`${env.DATA_DIR} is in use: process ${start.launcher()}`);
    expect(sameFolder.output).toContain('DATA_DIR=');

    const other = mkdtempSync(join(tmpdir(), 'biz-start-'));
    const samePort = npmStart({ ...env, DATA_DIR: other });
    expect(await samePort.ended).toBe(1);
    expect(samePort.output).toContain(`Port ${env.OPTION_PORT} of option (OPTION_PORT) is taken`);
    expect(samePort.output).toMatch(/OPTION_PORT=\d+ npm start/);
    rmSync(other, { recursive: true });

    start.signal('SIGKILL');
    await untilGone(processes);
  });

  it('recovers from that, and leaves nothing when the launcher is killed', async () => {
    const first = npmStart(env);
    const processes = await first.ready();
    process.kill(first.launcher(), 'SIGKILL');
    await untilGone(processes.filter(({ pid }) => pid !== first.pid));
    await first.ended;
  });

  it('tells why an app ended, and ends everything else with 1', async () => {
    const start = new Start(['npm', 'start', '--', APP, 'image'], {
      ...env,
      IMAGE_PORT: String(await freePort()),
      IMAGE_STORE: 'ftp://nowhere',
    });
    expect(await start.ended).toBe(1);
    expect(start.output).toMatch(/^image: .*IMAGE_STORE/m);
    expect(start.output).toContain('image ended with code 1');
    expect(start.output).not.toContain('Ready in');
  });

  it('recovers from that too, starts an app again that ended, says so in one line, and ends with 0 between two starts', async () => {
    const start = npmStart(env);
    await start.ready();
    const health = `http://127.0.0.1:${env.OPTION_PORT}/health/ready`;
    process.kill(start.app(), 'SIGKILL');
    await eventually(() => {
      expect(start.output).toContain(`${APP} ended by SIGKILL: it is started again in 1 s\n`);
    });
    await eventually(async () => {
      expect((await fetch(health).catch(() => undefined))?.status).toBe(200);
    });

    process.kill(start.app(), 'SIGKILL');
    await eventually(() => {
      expect(start.output.match(/it is started again in \d s/g)).toHaveLength(2);
    });
    const left = start.processes();
    start.signal('SIGTERM');
    expect(await start.ended).toBe(0);
    await untilGone(left);
  });

  it('brings no database of its own in production', async () => {
    const start = npmStart({ ...env, NODE_ENV: 'production' });
    expect(await start.ended).toBe(1);
    expect(start.output).toContain('DATABASE_URL: found nothing');
  });
});

/** Only root can become somebody else, and only where everybody may read the checkout. */
const canBeNobody =
  asRoot && spawnSync(process.execPath, ['--version'], { cwd: '/', uid: NOBODY, gid: NOBODY }).status === 0;

(canBeNobody ? it : it.skip)(
  'works for an ordinary user, beside another checkout, and ends with 0 on SIGINT and SIGTERM',
  async () => {
    const mine = { DATA_DIR: mkdtempSync(join(tmpdir(), 'biz-start-')), OPTION_PORT: String(await freePort()) };
    const theirs = { DATA_DIR: mkdtempSync(join(tmpdir(), 'biz-start-')), OPTION_PORT: String(await freePort()) };
    chmodSync(theirs.DATA_DIR, 0o700);
    chownSync(theirs.DATA_DIR, NOBODY, NOBODY);
    const command = [process.execPath, 'dist/scripts/start.js', APP];
    const starts = [new Start(command, mine), new Start(command, theirs, { uid: NOBODY, gid: NOBODY })];
    await Promise.all(starts.map((start) => start.ready()));
    starts.forEach((start, at) => {
      start.signal(at === 0 ? 'SIGINT' : 'SIGTERM');
    });
    expect(await Promise.all(starts.map((start) => start.ended))).toEqual([0, 0]);
    for (const { DATA_DIR } of [mine, theirs]) rmSync(DATA_DIR, { recursive: true });
  },
);

import { type ChildProcess, fork } from 'node:child_process';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { freePort } from '../../scripts/postgres/free-port';

const READY_LIMIT_MS = 900_000;

/** A line that an app wrote at level error or above, or beside its log. */
export interface Complaint {
  at: number;
  text: string;
}

/** A program under torture. */
export interface Program {
  name: string;
  /** Below the folder of the build. */
  path: string;
  /** Names its port. */
  portVariable: string;
}

const PAYMENT: Program = { name: 'payment', path: 'torture/world/payment-app.js', portVariable: 'PAYMENT_PORT' };

/** Of our own environment; with the cache an app that starts again and again compiles nothing twice. */
const { PATH, NODE_COMPILE_CACHE } = process.env;
const KEPT = { PATH, ...(NODE_COMPILE_CACHE !== undefined && { NODE_COMPILE_CACHE }) };

/** One app that is started, killed and started again at the same address. */
export class Instance {
  readonly complaints: Complaint[] = [];
  private child?: ChildProcess;

  private constructor(
    private readonly dist: string,
    private readonly program: Program,
    readonly port: number,
    private readonly env: Record<string, string>,
  ) {}

  /** @param dist folder of the build that is run */
  static async at(dist: string, env: Record<string, string>, program: Program = PAYMENT): Promise<Instance> {
    return new Instance(dist, program, await freePort(), env);
  }

  get name(): string {
    return this.program.name;
  }

  get url(): string {
    return `http://127.0.0.1:${this.port}`;
  }

  get running(): boolean {
    return this.child !== undefined;
  }

  /** Settles when it takes calls. @throws Error when it ends before */
  async start(): Promise<void> {
    const child = fork(join(this.dist, this.program.path), {
      env: { ...KEPT, ...this.env, [this.program.portVariable]: String(this.port) },
      // A start makes more than V8's first young generation holds: collecting it again and again is a tenth of the start.
      execArgv: ['--min-semi-space-size=16', '--max-semi-space-size=32'],
      stdio: ['ignore', 'pipe', 'pipe', 'ipc'],
    });
    this.child = child;
    if (child.stdout) {
      createInterface(child.stdout).on('line', (line) => {
        this.readLog(line);
      });
    }
    if (child.stderr)
      createInterface(child.stderr).on('line', (text) => this.complaints.push({ at: Date.now(), text }));
    await new Promise<void>((resolve, reject) => {
      const timer = setTimeout(() => {
        reject(new Error('an app did not get ready'));
      }, READY_LIMIT_MS);
      const settle = (error?: Error): void => {
        clearTimeout(timer);
        if (error) reject(error);
        else resolve();
      };
      child.on('message', (message) => {
        if (message === 'ready') settle();
      });
      child.on('exit', () => {
        if (this.child === child) this.child = undefined;
        settle(new Error(`an app ended at its start: ${this.complaints.at(-1)?.text ?? 'no word'}`));
      });
    });
  }

  /** At once, whatever it is doing. */
  async kill(): Promise<void> {
    await this.end('SIGKILL');
  }

  /** As a deployment does: what is under way is finished first. */
  async drain(): Promise<void> {
    await this.end('SIGTERM');
  }

  /** Stands still, as a starved machine does, and goes on. */
  async freeze(ms: number): Promise<void> {
    const { child } = this;
    child?.kill('SIGSTOP');
    await new Promise((resolve) => setTimeout(resolve, ms));
    child?.kill('SIGCONT');
  }

  private async end(signal: NodeJS.Signals): Promise<void> {
    const { child } = this;
    if (child?.exitCode !== null || child.signalCode !== null) return;
    this.child = undefined;
    await new Promise((resolve) => {
      child.once('exit', resolve);
      child.kill(signal);
    });
  }

  private readLog(line: string): void {
    try {
      const { level } = JSON.parse(line) as { level?: string };
      if (level !== 'error' && level !== 'fatal') return;
    } catch {
      // Not a line of the log: it is worth reading.
    }
    this.complaints.push({ at: Date.now(), text: line });
  }
}

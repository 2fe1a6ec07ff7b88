import { type ChildProcess, spawn } from 'node:child_process';
import { closeSync, openSync } from 'node:fs';
import { freePort } from '../../scripts/postgres/free-port';
import { type Core, pin } from './cores';

export interface ServerOptions {
  name: string;
  /** Of the file that Node runs, with its arguments. */
  program: [string, ...string[]];
  env: Record<string, string>;
  /** Variable that tells the program its port. */
  portVariable: string;
  /** Answers 200 once the server is up. */
  readyPath: string;
  log: string;
  core: Core;
  nodeOptions?: string[];
}

const START_LIMIT_MS = 60_000;

const children = new Set<ChildProcess>();
// One that is stopped when the benchmark ends would stay for ever.
process.once('exit', () => {
  for (const child of children) child.kill('SIGKILL');
});

/** One server under measurement, in a process of its own. */
export class Server {
  private constructor(
    readonly name: string,
    readonly port: number,
    /** From the start of the process to the first 200. */
    readonly startMs: number,
    private readonly child: ChildProcess,
  ) {}

  static async start(options: ServerOptions): Promise<Server> {
    const { name, program, env, portVariable, readyPath, log, core, nodeOptions = [] } = options;
    const port = await freePort();
    const { command, args } = pin(core, [process.execPath, ...nodeOptions, ...program]);
    const out = openSync(log, 'a');
    const begin = performance.now();
    const child = spawn(command, args, {
      // Nothing of the caller's environment changes what is measured.
      env: { PATH: process.env.PATH, ...env, [portVariable]: String(port) },
      stdio: ['ignore', out, out],
    });
    closeSync(out);
    children.add(child);
    child.once('exit', () => children.delete(child));
    try {
      await untilReady(child, `http://127.0.0.1:${port}${readyPath}`, begin);
    } catch (error) {
      child.kill('SIGKILL');
      throw new Error(`${name} did not start; its log: ${log}`, { cause: error });
    }
    return new Server(name, port, performance.now() - begin, child);
  }

  get pid(): number {
    return this.child.pid ?? 0;
  }

  /** Takes no processor time while another server is measured. */
  pause(): void {
    this.child.kill('SIGSTOP');
  }

  resume(): void {
    this.child.kill('SIGCONT');
  }

  async stop(): Promise<void> {
    this.resume();
    if (this.child.exitCode !== null) return;
    const gone = new Promise((resolve) => this.child.once('exit', resolve));
    this.child.kill('SIGTERM');
    const hard = setTimeout(() => this.child.kill('SIGKILL'), 15_000);
    await gone;
    clearTimeout(hard);
  }
}

async function untilReady(child: ChildProcess, url: string, begin: number): Promise<void> {
  while (performance.now() - begin < START_LIMIT_MS) {
    if (child.exitCode !== null) throw new Error(`it ended with ${child.exitCode}`);
    try {
      if ((await fetch(url)).status === 200) return;
    } catch {
      // Not listening yet.
    }
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
  throw new Error(`not ready after ${START_LIMIT_MS / 1000} s`);
}

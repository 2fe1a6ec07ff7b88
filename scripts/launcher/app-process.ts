import { fork, type ChildProcess } from 'node:child_process';
import type { Writable } from 'node:stream';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import type { AppName } from '@biz/platform';
import { copyLines } from './output';

/** An app that drains for longer is ended; its own limit is 30 s. */
const DRAIN_LIMIT_MS = 35_000;
/** How often an app that takes long to get ready is named. */
const TOLD_EVERY_MS = 10_000;
/** A small space for new objects: 25 MB less for each of seven apps; one developer's requests do not miss it. */
const SMALL = ['--max-semi-space-size=2'];

/** One app as a child of the launcher. When the launcher dies, the channel between them closes and the app drains. */
export class AppProcess {
  private readonly child: ChildProcess;
  /** Settles when the process has ended, with the reason in words. */
  readonly ended: Promise<string>;
  private over = false;
  /** It told us itself: somebody else may answer at its address. */
  private listening = false;

  constructor(
    readonly name: AppName,
    private readonly url: string,
    env: NodeJS.ProcessEnv,
    logs: Writable,
  ) {
    this.child = fork(join(__dirname, `../../apps/${name}/src/main.js`), {
      env,
      execArgv: SMALL,
      stdio: ['ignore', 'pipe', 'pipe', 'ipc'],
    });
    if (this.child.stdout) copyLines(this.child.stdout, logs);
    if (this.child.stderr) copyLines(this.child.stderr, process.stderr, `${name}: `);
    this.child.on('message', (message) => {
      this.listening ||= message === 'ready';
    });
    this.ended = new Promise((resolve) => {
      this.child.on('error', (error) => {
        this.over = true;
        resolve(`${name} could not start: ${error.message}`);
      });
      // Not `exit`: by `close` everything it printed has been read.
      this.child.on('close', (code, signal) => {
        this.over = true;
        resolve(`${name} ended ${signal ? `by ${signal}` : `with code ${code ?? 'unknown'}`}`);
      });
    });
  }

  /**
   * Waits for as long as the process lives, and says every ten seconds what for: a busy machine is no reason to give up.
   *
   * @returns why it did not get ready; nothing when it did
   */
  async untilReady(): Promise<string | undefined> {
    let tellAt = Date.now() + TOLD_EVERY_MS;
    for (;;) {
      if (this.over) return this.ended;
      const answer = this.listening ? await fetch(`${this.url}/health/ready`).catch(() => undefined) : undefined;
      if (answer?.ok) return undefined;
      if (Date.now() >= tellAt) {
        const what = this.listening ? `${this.url}/health/ready` : 'its start';
        console.log(`${this.name} is not ready yet: waiting for ${what}`);
        tellAt = Date.now() + TOLD_EVERY_MS;
      }
      await delay(50);
    }
  }

  async stop(): Promise<void> {
    if (this.over) return;
    this.child.kill('SIGTERM');
    const timer = setTimeout(() => {
      this.kill();
    }, DRAIN_LIMIT_MS);
    await this.ended;
    clearTimeout(timer);
  }

  kill(): void {
    this.child.kill('SIGKILL');
  }
}

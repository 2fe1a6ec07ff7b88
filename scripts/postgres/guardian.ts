/**
 * Runs PostgreSQL for a launcher and outlives it by moments: when the launcher is killed hard, its channel closes,
 * and the server is stopped instead of left behind. In a session of its own, so Ctrl-C in a terminal does not reach it.
 */
import { spawn } from 'node:child_process';
import { openSync, rmSync } from 'node:fs';

const job = JSON.parse(process.argv[2] ?? '{}') as {
  command: string;
  args: string[];
  uid?: number;
  gid?: number;
  env: NodeJS.ProcessEnv;
  log: string;
  /** Removed once the server has ended. */
  removeAfter?: string;
};

const log = openSync(job.log, 'a');
const server = spawn(job.command, job.args, {
  cwd: '/',
  env: job.env,
  stdio: ['ignore', log, log],
  ...(job.uid === undefined ? {} : { uid: job.uid, gid: job.gid }),
});

const tell = (message: { pid?: number; ended?: string }): void => {
  if (process.connected) process.send?.(message);
};

server.on('spawn', () => {
  tell({ pid: server.pid });
});
server.on('error', (error) => {
  end(error.message);
});
server.on('exit', (code, signal) => {
  end(signal ? `ended by ${signal}` : `ended with code ${code ?? 'unknown'}`);
});

process.on('message', () => {
  server.kill('SIGINT');
});

// The apps of a launcher that was killed drain now: first a shutdown that waits for them, then one that does not.
process.on('disconnect', () => {
  server.kill(job.removeAfter ? 'SIGQUIT' : 'SIGTERM');
  setTimeout(() => server.kill('SIGINT'), 5_000).unref();
  setTimeout(() => server.kill('SIGKILL'), 30_000).unref();
});
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) {
  process.on(signal, () => server.kill('SIGINT'));
}

function end(reason: string): void {
  if (job.removeAfter) rmSync(job.removeAfter, { recursive: true, force: true });
  tell({ ended: reason });
  if (process.connected) process.disconnect();
}

import { fork } from 'node:child_process';
import { join } from 'node:path';
import { pin } from '../machine/cores';

/** Somebody whom the server under load talks to, in a process of its own beside it. */
export interface Outside {
  origin: string;
  stop(): void;
}

/** Starts what stands for KakaoPay and the shop. */
export const startOutside = (): Promise<Outside> => startProgram(join(__dirname, 'outside.program.js'));

/** @param program that says its port once it listens, and ends when nobody is left to talk to */
export function startProgram(program: string, env: Record<string, string> = {}): Promise<Outside> {
  const { command, args } = pin('rest', [process.execPath]);
  const child = fork(program, [], { execPath: command, execArgv: args, env: { ...process.env, ...env } });
  return new Promise((resolve, reject) => {
    child.once('error', reject);
    child.once('message', (port: number) => {
      resolve({
        origin: `http://127.0.0.1:${port}`,
        stop: () => {
          child.disconnect();
        },
      });
    });
  });
}

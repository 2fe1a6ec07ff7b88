import { fork } from 'node:child_process';
import { join } from 'node:path';
import { pin } from '../machine/cores';

export interface Outside {
  origin: string;
  stop(): void;
}

/** Starts what stands for KakaoPay and the shop. */
export function startOutside(): Promise<Outside> {
  const { command, args } = pin('rest', [process.execPath]);
  const child = fork(join(__dirname, 'outside.program.js'), [], { execPath: command, execArgv: args });
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

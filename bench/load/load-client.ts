import { type ChildProcess, fork } from 'node:child_process';
import { join } from 'node:path';
import { pin, type Core } from '../machine/cores';
import type { LoadPlan, LoadResult } from './plan';

/** The process that plays Kakao. */
export class LoadClient {
  private constructor(private readonly child: ChildProcess) {}

  static start(core: Core): LoadClient {
    const { command, args } = pin(core, [process.execPath]);
    const child = fork(join(__dirname, 'client.program.js'), [], { execPath: command, execArgv: args });
    return new LoadClient(child);
  }

  run(plan: LoadPlan): Promise<LoadResult> {
    return new Promise((resolve, reject) => {
      this.child.once('message', ({ result, problem }: { result?: LoadResult; problem?: string }) => {
        if (result) resolve(result);
        else reject(new Error(`the load client failed: ${problem ?? ''}`));
      });
      this.child.send(plan);
    });
  }

  stop(): void {
    this.child.disconnect();
  }
}

import { fork, type ChildProcess } from 'node:child_process';
import { join } from 'node:path';
import type { AppName, Environment } from '@biz/platform';
import { PlainProblem } from '../plain-problem';

/** The apps to start, and where they will answer. */
export type Plan = { name: AppName; url: string }[];

export type FromPreparation = { plan: Plan } | { migrated: true } | { problem: string };
export interface ToPreparation {
  databaseUrl: string;
  /** `DATABASE_URL_…` of each app that has one. */
  logins: Environment;
}

/** Reads the configuration, tries the ports and later migrates, in a process of its own (`prepare.ts`). */
export class Preparation {
  private readonly child: ChildProcess;
  private readonly planned: Promise<FromPreparation>;

  constructor(only: string[], env: Environment) {
    this.child = fork(join(__dirname, 'prepare.js'), only, { env, stdio: ['ignore', 'ignore', 'inherit', 'ipc'] });
    this.planned = this.answer();
    // Whoever asks for the plan hears of it.
    this.planned.catch(() => undefined);
  }

  /** @throws PlainProblem when the configuration or a port does not fit */
  async plan(): Promise<Plan> {
    const answer = await this.planned;
    return 'plan' in answer ? answer.plan : [];
  }

  /** @throws PlainProblem when a migration cannot be applied, or a role not be made */
  async migrate(databaseUrl: string, logins: Environment): Promise<void> {
    const answer = this.answer();
    this.child.send({ databaseUrl, logins } satisfies ToPreparation);
    await answer;
  }

  stop(): void {
    this.child.kill();
  }

  private answer(): Promise<FromPreparation> {
    return new Promise((resolve, reject) => {
      this.child.once('error', reject);
      this.child.once('exit', (code) => {
        reject(new PlainProblem(`The preparation ended with code ${code ?? 'unknown'}.`));
      });
      this.child.once('message', (message: FromPreparation) => {
        if ('problem' in message) reject(new PlainProblem(message.problem));
        else resolve(message);
      });
    });
  }
}

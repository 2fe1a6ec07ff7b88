import { setTimeout as delay } from 'node:timers/promises';
import type { Reader } from '../world/database';
import type { Instance } from '../world/instance';
import type { Point, Steps } from './steps';

/** Only what hangs takes so long, on any machine. */
export const END_LIMIT_MS = 900_000;
/** Of a call whose app starts again: some fifteen minutes. */
export const TRIES_WHILE_STARTING = 4_000;

/** An app that dies at one step of what it does, and is started again. */
export class Mortal {
  constructor(
    private readonly app: Instance,
    private readonly steps: Steps,
    private readonly reader: Reader,
    /** Tells at once what only time would tell: that nobody holds any longer what the dead process had claimed. */
    private readonly releaseClaims: readonly string[],
  ) {}

  /** The process dies at this point of what follows, and is started again. @returns whether it came to that point */
  async dyingAt(point: Point | undefined, work: () => Promise<void>): Promise<boolean> {
    let revived: Promise<void> | undefined;
    void this.steps.arm(point).then(() => (revived = this.dieAndRevive()));
    try {
      await work();
    } finally {
      this.steps.disarm();
      await revived;
    }
    return revived !== undefined;
  }

  private async dieAndRevive(): Promise<void> {
    await this.app.kill();
    for (const sql of this.releaseClaims) await this.reader.rows(sql);
    // Somebody else on this machine may have its port for a moment.
    for (let at = 0; at < 10; at++) {
      try {
        await this.app.start();
        return;
      } catch (error) {
        if (at === 9) throw error;
        await delay(300);
      }
    }
  }
}

/** Every job under way was the dead process's, and every delivery. */
export const RELEASE_JOBS = [
  `WITH aged AS (UPDATE pgboss.queue SET monitor_on = monitor_on - interval '1 hour', monitor_claim_on = monitor_claim_on - interval '1 hour')
     UPDATE pgboss.job SET heartbeat_on = heartbeat_on - interval '1 hour' WHERE state = 'active'`,
  `UPDATE merchant.deliveries SET claimed_until = NULL WHERE state = 'pending'`,
];

import { setTimeout as delay } from 'node:timers/promises';
import type { Faults } from '../../apps/simulator/src/faults/faults';
import type { Random } from '../random';
import type { Reader } from '../world/database';
import type { FaultTally } from './fault-tally';

/** KakaoPay tells by the second when it last charged a SID: two charges must not fall into one. */
const APART = '2.5 seconds';
const PERIODS = 4;
const KINDS = {
  ...{ 'drop-before': 4, 'drop-after': 4, status: 3, slow: 3 },
  ...{ late: 3, garbage: 2, refuse: 2, 'wrong-amount': 1 },
};

/** Lets months go by for subscriptions, now and then twice for the same one, and has KakaoPay misbehave at their charges. */
export class Months {
  private over = false;
  private loop = Promise.resolve();

  constructor(
    private readonly random: Random,
    private readonly reader: Reader,
    private readonly faults: Faults,
    private readonly tally: FaultTally,
  ) {}

  start(): void {
    this.loop = this.pass();
  }

  async stop(): Promise<void> {
    this.over = true;
    await this.loop;
  }

  private async pass(): Promise<void> {
    while (!this.over) {
      if (this.random.chance(0.5)) this.orderFault();
      // The database may be down just now.
      await this.reader
        .rows(
          `UPDATE payment.subscriptions SET charge_at = now()
            WHERE state = 'active' AND periods_charged < ${PERIODS} AND updated_at < now() - interval '${APART}'`,
        )
        .catch(() => undefined);
      await delay(this.random.int(500, 2_000));
    }
  }

  private orderFault(): void {
    // The answer to a charge is lost, and status does not say when it last charged the SID.
    if (this.random.chance(0.3)) {
      this.faults.add({ point: 'pay.subscription', kind: 'drop-after' });
      this.faults.add({ point: 'pay.status', kind: 'says', fields: { last_approved_at: null }, times: 3 });
      this.tally['scheme untold approval'] = (this.tally['scheme untold approval'] ?? 0) + 1;
      return;
    }
    const kind = this.random.weighted(KINDS);
    this.faults.add({ point: 'pay.subscription', kind, times: 1, ms: this.random.int(100, 1_100), code: -1 });
    this.tally[`pay.subscription ${kind}`] = (this.tally[`pay.subscription ${kind}`] ?? 0) + 1;
  }
}

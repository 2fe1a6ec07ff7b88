import { randomBytes, randomUUID } from 'node:crypto';
import { Injectable, type OnModuleDestroy } from '@nestjs/common';
import { violation } from '../checks/violation';
import { Faults } from '../faults/faults';
import { newAppUserId } from '../plays/caller';
import { CallbackPlay } from '../plays/callback.play';
import { OptionPlay } from '../plays/option.play';
import { PaymentPlay } from '../plays/payment.play';
import { SyncPlay } from '../plays/sync.play';
import { until } from '../plays/until';
import { Pace } from '../time/pace';
import { SimulatedTime } from '../time/simulated-time';
import { BoundedMap } from '../wire/bounded-map';
import { Traffic } from '../wire/traffic';
import { expectedOutcomes } from './expected-outcomes';
import { Run, type Told } from './run';
import type { ChainScenario, ScenarioOptions } from './scenario.dto';
import type { ScenarioKind } from './scenario-kinds';

const KEPT = 100;
/** Our own apps deliver to the inbox here: the timeline waits this long for it. */
const DELIVERY_MS = 3_000;
const TOLD = ['delivered', 'unavailable', 'chosen', 'paid', 'failed', 'cancelled', 'joined', 'unlinked'];

/** Runs scenarios and keeps the last ones. */
@Injectable()
export class Scenarios implements OnModuleDestroy {
  private readonly runs = new BoundedMap<Run>(KEPT);

  constructor(
    private readonly faults: Faults,
    private readonly traffic: Traffic,
    private readonly time: SimulatedTime,
    private readonly callbacks: CallbackPlay,
    private readonly option: OptionPlay,
    private readonly payment: PaymentPlay,
    private readonly sync: SyncPlay,
    private readonly pace: Pace,
  ) {}

  /** @returns the run, and a promise that never rejects for its end */
  start(kind: ScenarioKind, options: ScenarioOptions): { run: Run; ended: Promise<void> } {
    const now = (): Date => this.time.now();
    const run = new Run(randomUUID(), kind, options, options.appUserId ?? newAppUserId(), {
      faults: this.faults,
      traffic: this.traffic,
      now,
    });
    this.runs.set(run.id, run);
    const relayId =
      options.relayId === undefined ? `sim-${randomBytes(6).toString('hex')}` : options.relayId || undefined;
    if (relayId) {
      run.facts.relayId = relayId;
      run.about(relayId);
    }
    return { run, ended: this.play(run, relayId) };
  }

  find(id: string): Run | undefined {
    return this.runs.get(id);
  }

  /** Newest first. */
  list(): Run[] {
    return [...this.runs.values()].reverse();
  }

  clear(): void {
    for (const run of this.runs.values()) run.stopListening();
    this.runs.clear();
  }

  onModuleDestroy(): void {
    this.clear();
  }

  private async play(run: Run, relayId: string | undefined): Promise<void> {
    let outcome = 'broken';
    try {
      outcome = await this.perform(run, relayId);
    } catch (error) {
      run.find(
        violation(
          'simulator',
          `the simulator itself failed: ${error instanceof Error ? error.message : String(error)}`,
        ),
      );
    }
    const { expect } = run.options;
    const allowed = expect === undefined ? expectedOutcomes(run) : [expect];
    if (!allowed.includes(outcome)) {
      run.find(violation('end', `it ended as ${outcome}; expected ${allowed.join(' or ')}`));
    }
    run.end(outcome);
    const told = allowed.includes(outcome) && TOLD.includes(outcome);
    if (told && run.options.target === undefined) await until(() => run.delivered, this.pace.ms(DELIVERY_MS));
  }

  private perform(run: Run, relayId: string | undefined): Promise<string> {
    const { options } = run;
    switch (run.kind) {
      case 'profile':
      case 'location':
      case 'image':
        return this.callbacks.play(run, options, relayId);
      case 'option':
        return this.option.play(run, options, relayId);
      case 'payment':
      case 'subscription':
        return this.payment.play(run, options, relayId);
      case 'sync':
        return this.sync.play(run, options);
      case 'chain':
        return this.chain(run, options, relayId);
    }
  }

  /** 카카오싱크 + 옵션선택 + 원클릭결제 (guide 0.6): the draft's id becomes the order sheet's. */
  private async chain(run: Run, options: Told<ChainScenario>, relayId: string | undefined): Promise<string> {
    const at = (target: string | undefined): Told<ScenarioOptions> => ({ ...options, ...(target && { target }) });
    if (options.sync !== false) {
      const joined = await this.sync.play(run, at(options.syncTarget));
      if (joined !== 'joined') return joined;
    }
    const chosen = await this.option.play(run, { productId: 'mug', ...at(options.optionTarget) }, relayId);
    if (chosen !== 'chosen') return chosen;
    return this.payment.play(run, { ...options, orderSheetId: String(run.facts.draftId) }, relayId);
  }
}

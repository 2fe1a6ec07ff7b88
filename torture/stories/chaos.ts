import { setTimeout as delay } from 'node:timers/promises';
import { Disturbances } from '../disturbances';
import type { Random } from '../random';
import type { Database } from '../world/database';
import type { Instance } from '../world/instance';

/** A short run has at least one of each. */
const FIRST = ['kill', 'crash', 'freeze'] as const;

/** Kills, freezes and restarts what runs, from a stream of draws of its own, until it is told to stop. */
export class Chaos extends Disturbances {
  kills = 0;
  freezes = 0;
  drains = 0;
  databaseCrashes = 0;

  constructor(
    private readonly random: Random,
    private readonly instances: readonly Instance[],
    private readonly database: Database,
    /** Longest pause between two kills; a short run wants its share too. */
    private readonly paceMs: number,
  ) {
    super();
  }

  /** Everything is up when it settles. */
  override async stop(): Promise<void> {
    await super.stop();
    await Promise.all(this.instances.filter(({ running }) => !running).map((instance) => instance.start()));
  }

  /** One disturbance after the other, each with a pause after all is up again: a slow machine gets no more than it can bear. */
  protected async disturb(): Promise<void> {
    for (let turn = 0; await this.pause(this.random.int(Math.ceil(this.paceMs / 3), this.paceMs)); turn++) {
      const drawn = this.random.weighted({
        kill: 45,
        'kill all': 8,
        freeze: 12,
        drain: 12,
        crash: 15,
        'kill and crash': 8,
      });
      const what = FIRST[turn] ?? drawn;
      const one = this.random.int(0, this.instances.length - 1);
      const hit = this.instances.filter((_, at) => what === 'kill all' || at === one);
      const [down, ms, databaseDown] = [this.random.int(0, 800), this.random.int(200, 2_500), this.random.int(0, 900)];
      const work: Promise<void>[] = [];
      if (what.includes('crash')) work.push(this.crash(databaseDown));
      if (what !== 'crash') {
        const how = what === 'freeze' || what === 'drain' ? what : 'kill';
        work.push(...hit.map((instance) => this.during(how, () => this.hit(instance, how, down, ms), instance.name)));
      }
      await Promise.all(work);
    }
  }

  private async crash(downMs: number): Promise<void> {
    this.databaseCrashes += 1;
    await this.during('database', () => this.database.crash(downMs));
  }

  private async hit(instance: Instance, what: 'kill' | 'freeze' | 'drain', downMs: number, ms: number): Promise<void> {
    if (what === 'freeze') {
      this.freezes += 1;
      await instance.freeze(ms);
      return;
    }
    if (what === 'kill') {
      this.kills += 1;
      await instance.kill();
    } else {
      this.drains += 1;
      await instance.drain();
    }
    await delay(downMs);
    // The database may be down just now: an app that cannot start is started again, as an engine does.
    for (let at = 0; at < 10; at++) {
      try {
        await instance.start();
        return;
      } catch (error) {
        if (at === 9) throw error;
        await delay(300);
      }
    }
  }
}

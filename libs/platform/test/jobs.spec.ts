import { Injectable, Module } from '@nestjs/common';
import { defineJob, Jobs, NotNow, NotYet, ofOneMerchant } from '@biz/platform';
import type { AppDefinition, JobRun } from '@biz/platform';
import { eventually, startTestApp, testDatabase } from '@biz/testing';
import type { TestApp, TestDatabase } from '@biz/testing';
import { PgBoss } from 'pg-boss';
import { DataSource } from 'typeorm';

const BREW = defineJob<{ cup: string }>({ name: 'test.brew', schedule: [1, 2, 3] });
const POUR = defineJob<{ merchant: string; cup: string }>({
  name: 'test.pour',
  schedule: [1],
  concurrency: 4,
  share: ofOneMerchant(2),
});
const schema = { schema: 'tea', entities: [], migrations: [] };

const SWEEP = 'test.sweep';
/** The process of a running job has not been heard of for a minute. */
const LONG_SILENT = `UPDATE pgboss.job SET heartbeat_on = now() - interval '1 minute' WHERE state = 'active'`;

interface Run extends JobRun {
  cup: string;
  at: number;
}

@Injectable()
class Kettle {
  readonly runs: Run[] = [];
  readonly exhausted: string[] = [];
  readonly sweeps: number[] = [];
  readonly pours: string[] = [];
  pour: (cup: string) => Promise<void> = () => Promise.resolve();
  /** How many sweeps of all instances run right now. */
  static sweeping = 0;
  static mostAtOnce = 0;
  sweep: () => Promise<void> = () => Promise.resolve();
  act: (run: Run) => Promise<void> = () => Promise.resolve();

  constructor(readonly jobs: Jobs) {}

  onModuleInit(): void {
    this.jobs.every(SWEEP, 2, async () => {
      this.sweeps.push(Date.now());
      Kettle.mostAtOnce = Math.max(Kettle.mostAtOnce, ++Kettle.sweeping);
      await this.sweep().finally(() => Kettle.sweeping--);
    });
    this.jobs.work(POUR, async ({ cup }) => {
      this.pours.push(cup);
      await this.pour(cup);
    });
    this.jobs.work(
      BREW,
      async ({ cup }, run) => {
        const seen = { cup, ...run, at: Date.now() };
        this.runs.push(seen);
        await this.act(seen);
      },
      ({ cup }) => {
        this.exhausted.push(cup);
        return Promise.resolve();
      },
    );
  }
}

@Module({ providers: [Kettle] })
class KettleModule {}

const kettleApp: AppDefinition = {
  name: 'profile',
  title: '',
  description: '',
  schemas: [schema],
  module: KettleModule,
};

describe('Jobs', () => {
  let database: TestDatabase;
  let app: TestApp;
  let kettle: Kettle;

  beforeAll(async () => {
    database = await testDatabase(schema);
  });
  afterAll(() => database.drop());
  beforeEach(async () => {
    app = await startTestApp(kettleApp, { database, env: { RETRY_TIME_SCALE: '0.02' } });
    kettle = app.get(Kettle);
  });
  afterEach(() => app.close());

  const add = (cup: string, afterSeconds?: number): Promise<string> =>
    app.get(DataSource).transaction((manager) => kettle.jobs.add(BREW, { cup }, manager, { afterSeconds }));

  it('runs a job of a committed transaction, and none of one that was rolled back', async () => {
    await expect(
      app.get(DataSource).transaction(async (manager) => {
        await kettle.jobs.add(BREW, { cup: 'spilled' }, manager);
        throw new Error('rolled back');
      }),
    ).rejects.toThrow('rolled back');
    await add('green');
    await eventually(() => {
      expect(kettle.runs.map(({ cup }) => cup)).toEqual(['green']);
    });
    const left = await database.query(`SELECT 1 FROM pgboss.job WHERE data->'data'->>'cup' = 'spilled'`);
    expect(left).toEqual([]);
  });

  it('refuses to add a job outside a transaction', async () => {
    await expect(kettle.jobs.add(BREW, { cup: 'x' }, app.get(DataSource).manager)).rejects.toThrow(
      'inside a transaction',
    );
  });

  it('retries on the visible schedule, then says once that it is exhausted', async () => {
    kettle.act = () => Promise.reject(new Error('cold'));
    await add('iced');
    await eventually(() => {
      expect(kettle.exhausted).toEqual(['iced']);
    });
    expect(kettle.runs.map(({ attempt, last }) => [attempt, last])).toEqual([
      [1, false],
      [2, false],
      [3, false],
      [4, true],
    ]);
    const waits = kettle.runs.slice(1).map(({ at }, index) => at - (kettle.runs[index]?.at ?? 0));
    // 1, 2 and 3 s at a scale of 0.02 are 20, 40 and 60 ms, less a tenth of jitter.
    waits.forEach((wait, index) => {
      expect(wait).toBeGreaterThanOrEqual(20 * (index + 1) * 0.9 - 1);
    });
  });

  it('runs a job again that could not begin, which costs it no try', async () => {
    kettle.act = () =>
      kettle.runs.length < 8 ? Promise.reject(new NotNow('the kettle is full', 1)) : Promise.resolve();
    await add('waiting');
    await eventually(() => {
      expect(kettle.runs.map(({ attempt }) => attempt)).toEqual([1, 1, 1, 1, 1, 1, 1, 1]);
    });
    expect(kettle.exhausted).toEqual([]);
  });

  it('lets a handler say that it is not time yet', async () => {
    kettle.act = ({ attempt }) => (attempt === 1 ? Promise.reject(new NotYet('steeping', 2)) : Promise.resolve());
    await add('oolong');
    await eventually(() => {
      expect(kettle.runs.map(({ attempt }) => attempt)).toEqual([1, 2]);
    });
    expect(kettle.exhausted).toEqual([]);
  });

  it('starts a delayed job when it is due and not before', async () => {
    const added = Date.now();
    await add('slow', 5);
    await eventually(() => {
      expect(kettle.runs).toHaveLength(1);
    });
    expect((kettle.runs[0]?.at ?? 0) - added).toBeGreaterThanOrEqual(100);
  });

  it('adds many jobs at once, all or none', async () => {
    const cups = Array.from({ length: 50 }, (_, n) => ({ cup: `cup-${n}` }));
    const dataSource = app.get(DataSource);
    await expect(
      dataSource.transaction(async (manager) => {
        await kettle.jobs.addAll(BREW, [{ cup: 'spilled' }], manager);
        throw new Error('rolled back');
      }),
    ).rejects.toThrow('rolled back');
    await dataSource.transaction((manager) => kettle.jobs.addAll(BREW, cups, manager));
    await eventually(() => {
      expect(kettle.runs.map(({ cup }) => cup).sort()).toEqual(cups.map(({ cup }) => cup).sort());
    });
  });

  it('leaves workers to other merchants while the jobs of one hang, and holds to it when they are tried again', async () => {
    let release = (): void => undefined;
    const released = new Promise<void>((resolve) => (release = resolve));
    const poured = new Set<string>();
    let hanging = 0;
    // Each fails once, so what hangs is a second run.
    kettle.pour = (cup) => {
      if (poured.has(cup)) {
        if (!cup.startsWith('slow')) return Promise.resolve();
        hanging++;
        return released;
      }
      poured.add(cup);
      return Promise.reject(new NotYet('steeping'));
    };
    const pour = (merchant: string, ...cups: string[]): Promise<void> =>
      app.get(DataSource).transaction((manager) =>
        kettle.jobs.addAll(
          POUR,
          cups.map((cup) => ({ merchant, cup })),
          manager,
        ),
      );
    const runsOf = (what: string): string[] => kettle.pours.filter((cup) => cup.startsWith(what));
    await pour('slow', ...[1, 2, 3, 4, 5, 6].map((n) => `slow-${n}`));
    await eventually(() => {
      expect(hanging).toBe(2);
    });
    await pour('quick', 'quick-1', 'quick-2', 'quick-3');
    await eventually(() => {
      expect(runsOf('quick')).toHaveLength(6);
    });
    expect(hanging).toBe(2);
    release();
    await eventually(() => {
      expect(runsOf('slow')).toHaveLength(6 + 6);
    });
  });

  it('runs as many jobs of a queue at once as it may, and no more, though it begins with one worker', async () => {
    const released: (() => void)[] = [];
    let running = 0;
    let most = 0;
    kettle.pour = async () => {
      most = Math.max(most, ++running);
      await new Promise<void>((resolve) => released.push(resolve));
      running--;
    };
    const cups = [1, 2, 3, 4, 5, 6, 7, 8].map((n) => ({ merchant: `shop-${n}`, cup: `cup-${n}` }));
    await app.get(DataSource).transaction((manager) => kettle.jobs.addAll(POUR, cups, manager));
    for (let ended = 0; ended < cups.length; ended++) {
      await eventually(() => {
        expect(running).toBe(Math.min(POUR.concurrency, cups.length - ended));
      });
      released.shift()?.();
    }
    await eventually(() => {
      expect(running).toBe(0);
    });
    expect(most).toBe(POUR.concurrency);
  });

  describe('recurring', () => {
    const jobs = (states = '{created,retry,active}'): Promise<unknown[]> =>
      database.query(`SELECT 1 FROM pgboss.job WHERE name = $1 AND state::text = ANY($2)`, [SWEEP, states]);

    it('work goes on by itself, also when it fails', async () => {
      kettle.sweep = () => (kettle.sweeps.length === 2 ? Promise.reject(new Error('cold')) : Promise.resolve());
      await eventually(() => {
        expect(kettle.sweeps.length).toBeGreaterThanOrEqual(4);
      });
      const waits = kettle.sweeps.slice(1).map((at, index) => at - (kettle.sweeps[index] ?? 0));
      // 2 s at a scale of 0.02 are 40 ms, less a tenth of jitter.
      waits.forEach((wait) => {
        expect(wait).toBeGreaterThanOrEqual(35);
      });
      expect(await jobs()).toHaveLength(1);
    });

    it('work runs on one instance at a time, however many start', async () => {
      const others = await Promise.all([1, 2].map(() => startTestApp(kettleApp, { database })));
      const kettles = [kettle, ...others.map((other) => other.get<Kettle>(Kettle))];
      Kettle.mostAtOnce = 0;
      for (const each of kettles) each.sweep = () => new Promise((resolve) => setTimeout(resolve, 30));
      const before = kettles.reduce((sum, { sweeps }) => sum + sweeps.length, 0);
      await eventually(() => {
        expect(kettles.reduce((sum, { sweeps }) => sum + sweeps.length, 0)).toBeGreaterThan(before + 3);
      });
      expect(Kettle.mostAtOnce).toBe(1);
      await Promise.all(others.map((other) => other.close()));
      // Whoever is left goes on.
      const then = kettle.sweeps.length;
      await eventually(() => {
        expect(kettle.sweeps.length).toBeGreaterThan(then);
      });
      expect(await jobs()).toHaveLength(1);
    });

    it('work says itself when it wants to run again', async () => {
      kettle.sweep = () => Promise.reject(new NotYet('more to do', kettle.sweeps.length < 5 ? 0 : 100_000));
      await eventually(() => {
        expect(kettle.sweeps.length).toBeGreaterThanOrEqual(5);
      });
      await eventually(async () => {
        const later = `SELECT 1 FROM pgboss.job WHERE name = $1 AND state = 'created' AND start_after > now() + interval '10 minutes'`;
        expect(await database.query(later, [SWEEP])).toHaveLength(1);
      });
      await database.query(`DELETE FROM pgboss.job WHERE name = $1`, [SWEEP]);
    });

    it('is back when somebody emptied the queue under it', async () => {
      kettle.sweep = () => Promise.resolve();
      await database.query('DELETE FROM pgboss.job');
      const then = kettle.sweeps.length;
      await eventually(async () => {
        // One may have been under way.
        expect(kettle.sweeps.length).toBeGreaterThan(then + 1);
        expect(await jobs()).toHaveLength(1);
      });
    });

    it('work of a process that died goes on elsewhere', async () => {
      await app.close();
      await database.query(`UPDATE pgboss.job SET start_after = now() WHERE name = $1 AND state = 'created'`, [SWEEP]);
      const other = new PgBoss({ connectionString: database.url, supervise: false, schedule: false });
      await other.start();
      await other.send(SWEEP, { data: {}, attempt: 1 });
      expect(await other.fetch(SWEEP)).toHaveLength(1);
      await other.stop({ graceful: false });
      await database.query(LONG_SILENT);
      app = await startTestApp(kettleApp, { database });
      kettle = app.get(Kettle);
      await eventually(() => {
        expect(kettle.sweeps.length).toBeGreaterThan(1);
      });
      expect(await jobs()).toHaveLength(1);
    });
  });

  it('finishes a running job before it stops, and leaves the next for the next start', async () => {
    let finish = (): void => undefined;
    let finished = false;
    kettle.act = () =>
      new Promise((resolve) => {
        finish = () => {
          finished = true;
          resolve();
        };
      });
    await add('last');
    await eventually(() => {
      expect(kettle.runs).toHaveLength(1);
    });
    const closing = app.close();
    setTimeout(() => {
      finish();
    }, 50);
    await closing;
    expect(finished).toBe(true);
    const states = await database.query(`SELECT state FROM pgboss.job WHERE data->'data'->>'cup' = 'last'`);
    expect(states).toEqual([{ state: 'completed' }]);
    app = await startTestApp(kettleApp, { database });
  });

  it('gives the job of a process that died to another', async () => {
    // A worker of another process takes the job and is never heard of again.
    await app.close();
    const other = new PgBoss({ connectionString: database.url, supervise: false, schedule: false });
    await other.start();
    await other.send(BREW.name, { data: { cup: 'orphan' }, attempt: 1 });
    expect(await other.fetch(BREW.name)).toHaveLength(1);
    await other.stop({ graceful: false });
    await database.query(LONG_SILENT);
    app = await startTestApp(kettleApp, { database });
    kettle = app.get(Kettle);
    await eventually(() => {
      expect(kettle.runs.map(({ cup }) => cup)).toEqual(['orphan']);
    });
  });
});

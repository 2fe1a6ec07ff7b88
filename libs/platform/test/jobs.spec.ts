import { Injectable, Module } from '@nestjs/common';
import { defineJob, Jobs, NotYet } from '@biz/platform';
import type { AppDefinition, JobRun } from '@biz/platform';
import { eventually, startTestApp, testDatabase } from '@biz/testing';
import type { TestApp, TestDatabase } from '@biz/testing';
import { PgBoss } from 'pg-boss';
import { DataSource } from 'typeorm';

const BREW = defineJob<{ cup: string }>({ name: 'test.brew', schedule: [1, 2, 3] });
const schema = { schema: 'tea', entities: [], migrations: [] };

interface Run extends JobRun {
  cup: string;
  at: number;
}

@Injectable()
class Kettle {
  readonly runs: Run[] = [];
  readonly exhausted: string[] = [];
  act: (run: Run) => Promise<void> = () => Promise.resolve();

  constructor(readonly jobs: Jobs) {}

  onModuleInit(): void {
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

  const add = (cup: string, afterSeconds?: number): Promise<void> =>
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
    app = await startTestApp(kettleApp, { database });
    kettle = app.get(Kettle);
    await eventually(() => {
      expect(kettle.runs.map(({ cup }) => cup)).toEqual(['orphan']);
    }, 25_000);
  }, 30_000);
});

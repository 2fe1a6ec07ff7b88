import { eventually, listenToStatements, times } from '@biz/testing';
import type { StubAnswer, TestApp } from '@biz/testing';
import { Stage } from '../../../libs/capture/test/stage';
import { profileApp } from '../src/profile.module';

const PROFILE = { json: { nickname: '홍길동' } };
const DOWN: StubAnswer = { status: 503 };

describe('redeeming', () => {
  let stage: Stage;
  let kakao: StubAnswer;

  beforeEach(async () => {
    // A call that a test holds is no call that takes too long.
    stage = await Stage.open(profileApp);
    kakao = PROFILE;
  });
  afterEach(() => stage.close());

  const otp = (): string => stage.otp('onetimeprofile', () => kakao);
  const asked = (): number => stage.kakao.requests.length;
  const states = async (): Promise<Record<string, number>> => {
    const rows = await stage.database.query<{ state: string; n: number }>(
      'SELECT state, count(*)::integer AS n FROM capture.captures GROUP BY state',
    );
    return Object.fromEntries(rows.map(({ state, n }) => [state, n]));
  };
  /** Kakao is known to be down. */
  async function outage(): Promise<void> {
    kakao = DOWN;
    await Promise.all(times(6, () => stage.callback(otp())));
    await eventually(() => {
      expect(stage.logs.join('')).toContain('Kakao does not answer');
    });
  }

  /** Two instances, one of which waits for Kakao's answer; the other will be told that the OTP is used up. */
  async function askedByTwo(): Promise<{ first: TestApp; once: string; release: (answer: StubAnswer) => void }> {
    const { app: first } = stage;
    await stage.start();
    let release: (answer: StubAnswer) => void = () => undefined;
    const answers: (StubAnswer | Promise<StubAnswer>)[] = [
      new Promise((resolve) => (release = resolve)),
      { status: 404, text: 'used up' },
    ];
    const once = stage.otp('onetimeprofile', () => answers.shift() ?? DOWN);
    await stage.callback(once, 'late');
    await eventually(() => {
      expect(stage.fetched(once)).toBe(1);
    });
    return { first, once, release };
  }

  it('spends no tries of those who wait while Kakao is down, and asks for all of them as soon as it is back', async () => {
    await outage();
    const before = asked();
    await Promise.all(times(40, () => stage.callback(otp())));
    // Four of ten minutes; the last minute, in which everybody is tried, is far.
    let searches = 0;
    listenToStatements(stage.app, ({ text }) => {
      if (/^WITH (due|waiting)/.test(text)) searches++;
    });
    for (let second = 0; second < 24; second++) {
      stage.clock.advance(100);
      const before = searches;
      // The second that begins sees the time of now.
      await eventually(() => {
        expect(searches).toBeGreaterThan(before + 1);
      });
    }
    expect(asked() - before).toBeGreaterThan(2);
    expect(asked() - before).toBeLessThan(40);
    expect(await states()).toEqual({ pending: 46 });

    kakao = PROFILE;
    stage.clock.advance(80);
    await eventually(async () => {
      expect(await states()).toEqual({ delivered: 46 });
    });
    const said = (words: string): number => stage.logs.filter((line) => line.includes(words)).length;
    expect([said('Kakao does not answer'), said('Kakao answers again')]).toEqual([1, 1]);
  });

  it('tries what is nearly over all the same, until the end', async () => {
    await outage();
    const before = asked();
    stage.clock.advance(5_410);
    await stage.asTimeGoesBy(() => {
      expect(asked() - before).toBeGreaterThanOrEqual(6);
    });
    stage.clock.advance(600);
    await eventually(async () => {
      expect(await states()).toEqual({ expired: 6 });
    });
  });

  it('takes an OTP that alone always fails for no outage', async () => {
    const lonely = stage.otp('onetimeprofile', () => DOWN);
    await stage.callback(lonely, 'lonely');
    await stage.asTimeGoesBy(() => {
      expect(stage.fetched(lonely)).toBeGreaterThan(5);
    });
    await stage.callback(otp(), 'other');
    await stage.reaches('other', 'delivered');
    expect((await stage.capture('lonely')).state).toBe('pending');
  });

  it('takes 429, which is about the key of one shop, for no outage', async () => {
    kakao = { status: 429 };
    await Promise.all(times(10, () => stage.callback(otp())));
    await stage.asTimeGoesBy(() => {
      expect(asked()).toBeGreaterThan(15);
    });
    kakao = PROFILE;
    await stage.callback(otp(), 'other', '/m/other-shop-unguessable-key/callback');
    await stage.reaches('other', 'delivered');
    expect(stage.logs.join('')).not.toContain('Kakao does not answer');
  });

  it('does not let the burst of one shop hold up the customers of another', async () => {
    let release: (answer: StubAnswer) => void = () => undefined;
    const held = new Promise<StubAnswer>((resolve) => (release = resolve));
    await Promise.all(times(40, () => stage.callback(stage.otp('onetimeprofile', () => held))));
    await eventually(() => {
      expect(asked()).toBe(16);
    });
    await stage.callback(otp(), 'other', '/m/other-shop-unguessable-key/callback');
    await stage.reaches('other', 'delivered');
    expect(asked()).toBe(17);
    release(PROFILE);
    await eventually(async () => {
      expect(await states()).toEqual({ delivered: 41 });
    });
  });

  /** So many OTPs whose answers are held back. @returns what answers them */
  const hang = async (count: number, relayOf: (n: number) => string | undefined): Promise<() => void> => {
    let release: (answer: StubAnswer) => void = () => undefined;
    const held = new Promise<StubAnswer>((resolve) => (release = resolve));
    await Promise.all(
      times(count, (n) =>
        stage.callback(
          stage.otp('onetimeprofile', () => held),
          relayOf(n),
        ),
      ),
    );
    return () => {
      release(PROFILE);
    };
  };

  it('does not let one customer hold up the next customer of the same shop', async () => {
    const release = await hang(90, () => 'many');
    await eventually(() => {
      expect(asked()).toBe(12);
    });
    await stage.callback(otp(), 'next');
    await stage.reaches('next', 'delivered');
    release();
    await eventually(async () => {
      expect(await states()).toEqual({ delivered: 91 });
    });
  });

  it('does not wait for the slow calls of many customers, known or not', async () => {
    const release = await hang(40, (n) => (n % 3 === 0 ? undefined : `slow-${n % 3}`));
    await eventually(() => {
      expect(asked()).toBe(16);
    });
    await stage.callback(otp(), 'next');
    stage.clock.advance(2_000);
    await stage.reaches('next', 'delivered');
    release();
    await eventually(async () => {
      expect(await states()).toEqual({ delivered: 41 });
    });
  });

  it('asks for those who are new before those whose try failed', async () => {
    const order: string[] = [];
    const named = (name: string, ...answers: StubAnswer[]): string =>
      stage.otp('onetimeprofile', () => {
        order.push(name);
        return answers.shift() ?? PROFILE;
      });
    await stage.callback(named('failed', DOWN), 'failed');
    await eventually(async () => {
      expect(await stage.database.query(`SELECT FROM capture.captures WHERE retrying`)).toHaveLength(1);
    });
    const release = await hang(15, (n) => `held-${n}`);
    const releaseOne = await hang(1, () => 'held');
    await eventually(() => {
      expect(asked()).toBe(17);
    });
    await stage.callback(named('new'), 'new');
    stage.clock.advance(500);
    releaseOne();
    await stage.reaches('new', 'delivered');
    await stage.reaches('failed', 'delivered');
    expect(order).toEqual(['failed', 'new', 'failed']);
    release();
  });

  it('asks for the most urgent first', async () => {
    const releases: ((answer: StubAnswer) => void)[] = [];
    const hold = (): string =>
      stage.otp('onetimeprofile', () => new Promise<StubAnswer>((resolve) => releases.push(resolve)));
    await Promise.all(times(16, () => stage.callback(hold())));
    await eventually(() => {
      expect(releases).toHaveLength(16);
    });
    const order: number[] = [];
    for (const minute of [3, 1, 2]) {
      const slow = stage.otp('onetimeprofile', () => {
        order.push(minute);
        return new Promise<StubAnswer>((resolve) => releases.push(resolve));
      });
      await stage.callback(slow, `minute-${minute}`);
      await stage.database.query(
        `UPDATE capture.captures SET deadline_at = deadline_at + $2 * interval '1 hour' WHERE relay_id = $1`,
        [`minute-${minute}`, minute],
      );
    }
    for (const so of [[1], [1, 2], [1, 2, 3]]) {
      releases.shift()?.(PROFILE);
      await eventually(() => {
        expect(order).toEqual(so);
      });
    }
    for (const release of releases) release(PROFILE);
  });

  it('is taken over within five seconds when a process dies, and not while one only waits for a slow Kakao', async () => {
    let release: (answer: StubAnswer) => void = () => undefined;
    const slow = stage.otp('onetimeprofile', () => new Promise<StubAnswer>((resolve) => (release = resolve)));
    await stage.callback(slow, 'slow');
    await eventually(() => {
      expect(stage.fetched(slow)).toBe(1);
    });
    const claimed = async (): Promise<number> => {
      const [row] = await stage.database.query<{ until: Date }>('SELECT claimed_until AS until FROM capture.captures');
      return row!.until.getTime() - stage.clock.now().getTime();
    };
    expect(await claimed()).toBe(5_000);
    // It says every second that it is alive.
    stage.clock.advance(4_000);
    await eventually(async () => {
      expect(await claimed()).toBe(5_000);
    });
    release(PROFILE);
    await stage.reaches('slow', 'delivered');
    expect(stage.fetched(slow)).toBe(1);
  });

  it('asks once for an OTP whose claim ran out while this very process waits for the answer', async () => {
    let release: (answer: StubAnswer) => void = () => undefined;
    const once = stage.otp('onetimeprofile', () => new Promise<StubAnswer>((resolve) => (release = resolve)));
    await stage.callback(once, 'once');
    await eventually(() => {
      expect(stage.fetched(once)).toBe(1);
    });
    await stage.database.query(`UPDATE capture.captures SET claimed_until = due_at`);
    await stage.callback(otp(), 'next');
    await stage.reaches('next', 'delivered');
    release(PROFILE);
    await stage.reaches('once', 'delivered');
    expect(stage.fetched(once)).toBe(1);
  });

  it('gives up nothing that another instance has an answer for since it was refused', async () => {
    const { first, release } = await askedByTwo();
    await stage.database.query(`
      CREATE FUNCTION capture.wait() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN PERFORM pg_advisory_xact_lock(7); RETURN NULL; END $$;
      CREATE TRIGGER wait BEFORE UPDATE OF failure ON capture.captures FOR EACH STATEMENT EXECUTE FUNCTION capture.wait()`);
    const waiting = async (): Promise<number> => {
      const rows = await stage.database.query(
        `SELECT 1 FROM pg_locks WHERE locktype = 'advisory' AND objid = 7 AND NOT granted`,
      );
      return rows.length;
    };
    await stage.database.dataSource.transaction(async (manager) => {
      await manager.query('SELECT pg_advisory_xact_lock(7)');
      // The other instance is refused, and is about to say so. The first renews its claim until then.
      await eventually(async () => {
        await stage.database.query(`UPDATE capture.captures SET claimed_until = due_at WHERE state = 'pending'`);
        expect(await waiting()).toBe(1);
      });
      release(PROFILE);
      await eventually(async () => {
        expect(await waiting()).toBe(2);
      });
    });
    await stage.reaches('late', 'delivered');
    expect(stage.events('late').map(({ type }) => type)).toEqual(['profile.received']);
    await first.close();
  });

  it('keeps an answer that comes after another instance was refused', async () => {
    const { first, once, release } = await askedByTwo();
    // As if the first had stood still: its claim runs out, and the OTP is asked for again.
    await stage.database.query(`UPDATE capture.captures SET deadline_at = deadline_at + interval '1 hour'`);
    await eventually(async () => {
      await stage.database.query(`UPDATE capture.captures SET claimed_until = due_at WHERE state = 'pending'`);
      expect(stage.fetched(once)).toBe(2);
    });
    await stage.reaches('late', 'failed');
    release(PROFILE);
    await stage.reaches('late', 'delivered');
    expect(stage.events('late').map(({ type }) => type)).toEqual(['capture.failed', 'profile.received']);
    await first.close();
  });
});

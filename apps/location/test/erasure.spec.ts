import { eventually } from '@biz/testing';
import { Stage } from '../../../libs/capture/test/stage';
import type { Answer } from '../../../libs/capture/test/stage';
import { locationApp } from '../src/location.module';

const LOCATION = { latitude: 37.40201073377386, longitude: 127.10849451749681 };

describe('a location that is erased', () => {
  let stage: Stage;
  beforeAll(async () => {
    stage = await Stage.open(locationApp);
  });
  afterAll(() => stage.close());
  afterEach(() => stage.shop.on('POST /hook', { status: 204 }));

  const kindsOf = async (relayId: string): Promise<unknown[]> => {
    const { body } = await stage.operator('GET', '/location-facts?limit=100');
    const items = body.items as { subject: string; kind: string }[];
    return items
      .filter(({ subject }) => subject === relayId)
      .map(({ kind }) => kind)
      .reverse();
  };
  const deliveryOf = async (id: string): Promise<object | undefined> => {
    const [row] = await stage.database.query<object>(
      'SELECT state, payload FROM merchant.deliveries WHERE subject = $1',
      [id],
    );
    return row;
  };
  /** A lock that triggers of the test wait for, so that the test says how long. */
  const HELD = 4_711;
  const waiting = async (event: string): Promise<void> => {
    await eventually(async () => {
      expect(
        await stage.database.query(
          `SELECT 1 FROM pg_stat_activity WHERE wait_event_type = 'Lock' AND wait_event ${event} AND datname = current_database()`,
        ),
      ).not.toEqual([]);
    });
  };
  /** Erases a capture just while a trigger waits, and lets that go on once the erasure waits for it. */
  const eraseMeanwhile = async (begin: () => unknown, idOf: () => Promise<string>): Promise<Answer> => {
    const holder = stage.database.dataSource.createQueryRunner();
    try {
      await holder.query('SELECT pg_advisory_lock($1)', [HELD]);
      await begin();
      await waiting(`= 'advisory'`);
      const erasure = stage.operator('DELETE', `/captures/${await idOf()}`);
      await waiting(`<> 'advisory'`);
      await holder.query('SELECT pg_advisory_unlock($1)', [HELD]);
      return await erasure;
    } finally {
      await holder.query('SELECT pg_advisory_unlock_all()');
      await holder.release();
    }
  };
  const located = (): string => stage.otp('current_location', () => ({ json: LOCATION }));

  it('while the shop is being told: that the shop has it is on record all the same', async () => {
    let release = (): void => undefined;
    stage.shop.on('POST /hook', async () => {
      await new Promise<void>((resolve) => (release = resolve));
      return { status: 204 };
    });
    await stage.callback(located(), 'in-flight');
    await eventually(() => {
      expect(stage.events('in-flight')).toHaveLength(1);
    });
    const { id } = await stage.capture('in-flight');
    expect((await stage.operator('DELETE', `/captures/${id}`)).body).toMatchObject({ state: 'erased' });
    expect(await kindsOf('in-flight')).toEqual(['collected']);

    release();
    await eventually(async () => {
      expect(await deliveryOf(id)).toEqual({ state: 'delivered', payload: null });
    });
    expect(await kindsOf('in-flight')).toEqual(['collected', 'provided']);
    expect(await stage.capture('in-flight')).toMatchObject({ state: 'erased' });
  });

  it('while it is noted that the shop has it: neither waits for the other for ever', async () => {
    // Whoever notes it holds the delivery for a moment, and then wants the capture.
    await stage.database.query(`
      CREATE FUNCTION merchant.dawdle() RETURNS trigger LANGUAGE plpgsql AS $$
      BEGIN
        IF EXISTS (SELECT FROM merchant.deliveries WHERE relay_id = 'dawdling' AND state = 'delivered') THEN
          PERFORM pg_advisory_xact_lock(${HELD});
        END IF;
        RETURN NULL;
      END $$;
      CREATE TRIGGER dawdle AFTER UPDATE ON merchant.deliveries FOR EACH STATEMENT EXECUTE FUNCTION merchant.dawdle()`);
    try {
      const idOf = async (): Promise<string> => (await stage.capture('dawdling')).id;
      const erased = await eraseMeanwhile(() => stage.callback(located(), 'dawdling'), idOf);
      expect(erased).toMatchObject({ status: 200, body: { state: 'erased' } });
      expect(await deliveryOf(await idOf())).toEqual({ state: 'delivered', payload: null });
      expect(await kindsOf('dawdling')).toEqual(['collected', 'provided']);
      expect(stage.events('dawdling')).toHaveLength(1);
      expect(stage.logs.join('')).not.toContain('deadlock');
    } finally {
      await stage.database.query('DROP TRIGGER dawdle ON merchant.deliveries');
    }
  });

  it.each([
    ['an answer', 200, 'that it was collected is on record', ['collected']],
    ['a refusal', 403, 'nothing was collected', []],
  ])('with %s (%i) that came at that moment: %s', async (what, status, _so, facts) => {
    let release = (): void => undefined;
    const otp = stage.otp('current_location', async () => {
      await new Promise<void>((resolve) => (release = resolve));
      return { status, json: LOCATION };
    });
    await stage.callback(otp, what);
    await eventually(() => {
      expect(stage.fetched(otp)).toBe(1);
    });
    const { id } = await stage.capture(what);
    // Whoever keeps the answer holds the capture while the erasure comes for it.
    await stage.database.query(`
      CREATE FUNCTION capture.dawdle() RETURNS trigger LANGUAGE plpgsql AS $$
      BEGIN PERFORM pg_advisory_xact_lock(${HELD}); RETURN NULL; END $$;
      CREATE TRIGGER dawdle AFTER UPDATE OF sealed_answer ON capture.captures FOR EACH ROW
        WHEN (OLD.sealed_answer IS NULL AND NEW.sealed_answer IS NOT NULL) EXECUTE FUNCTION capture.dawdle()`);
    try {
      const erased = await eraseMeanwhile(release, () => Promise.resolve(id));
      expect(erased.body).toMatchObject({ state: 'erased' });
      expect(await kindsOf(what)).toEqual(facts);
    } finally {
      await stage.database.query('DROP FUNCTION capture.dawdle CASCADE');
    }
  });

  it('while Kakao is asked: what comes then is kept by nobody and told to nobody', async () => {
    let release = (): void => undefined;
    const otp = stage.otp('current_location', async () => {
      await new Promise<void>((resolve) => (release = resolve));
      return { json: LOCATION };
    });
    await stage.callback(otp, 'asked');
    await eventually(() => {
      expect(stage.fetched(otp)).toBe(1);
    });
    const { id } = await stage.capture('asked');
    expect((await stage.operator('DELETE', `/captures/${id}`)).body).toMatchObject({ state: 'erased' });
    release();
    const after = located();
    await stage.callback(after, 'after');
    await stage.reaches('after', 'delivered');
    expect(
      await stage.database.query('SELECT state, sealed_otp, sealed_answer FROM capture.captures WHERE id = $1', [id]),
    ).toEqual([{ state: 'erased', sealed_otp: null, sealed_answer: null }]);
    expect([stage.events('asked'), await kindsOf('asked'), stage.fetched(otp)]).toEqual([[], [], 1]);
  });

  it('is not asked for again by the same callback, late and twice', async () => {
    const otp = located();
    await stage.callback(otp, 'again');
    const { id } = await stage.reaches('again', 'delivered');
    await stage.operator('DELETE', `/captures/${id}`);
    expect(
      (await Promise.all([stage.callback(otp, 'again'), stage.callback(otp, 'again')])).map((a) => a.status),
    ).toEqual([200, 200]);
    expect([(await stage.capture('again')).state, stage.fetched(otp)]).toEqual(['erased', 1]);
    expect((await stage.operator('DELETE', `/captures/${id}`)).status).toBe(200);
  });
});

import { eventually, times } from '@biz/testing';
import { Stage } from '../../../libs/capture/test/stage';
import { profileApp } from '../src/profile.module';
import { PROFILE } from './profile-answer';

describe('retention', () => {
  /** RETRY_TIME_SCALE shortens it, as every delay. */
  const DAY = 86_400_000 * 0.01;
  let stage: Stage;
  beforeAll(async () => {
    stage = await Stage.open(profileApp);
  });
  afterAll(() => stage.close());

  /** Waits until what is due has been looked for so many times more. */
  const sweeps = async (more: number): Promise<void> => {
    const seen = async (): Promise<number> => {
      const metrics = await (await fetch(`${stage.app.url}/metrics`)).text();
      return Number(/job_duration_seconds_count\{[^}]*capture\.profile\.sweep[^}]*\} (\d+)/.exec(metrics)?.[1] ?? 0);
    };
    const before = await seen();
    await eventually(async () => {
      expect(await seen()).toBeGreaterThanOrEqual(before + more);
    });
  };

  /** A profile that the shop has, and that is kept for a day. */
  const deliver = async (relayId: string): Promise<void> => {
    await stage.callback(
      stage.otp('onetimeprofile', () => ({ json: PROFILE })),
      relayId,
      '/m/other-shop-unguessable-key/callback',
    );
    await stage.reaches(relayId, 'delivered');
  };

  it('erases a profile when its days are over', async () => {
    await deliver('kept');
    stage.clock.advance(DAY - 1);
    await sweeps(2);
    expect((await stage.capture('kept')).state).toBe('delivered');
    stage.clock.advance(1);
    const { id } = await stage.reaches('kept', 'erased');
    expect(await stage.database.query('SELECT sealed_answer FROM capture.captures WHERE id = $1', [id])).toEqual([
      { sealed_answer: null },
    ]);
  });

  it('erases on its next start what became due while the app was down, though the queue has forgotten everything', async () => {
    const relayIds = times(5, (at) => `while-down-${at}`);
    for (const relayId of relayIds) await deliver(relayId);
    await stage.app.close();
    stage.clock.advance(400 * DAY);
    await stage.database.query('DELETE FROM pgboss.job');
    await stage.start();
    for (const relayId of relayIds) await stage.reaches(relayId, 'erased');
  });

  it('erases what nobody could deliver, what failed and what is still open, when their day is over', async () => {
    const answers = { open: { status: 500 }, refused: { status: 404, json: PROFILE }, unread: { text: '홍길동' } };
    stage.shop.on('POST /hook', { status: 503 });
    try {
      for (const [relayId, answer] of Object.entries({ ...answers, undelivered: { json: PROFILE } })) {
        await stage.callback(
          stage.otp('onetimeprofile', () => answer),
          relayId,
          '/callback/once',
        );
      }
      await stage.reaches('undelivered', 'redeemed');
      await stage.reaches('refused', 'failed');
      await eventually(async () => {
        expect(await stage.capture('unread')).toMatchObject({ state: 'pending', answerStatus: 200 });
      });
      stage.clock.advance(DAY);
      for (const relayId of [...Object.keys(answers), 'undelivered']) await stage.reaches(relayId, 'erased');
      expect(
        await stage.database.query(
          `SELECT 1 FROM capture.captures WHERE state = 'erased' AND num_nonnulls(sealed_answer, sealed_unread, sealed_user, sealed_otp) > 0`,
        ),
      ).toEqual([]);
      expect(
        await stage.database.query(
          `SELECT 1 FROM merchant.deliveries JOIN capture.captures c ON c.id::text = subject
            WHERE c.state = 'erased' AND payload IS NOT NULL`,
        ),
      ).toEqual([]);
    } finally {
      stage.shop.on('POST /hook', { status: 204 });
    }
  });

  it('erases the others when one cannot be erased', async () => {
    for (const relayId of ['stuck', 'not-stuck']) await deliver(relayId);
    await stage.database.query(`
      CREATE FUNCTION capture.stick() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RAISE EXCEPTION 'stuck'; END $$;
      CREATE TRIGGER stick BEFORE UPDATE ON capture.captures FOR EACH ROW WHEN (OLD.relay_id = 'stuck')
        EXECUTE FUNCTION capture.stick()`);
    stage.clock.advance(DAY);
    await stage.reaches('not-stuck', 'erased');
    await stage.database.query('DROP FUNCTION capture.stick CASCADE');
    await stage.reaches('stuck', 'erased');
  });

  it('erases the others when more than are looked at together cannot be erased', async () => {
    await stage.database.query(
      `INSERT INTO capture.captures (id, kind, merchant, plugin, state, otp_fingerprint, consent, received_at, deadline_at,
              erase_at, changed_at)
       SELECT gen_random_uuid(), 'profile', 'other-shop', 'main', 'failed', 'stuck-' || n, '{}', $1, $1, $1, $1
         FROM generate_series(1, 250) n`,
      [stage.clock.now()],
    );
    await stage.database.query(`
      CREATE FUNCTION capture.stick() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RAISE EXCEPTION 'stuck'; END $$;
      CREATE TRIGGER stick BEFORE UPDATE ON capture.captures FOR EACH ROW WHEN (OLD.otp_fingerprint LIKE 'stuck-%')
        EXECUTE FUNCTION capture.stick()`);
    await deliver('behind-many');
    stage.clock.advance(DAY);
    await stage.reaches('behind-many', 'erased');
    await stage.database.query(`DROP FUNCTION capture.stick CASCADE`);
    await stage.database.query(`DELETE FROM capture.captures WHERE otp_fingerprint LIKE 'stuck-%'`);
  });

  it('erases the others while somebody holds one for longer', async () => {
    for (const relayId of ['held', 'not-held']) await deliver(relayId);
    const holder = stage.database.dataSource.createQueryRunner();
    await holder.startTransaction();
    await holder.query(`SELECT FROM capture.captures WHERE relay_id = 'held' FOR UPDATE`);
    stage.clock.advance(DAY);
    await eventually(async () => {
      expect((await stage.capture('not-held')).state).toBe('erased');
    });
    expect((await stage.capture('held')).state).toBe('delivered');
    await holder.rollbackTransaction();
    await holder.release();
    await stage.reaches('held', 'erased');
  });

  it('keeps nothing once it is delivered when the merchant names no retention', async () => {
    await stage.callback(
      stage.otp('onetimeprofile', () => ({ json: { gender: 'male' } })),
      'unsaid',
      '/callback/unsaid',
    );
    expect(await stage.reaches('unsaid', 'erased')).toMatchObject({ consent: { scopes: ['gender'], retainDays: 0 } });
    expect(stage.events('unsaid')).toMatchObject([{ data: { profile: { gender: 'male' } } }]);
  });

  it('keeps what the customer agreed to as it was then, after erasure too', async () => {
    await stage.callback(
      stage.otp('onetimeprofile', () => ({ json: PROFILE })),
      'agreed',
    );
    const before = await stage.reaches('agreed', 'delivered');
    const consent = {
      scopes: ['nickname', 'phone_number', 'shipping_address'],
      purpose: '배송',
      retainDays: 30,
    };
    expect(before).toMatchObject({ plugin: 'delivery', relayId: 'agreed', consent });

    await stage.app.close();
    await stage.start({ delivery: { purpose: '광고', retainDays: 3650 } });
    stage.clock.advance(30 * DAY);
    const after = await stage.reaches('agreed', 'erased');
    expect(after).toEqual({
      ...before,
      state: 'erased',
      erasedAt: expect.any(String) as string,
      changedAt: expect.any(String) as string,
    });
    const asked = await stage.operator('GET', `/captures/${after.id}`, { 'x-access-reason': 'what was agreed' });
    expect(asked.body).toMatchObject({ consent, relayId: 'agreed', receivedAt: before.receivedAt });
  });
});

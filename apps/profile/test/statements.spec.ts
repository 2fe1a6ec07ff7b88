import type { Server } from 'node:http';
import { eventually, listenToStatements, times } from '@biz/testing';
import { Stage } from '../../../libs/capture/test/stage';
import { profileApp } from '../src/profile.module';

/** What a capture costs the database, in statements: numbers that no busy machine changes. START and COMMIT count. */
describe('the statements of a capture', () => {
  let stage: Stage;
  let said: string[] = [];
  let searches = 0;

  beforeAll(async () => {
    stage = await Stage.open(profileApp, { RETRY_TIME_SCALE: '1' });
    // Recurring work runs once at the start, and then not for a minute.
    await eventually(async () => {
      const states = `SELECT DISTINCT state FROM pgboss.job WHERE state < 'completed' AND (state = 'active' OR start_after <= now())`;
      expect(await stage.database.query(states)).toEqual([]);
    });
    listenToStatements(stage.app, ({ text }) => {
      // What is due is also searched for every second, and whoever works says every second that it does.
      if (/^WITH (due|waiting)/.test(text)) searches++;
      else if (text.includes('SET claimed_until = $2')) return;
      // What waits is counted once in ten seconds, for all merchants.
      else if (/^\s*SELECT merchant FROM unnest/.test(text)) return;
      else if (!text.startsWith('SELECT "Capture"')) said.push(text.split(/[\s;(]/, 1)[0] ?? '');
    });
  });
  beforeEach(() => {
    said = [];
    searches = 0;
  });
  afterAll(() => stage.close());

  const otp = (): string => stage.otp('onetimeprofile', () => ({ json: { nickname: '홍길동' } }));
  const CALLBACK = ['INSERT'];
  const REDEMPTION = ['UPDATE', 'START', 'UPDATE', 'INSERT', 'COMMIT'];
  const DELIVERY = ['START', 'WITH', 'UPDATE', 'COMMIT'];

  it('a callback: one; its redemption: five and a search; its delivery: four and a search', async () => {
    await stage.callback(otp(), 'one');
    await stage.reaches('one', 'delivered');
    expect(said).toEqual([...CALLBACK, ...REDEMPTION, ...DELIVERY]);
    expect(searches).toBeGreaterThanOrEqual(2);
  });

  it('the same callback again: one', async () => {
    const twice = otp();
    await stage.callback(twice, 'twice');
    await stage.reaches('twice', 'delivered');
    said = [];
    await stage.callback(twice, 'twice');
    expect(said).toEqual(CALLBACK);
  });

  it('a delivery that the shop does not take: three, and nothing of the capture', async () => {
    stage.shop.on('POST /hook', { status: 503 });
    await stage.callback(otp(), 'refused');
    await eventually(() => {
      expect(said).toEqual([...CALLBACK, ...REDEMPTION, 'START', 'WITH', 'COMMIT']);
    });
    stage.shop.on('POST /hook', { status: 204 });
    stage.clock.advance(2_000);
    await stage.reaches('refused', 'delivered');
  });

  it('many of the same moment share them', async () => {
    const relays = times(64, (at) => `many-${at}`);
    let arrived = 0;
    (stage.app.app.getHttpServer() as Server).on('request', () => arrived++);
    // All of them wait for the same statement, however long they take to arrive.
    const answers = await stage.database.dataSource.transaction(async (manager) => {
      await manager.query('LOCK TABLE capture.captures IN SHARE MODE');
      const waiting = relays.map((relay) => stage.callback(otp(), relay));
      await eventually(() => {
        expect(arrived).toBe(64);
      });
      return waiting;
    });
    await Promise.all(answers);
    await eventually(async () => {
      const rows = await stage.database.query(
        `SELECT 1 FROM capture.captures WHERE relay_id LIKE 'many-%' AND state = 'delivered'`,
      );
      expect(rows).toHaveLength(64);
    });
    const alone = CALLBACK.length + REDEMPTION.length + DELIVERY.length;
    // It is a third; a process that is held up again and again shares fewer.
    expect(said.length).toBeLessThan((64 * alone * 3) / 4);
  });
});

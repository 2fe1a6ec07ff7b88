import { times, untilLocked } from '@biz/testing';
import type { StubAnswer } from '@biz/testing';
import { Stage } from '../../../libs/capture/test/stage';
import { profileApp } from '../src/profile.module';
import { PROFILE, SECRETS } from './profile-answer';

describe('towards operators', () => {
  let stage: Stage;
  let id: string;
  const relayId = 'relay-of-operators';

  beforeAll(async () => {
    stage = await Stage.open(profileApp);
    for (const each of [...times(3, (at) => `before-${at}`), relayId]) await captured(each, { json: PROFILE });
    await captured('refused', { status: 404 });
    ({ id } = await stage.reaches(relayId, 'delivered'));
    await stage.reaches('refused', 'failed');
  });
  afterAll(() => stage.close());

  async function captured(as: string, answer: StubAnswer): Promise<void> {
    await stage.callback(
      stage.otp('onetimeprofile', () => answer),
      as,
    );
  }

  it('shows nothing without the token', async () => {
    expect((await stage.operator('GET', '/captures', { authorization: 'Bearer wrong' })).status).toBe(401);
  });

  it('shows facts without personal data, and logs nothing', async () => {
    const { body } = await stage.operator('GET', `/captures/${id}`);
    expect(body).toMatchObject({ id, state: 'delivered', relayId });
    expect(JSON.stringify(body)).not.toMatch(/홍길동|1234|sealed|fingerprint|otp/i);
    expect(await stage.database.query('SELECT 1 FROM privacy.accesses WHERE subject = $1', [id])).toEqual([]);
  });

  it.each([
    ['in percent-encoding', encodeURIComponent('고객 문의 확인')],
    ['in UTF-8 bytes', Buffer.from('고객 문의 확인').toString('latin1')],
  ])('shows personal data for a reason %s, and logs who, what, when and why', async (_how, header) => {
    const { body } = await stage.operator('GET', `/captures/${id}`, {
      'x-access-reason': header,
      'x-operator': 'kim.cs',
    });
    expect(body.personalData).toMatchObject({ profile: { nickname: '홍길동' }, answer: JSON.stringify(PROFILE) });
    const log = await stage.database.query(
      'SELECT * FROM privacy.accesses WHERE subject = $1 ORDER BY seq DESC LIMIT 1',
      [id],
    );
    expect(log).toMatchObject([
      {
        reason: '고객 문의 확인',
        app: 'profile',
        what: 'details',
        merchant: 'test-shop',
        caller: '127.0.0.1',
        operator: 'kim.cs',
      },
    ]);
  });

  it('never changes or loses a line of the access log', async () => {
    for (const sql of [
      'UPDATE privacy.accesses SET reason = NULL',
      'DELETE FROM privacy.accesses',
      'TRUNCATE privacy.accesses',
    ]) {
      await expect(stage.database.query(sql)).rejects.toThrow('append-only');
    }
  });

  it('pages through the list by state and plugin, newest first', async () => {
    const first = await stage.operator('GET', '/captures?limit=2&plugin=delivery');
    const items = first.body.items as { id: string }[];
    expect(items).toHaveLength(2);
    expect(items[0]!.id > items[1]!.id).toBe(true);
    const second = await stage.operator(
      'GET',
      `/captures?limit=2&plugin=delivery&cursor=${String(first.body.nextCursor)}`,
    );
    expect((second.body.items as { id: string }[])[0]!.id < items[1]!.id).toBe(true);
    const failed = await stage.operator('GET', '/captures?state=failed');
    expect(failed.body.items).toMatchObject([{ state: 'failed', relayId: 'refused' }]);
    // As the contract writes the address.
    const all = await stage.operator('GET', '/captures?state=&plugin=&relayId=&limit=&cursor=');
    expect(all).toEqual(await stage.operator('GET', '/captures'));
    expect((await stage.operator('GET', '/captures?state=nonsense')).status).toBe(400);
    expect((await stage.operator('GET', '/captures?cursor=nonsense')).status).toBe(400);
    expect((await stage.operator('GET', '/captures/nonsense')).status).toBe(400);
  });

  it('shows every capture once, page by page, while others come', async () => {
    const pageAt = async (cursor: unknown): Promise<{ items: { id: string }[]; nextCursor: string | null }> =>
      (await stage.operator('GET', `/captures?limit=2${typeof cursor === 'string' ? `&cursor=${cursor}` : ''}`))
        .body as never;
    const [{ count }] = (await stage.database.query<{ count: number }>(
      'SELECT count(*)::integer FROM capture.captures',
    )) as [{ count: number }];
    const seen: string[] = [];
    let page = await pageAt(undefined);
    for (;;) {
      seen.push(...page.items.map(({ id: each }) => each));
      await captured(`meanwhile-${seen.length}`, { json: PROFILE });
      if (page.nextCursor === null) break;
      page = await pageAt(page.nextCursor);
    }
    expect(seen).toEqual([...new Set(seen)].sort().reverse());
    expect(seen).toHaveLength(count);
  });

  it('tries again what ended without data, and nothing else', async () => {
    const retry = async (as: string): Promise<[string, number]> => {
      const { id: each, state } = await stage.capture(as);
      return [state, (await stage.operator('POST', `/captures/${each}/retry`)).status];
    };
    await captured('open', { status: 503 });
    expect(await retry('open')).toEqual(['pending', 409]);
    expect(await retry(relayId)).toEqual(['delivered', 409]);
    expect(await retry('refused')).toEqual(['failed', 200]);
    stage.clock.advance(600_000);
    await stage.reaches('open', 'expired');
    expect(await retry('open')).toEqual(['expired', 200]);
    expect((await stage.capture('open')).state).toBe('pending');
    stage.clock.advance(-600_000);
    stage.shop.on('POST /hook', { status: 503 });
    await captured('held', { json: PROFILE });
    await stage.reaches('held', 'redeemed');
    expect(await retry('held')).toEqual(['redeemed', 409]);
    stage.shop.on('POST /hook', { status: 204 });
    const unknown = '/captures/019ab0c0-0000-7000-8000-000000000001/retry';
    expect((await stage.operator('POST', unknown)).status).toBe(404);
  });

  it('tries nothing again of which an answer is being kept at this moment', async () => {
    await captured('late', { status: 404 });
    const { id: late } = await stage.reaches('late', 'failed');
    const other = stage.database.dataSource.createQueryRunner();
    await other.startTransaction();
    await other.query(
      `UPDATE capture.captures SET state = 'redeemed', failure = NULL, answer_status = 200, sealed_answer = 'kept' WHERE id = $1`,
      [late],
    );
    const retried = stage.operator('POST', `/captures/${late}/retry`);
    await untilLocked(stage.database);
    await other.commitTransaction();
    await other.release();
    expect((await retried).status).toBe(409);
    expect(
      await stage.database.query('SELECT state, sealed_answer FROM capture.captures WHERE id = $1', [late]),
    ).toEqual([{ state: 'redeemed', sealed_answer: 'kept' }]);
    await stage.operator('DELETE', `/captures/${late}`);
  });

  it('erases on request and keeps the fact', async () => {
    const gone = await stage.operator('DELETE', `/captures/${id}`);
    expect(gone.body).toMatchObject({ id, state: 'erased', relayId, erasedAt: expect.any(String) as string });
    expect((await stage.operator('DELETE', `/captures/${id}`)).body).toEqual(gone.body);
    const { body } = await stage.operator('GET', `/captures/${id}`, { 'x-access-reason': 'still there?' });
    expect(body).not.toHaveProperty('personalData');
    expect((await stage.operator('POST', `/captures/${id}/retry`)).status).toBe(409);
  });

  it('leaves no personal value or key in the clear of what they were shown', async () => {
    const clear = await stage.inTheClear();
    expect(clear).toContain('test-shop');
    expect(SECRETS.filter((secret) => clear.includes(secret))).toEqual([]);
  });
});

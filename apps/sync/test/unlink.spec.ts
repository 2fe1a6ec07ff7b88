import { eventually, times, untilLocked } from '@biz/testing';
import { DataSource } from 'typeorm';
import type { EntityManager } from 'typeorm';
import { Members } from '../src/members/members';
import { House } from './house';
import { EMAIL, USER } from './kakao';

let house: House;

beforeAll(async () => {
  house = await House.start();
});
beforeEach(() => house.reset());
afterAll(() => house.close());

const FIELDS = { app_id: '249344', user_id: USER, referrer_type: 'UNLINK_FROM_APPS' };
const AUTHORIZED = { authorization: 'KakaoAK demo-shop-admin-key' };
const post = (body: string, type: string, headers: Record<string, string> = AUTHORIZED) =>
  fetch(`${house.app.url}/unlink`, { method: 'POST', body, headers: { 'content-type': type, ...headers } });
const told = () => house.kakao.told().map(({ type }) => type);

describe('an unlink call of Kakao', () => {
  it('erases the personal data, keeps the fact, withdraws the consents, and tells the shop once', async () => {
    await house.login('to-unlink');
    await eventually(() => {
      expect(told()).toEqual(['member.joined']);
    });

    const answers = [await house.unlink(FIELDS), await house.unlink(FIELDS)];

    expect(answers.map(({ status }) => status)).toEqual([200, 200]);
    expect(await answers[0]!.json()).toEqual({ status: 200 });
    const [member] = await house.members();
    expect(member).toMatchObject({
      state: 'unlinked',
      app_user_id: USER,
      account: null,
      tokens: null,
      end_reason: 'UNLINK_FROM_APPS',
    });
    const turns = await house.database.query(
      `SELECT tag, actor FROM sync.consents WHERE member_id = $1 AND action = 'withdrawn'`,
      [member!.id],
    );
    expect(turns).toHaveLength(2);
    await eventually(() => {
      expect(house.kakao.told()).toHaveLength(2);
    });
    expect(house.kakao.told()[1]).toMatchObject({
      type: 'member.unlinked',
      data: { merchant: 'demo-shop', id: member!.id, appUserId: USER, reason: 'UNLINK_FROM_APPS' },
    });
    expect(await house.database.query('SELECT effect FROM sync.notices ORDER BY id')).toEqual([
      { effect: 'unlinked' },
      { effect: 'nothing' },
    ]);
  });

  it('has one effect when it comes twenty times at once', async () => {
    await house.login('to-unlink-20');
    const answers = await Promise.all(times(20, () => house.unlink(FIELDS)));

    expect(new Set(answers.map(({ status }) => status))).toEqual(new Set([200]));
    await eventually(() => {
      expect(told().filter((type) => type === 'member.unlinked')).toHaveLength(1);
    });
    expect(await house.database.query(`SELECT 1 FROM sync.notices WHERE effect = 'unlinked'`)).toHaveLength(1);
  });

  it('ends a membership once, also where two have read it before either ends it', async () => {
    await house.login('to-unlink-2');
    // The end of its delivery would wait for the membership as well.
    await eventually(async () => {
      expect(await house.database.query(`SELECT state FROM merchant.deliveries`)).toEqual([{ state: 'delivered' }]);
    });
    const members = house.app.get<Members>(Members);
    const ending = {
      merchant: 'demo-shop',
      appUserId: USER,
      reason: 'UNLINK_FROM_APPS',
      actor: 'kakao',
      happenedAt: new Date(),
    } as const;
    const inTransaction = <T>(work: (manager: EntityManager) => Promise<T>): Promise<T> =>
      house.app.get<DataSource>(DataSource).transaction(work);

    const [first, second] = await inTransaction(async (manager) => {
      const ended = await members.unlink(manager, ending);
      const other = inTransaction((another) => members.unlink(another, ending));
      await untilLocked(house.database);
      return [ended, { other }] as const;
    });

    expect([first, await second.other]).toEqual([true, false]);
    expect(await house.database.query(`SELECT 1 FROM merchant.deliveries WHERE type = 'member.unlinked'`)).toHaveLength(
      1,
    );
  });

  it('comes as a form, as JSON with numbers beyond 2^53, or in the query of a POST', async () => {
    const form = new URLSearchParams(FIELDS).toString();
    await house.login('by-form');
    expect((await post(form, 'application/x-www-form-urlencoded')).status).toBe(200);
    expect((await house.members())[0]).toMatchObject({ state: 'unlinked' });

    await house.login('by-json');
    expect((await house.members())[0]).toMatchObject({ state: 'joined', ended_at: null, end_reason: null });
    const answer = await post(
      `{"app_id":249344,"user_id":${USER},"referrer_type":"ACCOUNT_DELETE"}`,
      'application/json',
    );
    expect(answer.status).toBe(200);
    expect((await house.members())[0]).toMatchObject({ state: 'unlinked', end_reason: 'ACCOUNT_DELETE' });

    await house.login('by-query');
    const inQuery = await fetch(`${house.app.url}/unlink?${form}`, { method: 'POST', headers: AUTHORIZED });
    expect(inQuery.status).toBe(200);
    expect((await house.members())[0]).toMatchObject({ state: 'unlinked' });
    await eventually(() => {
      expect(told().filter((type) => type === 'member.unlinked')).toHaveLength(3);
    });
  });

  it('is answered 200 for a user nobody knows, and stores nothing about the user', async () => {
    expect((await house.unlink({ ...FIELDS, user_id: '77' })).status).toBe(200);

    expect(await house.members()).toEqual([]);
    expect(await house.database.query('SELECT effect FROM sync.notices')).toEqual([{ effect: 'nothing' }]);
    expect(house.kakao.told()).toEqual([]);
  });

  it('counts with a character that cannot be kept in its reason, and is malformed with one in its user', async () => {
    await house.login('unkept');
    expect((await house.unlink({ ...FIELDS, user_id: `${USER}\0` })).status).toBe(400);
    expect((await house.unlink({ ...FIELDS, referrer_type: 'a\0b' })).status).toBe(200);
    expect((await house.members()).map(({ state }) => state)).toEqual(['unlinked']);
  });

  it('that overtakes a slow login keeps the member from coming back', async () => {
    const release = house.kakao.hold('me');
    const login = house.login('overtaken');
    await eventually(() => {
      expect(house.kakao.calls('me')).toBe(1);
    });
    await house.unlink(FIELDS);
    release();
    await login;

    await eventually(async () => {
      const { items } = await house.operator('sync-errors');
      expect(items[0]).toMatchObject({ step: 'join', reason: 'UNLINKED_MEANWHILE', state: 'final' });
    });
    expect(await house.members()).toEqual([]);
    expect(house.kakao.told()).toEqual([]);
  });

  it.each([
    ['no header', {}],
    ['a wrong key', { authorization: 'KakaoAK wrong' }],
    ['the key of another shop', { authorization: 'KakaoAK other-shop-admin-key' }],
    ['another scheme', { authorization: 'Bearer demo-shop-admin-key' }],
    ['an empty key', { authorization: 'KakaoAK ' }],
  ])('is refused with %s, before its fields are read', async (_what, headers) => {
    await house.login(`safe ${_what}`);
    const answer = await post('app_id=x', 'application/x-www-form-urlencoded', headers);

    expect(answer.status).toBe(401);
    expect(await answer.json()).toEqual({ status: 401, message: '어드민 키가 올바르지 않습니다.' });
    expect((await house.members())[0]).toMatchObject({ state: 'joined' });
  });

  it.each([
    ['app_id', { app_id: '700001' }],
    ['user_id', { user_id: '' }],
    ['user_id', { user_id: '12x' }],
  ])('is malformed with a wrong %s', async (field, wrong) => {
    const answer = await house.unlink({ ...FIELDS, ...wrong });

    expect(answer.status).toBe(400);
    expect(((await answer.json()) as { message: string }).message).toContain(field);
  });

  it('touches the members of its own shop only', async () => {
    await house.login('here');
    await house.login('there', { below: '/m/other-shop' });

    expect((await house.unlink(FIELDS, { below: '/m/other-shop' })).status).toBe(401);
    await house.unlink({ ...FIELDS, app_id: '700001' }, { below: '/m/other-shop', key: 'other-shop-admin-key' });

    expect((await house.members()).map(({ merchant, state }) => [merchant, state])).toEqual([
      ['demo-shop', 'joined'],
      ['other-shop', 'unlinked'],
    ]);
  });
});

describe('the operator', () => {
  const member = async (code: string) => {
    await house.login(code);
    return String((await house.members())[0]!.id);
  };

  it('lists members by state, page by page, without personal data', async () => {
    house.kakao.users.set('one', '1').set('two', '2').set('three', '3');
    for (const code of ['one', 'two', 'three']) await house.login(code);
    await house.unlink({ ...FIELDS, user_id: '2' });

    const first = await house.operator<{ items: Record<string, unknown>[]; nextCursor: string | null }>(
      'members?state=joined&limit=1',
    );
    const second = await house.operator<typeof first>(`members?state=joined&limit=1&cursor=${first.nextCursor ?? ''}`);

    expect([first, second].map(({ items }) => items.map(({ appUserId }) => appUserId))).toEqual([['3'], ['1']]);
    expect(second.nextCursor).toBeNull();
    expect(JSON.stringify([first, second])).not.toContain(EMAIL);
    expect((await house.operator('members?state=unlinked')).items).toMatchObject([{ appUserId: '2' }]);
  });

  it('sees personal data only with a reason, and each look is on record', async () => {
    const id = await member('look');
    const without = await house.operator<Record<string, unknown>>(`members/${id}`);
    const reason = Buffer.from('고객 문의 4711', 'utf8').toString('latin1');
    const withReason = await house.operator<Record<string, unknown>>(`members/${id}`, { 'x-access-reason': reason });

    expect(without).toMatchObject({ id, consents: [{ action: 'agreed' }, { action: 'agreed' }] });
    expect(without).not.toHaveProperty('account');
    expect(withReason).toMatchObject({ account: { email: EMAIL }, raw: { kakao_account: { email: EMAIL } } });
    const query = 'SELECT merchant, app, what, reason, caller FROM privacy.accesses WHERE subject = $1';
    expect(await house.database.query(query, [id])).toEqual([
      { merchant: 'demo-shop', app: 'sync', what: 'member', reason: '고객 문의 4711', caller: '127.0.0.1' },
    ]);
    await expect(house.database.query('DELETE FROM privacy.accesses')).rejects.toThrow('append-only');
    await expect(house.database.query(`UPDATE sync.consents SET tag = 'x'`)).rejects.toThrow('append-only');
  });

  it('erases a member; an unlink that follows is still told to the shop', async () => {
    const id = await member('erase');
    const erase = () =>
      fetch(`${house.app.url}/operator/members/${id}`, {
        method: 'DELETE',
        headers: { authorization: 'Bearer dev-operator-token' },
      });

    expect([(await erase()).status, (await erase()).status]).toEqual([200, 200]);
    expect((await house.members())[0]).toMatchObject({ state: 'erased', account: null, end_reason: 'operator' });
    house.kakao.http.on('POST /shop/webhook', { status: 500 });
    await house.unlink(FIELDS);
    expect((await erase()).status).toBe(200);

    expect((await house.members())[0]).toMatchObject({ state: 'unlinked' });
    const owed = await house.database.query(
      `SELECT state FROM merchant.deliveries WHERE type = 'member.unlinked' AND payload IS NOT NULL`,
    );
    expect(owed).toEqual([{ state: 'pending' }]);
    house.kakao.http.on('POST /shop/webhook', { status: 200 });
  });

  it('needs the token, and gets 404 for a member that is not there', async () => {
    const nobody = '019ab0c0-0000-7000-8000-000000000000';
    expect((await house.get('/operator/members')).status).toBe(401);
    expect((await house.get('/operator/sync-errors')).status).toBe(401);
    expect(
      (await house.get(`/operator/members/${nobody}`, { authorization: 'Bearer dev-operator-token' })).status,
    ).toBe(404);
  });
});

it('has entities that say what the migrations made', async () => {
  const { upQueries } = await house.database.dataSource.driver.createSchemaBuilder().log();

  expect(upQueries.map(({ query }) => query)).toEqual([]);
});

import { eventually } from '@biz/testing';
import { House, OPERATOR } from './house';
import { NICKNAME, USER } from './kakao';

let house: House;

beforeAll(async () => {
  house = await House.start({ env: { RETRY_TIME_SCALE: '0.00001' } });
});
beforeEach(() => house.reset());
afterAll(() => house.close());

async function memberOf(code: string, below = ''): Promise<string> {
  await house.login(code, { below });
  return String((await house.members())[0]?.id);
}
const unlink = (id: string) =>
  fetch(`${house.app.url}/operator/members/${id}/unlink`, { method: 'POST', headers: OPERATOR });
const member = async () => (await house.members())[0];
const told = () => house.kakao.told().map(({ type }) => type);

describe('our own unlink', () => {
  it('erases here at once, and at Kakao by durable work', async () => {
    const id = await memberOf('own-unlink');
    await eventually(() => {
      expect(told()).toEqual(['member.joined']);
    });
    house.kakao.fault('unlink', { status: 503 }, { dropBefore: true });

    expect((await unlink(id)).status).toBe(202);

    expect(await member()).toMatchObject({ state: 'unlinked', account: null, tokens: null, end_reason: 'OPERATOR' });
    const withdrawn = await house.database.query(
      `SELECT actor FROM sync.consents WHERE member_id = $1 AND action = 'withdrawn'`,
      [id],
    );
    expect(withdrawn).toEqual([{ actor: 'shop' }, { actor: 'shop' }]);
    await eventually(async () => {
      expect(await member()).toMatchObject({ kakao_unlink: 'done' });
      expect(told()).toEqual(['member.joined', 'member.unlinked']);
    });
    expect(house.kakao.unlinked).toEqual([USER]);
    const last = house.kakao.http.requests.filter(({ path }) => path === '/v1/user/unlink').at(-1);
    expect(Object.fromEntries(last?.form() ?? [])).toEqual({ target_id_type: 'user_id', target_id: USER });
  });

  it('is done when Kakao knows of no connection, and once however often it is asked for', async () => {
    const id = await memberOf('own-unlink-twice');
    house.kakao.unlinked.push(USER);

    await Promise.all([unlink(id), unlink(id), unlink(id)]);

    await eventually(async () => {
      expect(await member()).toMatchObject({ kakao_unlink: 'done' });
    });
    await unlink(id);
    expect(house.kakao.calls('unlink')).toBe(1);
    expect((await unlink('019ab0c0-0000-7000-8000-000000000001')).status).toBe(404);
  });

  it('shows an operator what Kakao refuses, and is tried again at their word', async () => {
    // Its admin key is not the one that Kakao's stand-in knows.
    const id = await memberOf('wrong-key', '/m/other-shop');

    await unlink(id);

    await eventually(async () => {
      expect(await member()).toMatchObject({ state: 'unlinked', kakao_unlink: 'failed' });
    });
    const { items } = await house.operator('sync-errors');
    expect(items[0]).toMatchObject({ merchant: 'other-shop', step: 'unlink', reason: 'HTTP 401 -401', state: 'final' });
    const before = house.kakao.calls('unlink');
    await unlink(id);
    await eventually(() => {
      expect(house.kakao.calls('unlink')).toBeGreaterThan(before);
    });
  });

  it('leaves alone who joined again before Kakao was reached, and beats a login that was on its way', async () => {
    const id = await memberOf('rejoin-1');
    const answerUnlink = house.kakao.hold('unlink', { status: 503 });
    await unlink(id);
    await eventually(() => {
      expect(house.kakao.calls('unlink')).toBe(1);
    });
    await house.login('rejoin-2');
    answerUnlink();
    await eventually(async () => {
      expect(
        await house.database.query(
          `SELECT 1 FROM pgboss.job WHERE name = 'sync.unlink-at-kakao' AND state < 'completed'`,
        ),
      ).toEqual([]);
    });
    expect(await member()).toMatchObject({ state: 'joined', kakao_unlink: null });
    expect(house.kakao.unlinked).toEqual([]);

    const answerMe = house.kakao.hold('me');
    const slow = house.login('on-its-way');
    await eventually(() => {
      expect(house.kakao.calls('me')).toBeGreaterThan(2);
    });
    await unlink(id);
    answerMe();
    await slow;
    expect(await member()).toMatchObject({ state: 'unlinked' });
  });
});

describe("an operator's erasure", () => {
  const erase = (id: string) =>
    fetch(`${house.app.url}/operator/members/${id}`, { method: 'DELETE', headers: OPERATOR });

  it.each([
    ['once', 'erased', ['member.joined']],
    ['again', 'erased', ['member.joined']],
    ['after an unlink', 'unlinked', ['member.joined', 'member.unlinked']],
  ])('beats a login that was on its way (%s), and not one that comes after it', async (how, state, news) => {
    const id = await memberOf(`erased-${how}-1`);
    await eventually(() => {
      expect(told()).toEqual(['member.joined']);
    });
    if (how === 'again') await erase(id);
    if (how === 'after an unlink') {
      await house.unlink({ app_id: '249344', user_id: USER, referrer_type: 'UNLINK_FROM_APPS' });
    }
    const reason = (await member())?.end_reason ?? 'operator';

    const answerMe = house.kakao.hold('me');
    const calls = house.kakao.calls('me');
    const slow = house.login(`erased-${how}-2`);
    await eventually(() => {
      expect(house.kakao.calls('me')).toBe(calls + 1);
    });
    expect((await erase(id)).status).toBe(200);
    answerMe();
    await slow;

    await eventually(async () => {
      const { items } = await house.operator('sync-errors');
      expect(items[0]).toMatchObject({ step: 'join', reason: 'ERASED_MEANWHILE', state: 'final' });
    });
    expect(await member()).toMatchObject({ state, account: null, end_reason: reason });
    await eventually(() => {
      expect(told()).toEqual(news);
    });

    await house.login(`erased-${how}-3`);
    expect(await member()).toMatchObject({ state: 'joined' });
  });
});

describe('shipping addresses on demand', () => {
  const WHY = { 'x-access-reason': 'gift' };
  const addresses = (id: string, query = '', headers: Record<string, string> = WHY) =>
    house.get(`/operator/members/${id}/shipping-addresses${query}`, { ...OPERATOR, ...headers });
  const looks = (id: string) =>
    house.database.query('SELECT what, reason FROM privacy.accesses WHERE subject = $1 ORDER BY seq', [id]);

  it('are asked of Kakao with the admin key, and shown with every digit, stored nowhere', async () => {
    const id = await memberOf('addresses');
    house.kakao.addresses = [
      {
        id: 319,
        is_default: true,
        updated_at: 1_538_448_856,
        type: 'NEW',
        base_address: '판교역로 231',
        detail_address: '6층',
        receiver_name: NICKNAME,
        receiver_phone_number1: '010-1234-2345',
        receiver_phone_number2: '',
        zone_number: '13494',
      },
      ...Array.from({ length: 9 }, (_, at) => ({ id: at, is_default: false, updated_at: 1_538_440_000 - at })),
    ];

    const answer = await addresses(id);

    expect(answer.status).toBe(200);
    const body = (await answer.json()) as { items: object[] };
    expect(body).toMatchObject({ needsAgreement: false, nextBefore: 1_538_439_992 });
    expect(body.items[0]).toEqual({
      id: '319',
      isDefault: true,
      updatedAt: '2018-10-02T02:54:16.000Z',
      type: 'NEW',
      baseAddress: '판교역로 231',
      detailAddress: '6층',
      receiverName: NICKNAME,
      receiverPhone: { raw: '010-1234-2345', e164: '+821012342345' },
      zoneNumber: '13494',
    });
    await addresses(id, '?before=1538439992');
    const asked = house.kakao.http.requests.filter(({ path }) => path === '/v1/user/shipping_address');
    expect(asked.map(({ headers }) => headers.authorization)).toEqual(Array(2).fill('KakaoAK demo-shop-admin-key'));
    expect(asked.map(({ query }) => Object.fromEntries(query))).toEqual([
      { target_id_type: 'user_id', target_id: USER },
      { target_id_type: 'user_id', target_id: USER, from_updated_at: '1538439992' },
    ]);
    expect(await looks(id)).toEqual(Array(2).fill({ what: 'addresses', reason: 'gift' }));
    expect(await house.everythingStored()).not.toContain('판교역로');
    expect(house.logLines.join('')).not.toContain('판교역로');
  });

  it('leave nothing of what is shown in the reason: neither names nor streets', async () => {
    const id = await memberOf('addresses-reason');
    house.kakao.addresses = [{ id: 319, receiver_name: '김라온', base_address: '판교역로 231', detail_address: '6층' }];

    const why = encodeURIComponent('김라온님 판교역로 231 배송 문의 #42');
    expect((await addresses(id, '', { 'x-access-reason': why })).status).toBe(200);

    expect(await looks(id)).toEqual([{ what: 'addresses', reason: '[cut]님 [cut] 배송 문의 #42' }]);
  });

  it('need a reason, a member, and a Kakao that answers', async () => {
    const id = await memberOf('addresses-refused');
    expect((await addresses(id, '', {})).status).toBe(400);
    expect(house.kakao.calls('addresses')).toBe(0);
    expect(await looks(id)).toEqual([]);
    house.kakao.fault('addresses', { json: { user_id: 1, shipping_addresses_needs_agreement: true } });
    expect(await (await addresses(id)).json()).toEqual({ items: [], needsAgreement: true, nextBefore: null });
    house.kakao.fault('addresses', { status: 403, json: { msg: 'insufficient scopes', code: -402 } }, { status: 500 });
    expect((await addresses(id)).status).toBe(502);
    expect((await addresses(id)).status).toBe(503);
    // What Kakao did not hand over nobody has seen.
    expect(await looks(id)).toHaveLength(1);
    await unlink(id);
    expect((await addresses(id)).status).toBe(409);
  });
});

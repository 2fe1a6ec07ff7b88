import { ManualClock, eventually, times } from '@biz/testing';
import type { JWK } from 'jose';
import { House, OPERATOR } from './house';
import { EMAIL, makeKey, USER } from './kakao';

const KAKAO = 'https://schemas.kakao.com/events/oauth/';
const RISC = 'https://schemas.openid.net/secevent/risc/event-type/';
const UNLINKED = { events: { [`${KAKAO}user-unlinked`]: {} } };
const clock = new ManualClock(new Date());
const seconds = () => Math.floor(clock.now().getTime() / 1_000);

let house: House;

beforeAll(async () => {
  house = await House.start({ clock });
  house.kakao.now = () => clock.now();
});
beforeEach(async () => {
  await house.reset();
  // Past the last look at Kakao's keys.
  clock.advance(20_000);
});
afterAll(() => house.close());

const state = async () => (await house.members()).map((member) => member.state);
const effects = () => house.database.query('SELECT type, effect FROM sync.notices ORDER BY id');
const refusal = async (token: string) => {
  const answer = await house.event(token);
  return [answer.status, ((await answer.json()) as { err: string }).err];
};

describe('a security event token', () => {
  it('that unlinks is answered 202 without a body, erases the member, and tells the shop', async () => {
    await house.login('event-unlink');
    const answer = await house.event(await house.kakao.set({ ...UNLINKED }));

    expect([answer.status, await answer.text()]).toEqual([202, '']);
    expect((await house.members())[0]).toMatchObject({ state: 'unlinked', account: null, end_reason: 'user-unlinked' });
    await eventually(() => {
      expect(house.kakao.told().map(({ type }) => type)).toContain('member.unlinked');
    });
  });

  it('has no second effect when it comes again, once or twenty times at once', async () => {
    await house.login('event-replay');
    const token = await house.kakao.set({ ...UNLINKED });
    await Promise.all(times(20, () => house.event(token)));
    // So soon that only the jti tells.
    clock.advance(2_000);
    await house.login('event-rejoin');

    expect((await house.event(token)).status).toBe(202);

    expect(await state()).toEqual(['joined']);
    expect(await effects()).toEqual([{ type: `${KAKAO}user-unlinked`, effect: 'unlinked' }]);
    await eventually(() => {
      expect(house.kakao.told().filter(({ type }) => type === 'member.unlinked')).toHaveLength(1);
    });
  });

  it('and the unlink call for the same user are one end', async () => {
    await house.login('both-ways');
    await house.unlink({ app_id: '249344', user_id: USER, referrer_type: 'UNLINK_FROM_APPS' });
    await house.event(await house.kakao.set({ ...UNLINKED }));

    expect((await effects()).map(({ effect }) => effect)).toEqual(['unlinked', 'nothing']);
    expect((await house.members())[0]).toMatchObject({ end_reason: 'UNLINK_FROM_APPS' });
  });

  it('that is late does not end a membership that began after it', async () => {
    const before = seconds();
    clock.advance(60_000);
    await house.login('joined-again');

    await house.event(await house.kakao.set({ ...UNLINKED, toe: before }));

    expect(await state()).toEqual(['joined']);
    expect((await effects()).map(({ effect }) => effect)).toEqual(['nothing']);
  });

  it.each([
    ['does not stop a login of after it that is on its way', 'joined'],
    ['lets none in that an operator has stopped', 'unlinked'],
  ])('that is late %s', async (_, then) => {
    await house.login(`first-${then}`);
    clock.advance(5_000);
    const unlinked = seconds();
    clock.advance(5_000);
    const calls = house.kakao.calls('me');
    const answerMe = house.kakao.hold('me');
    const login = house.login(`again-${then}`);
    await eventually(() => {
      expect(house.kakao.calls('me')).toBe(calls + 1);
    });
    clock.advance(1_000);
    if (then === 'unlinked') {
      const [member] = await house.members();
      await fetch(`${house.app.url}/operator/members/${String(member?.id)}`, { method: 'DELETE', headers: OPERATOR });
    }
    await house.event(await house.kakao.set({ ...UNLINKED, toe: unlinked }));
    expect(await state()).toEqual(['unlinked']);
    answerMe();
    await login;

    expect(await state()).toEqual([then]);
  });

  it('suspends and resumes a member', async () => {
    await house.login('suspended');
    await house.event(await house.kakao.set({ events: { [`${RISC}account-disabled`]: { reason: 'hijacking' } } }));
    expect(await state()).toEqual(['suspended']);
    await house.event(await house.kakao.set({ events: { [`${RISC}account-enabled`]: {} } }));
    expect(await state()).toEqual(['joined']);
  });

  it('makes us forget tokens Kakao no longer takes', async () => {
    await house.login('kept', { below: '/m/other-shop' });
    expect((await house.members())[0]?.tokens).toEqual(expect.any(String));
    const token = await house.kakao.set({ aud: 'other-shop-rest-api-key', events: { [`${KAKAO}tokens-revoked`]: {} } });

    expect((await house.event(token, { below: '/m/other-shop' })).status).toBe(202);

    expect((await house.members())[0]).toMatchObject({ state: 'joined', tokens: null });
  });

  it('of a type we do not know, with several events or for a stranger, is recorded without personal data', async () => {
    const token = await house.kakao.set({
      sub: '31415926535',
      email: EMAIL,
      events: { 'https://schemas.kakao.com/events/kakao/user-profile-changed': { email: EMAIL }, 'urn:new': {} },
    });

    expect((await house.event(token)).status).toBe(202);

    expect((await effects()).map(({ effect }) => effect)).toEqual(['recorded', 'recorded']);
    const stored = await house.everythingStored();
    expect(stored).not.toContain(EMAIL);
    expect(stored).not.toContain('31415926535');
    expect(house.logLines.join('')).not.toContain(EMAIL);
  });

  it('names its user in sub, as a number beyond 2^53 too, in sub_id or inside the event', async () => {
    for (const claims of [
      { sub: USER },
      { sub: BigInt(USER) },
      { sub: undefined, sub_id: { format: 'iss_sub', iss: 'x', sub: USER } },
      { sub: undefined, events: { [`${KAKAO}user-unlinked`]: { subject: { subject_type: 'iss_sub', sub: USER } } } },
    ]) {
      clock.advance(60_000);
      await house.login(`named-${clock.now().getTime()}`);
      await house.event(await house.kakao.set({ ...UNLINKED, ...claims }));
      expect(await state()).toEqual(['unlinked']);
    }
  });

  it.each([
    ['before time began', { toe: -1e12 }],
    ['in milliseconds', () => ({ toe: clock.now().getTime() })],
    ['beyond all times', { toe: 1e300 }],
    ['in another form', { toe: 'yesterday' }],
    ['all in milliseconds', () => ({ toe: clock.now().getTime(), iat: clock.now().getTime() })],
  ])('with a time %s ends the membership, and lets its user join again', async (what, claims) => {
    await house.login(`odd time ${what}`);
    clock.advance(60_000);
    const token = await house.kakao.set({ ...UNLINKED, ...(typeof claims === 'function' ? claims() : claims) });
    expect((await house.event(token)).status).toBe(202);
    expect(await state()).toEqual(['unlinked']);

    clock.advance(60_000);
    await house.login(`again after ${what}`);
    expect(await state()).toEqual(['joined']);
  });

  it.each(['application/secevent+jwt; charset=utf-8', 'application/jwt', 'text/plain'])(
    'may come as %s',
    async (type) => {
      expect((await house.event(await house.kakao.set(UNLINKED), { type })).status).toBe(202);
    },
  );

  it('belongs to the shop whose address it came to', async () => {
    await house.login('mine');
    await house.login('theirs', { below: '/m/other-shop' });
    const token = await house.kakao.set({ ...UNLINKED, aud: 'other-shop-rest-api-key' });

    expect(await refusal(token)).toEqual([400, 'invalid_audience']);
    expect((await house.event(token, { below: '/m/other-shop' })).status).toBe(202);

    expect(await state()).toEqual(['joined', 'unlinked']);
  });
});

describe('a token that is not taken', () => {
  it.each<[string, string, () => string | Promise<string>]>([
    ['no token', 'invalid_request', () => 'nonsense'],
    ['an empty body', 'invalid_request', () => ' '],
    ['no signature (alg none)', 'invalid_key', () => house.kakao.unsigned(UNLINKED)],
    [
      'a key nobody published',
      'invalid_key',
      async () => house.kakao.set(UNLINKED, { key: await makeKey('stranger') }),
    ],
    ['another audience', 'invalid_audience', () => house.kakao.set({ ...UNLINKED, aud: 'other-shop-rest-api-key' })],
    ['another issuer', 'invalid_issuer', () => house.kakao.set({ ...UNLINKED, iss: 'https://evil.example' })],
    ['another typ', 'invalid_request', () => house.kakao.set(UNLINKED, { header: { typ: 'JWT' } })],
    [
      'an iat so old that its jti may be forgotten',
      'invalid_request',
      () => house.kakao.set({ ...UNLINKED, iat: seconds() - 336 * 86_400 }),
    ],
    ['an exp that has passed', 'invalid_request', () => house.kakao.set({ ...UNLINKED, exp: seconds() - 3_600 })],
    ['no jti', 'invalid_request', () => house.kakao.set({ ...UNLINKED, jti: undefined })],
    ['no events', 'invalid_request', () => house.kakao.set({ events: {} })],
  ])('has %s', async (_what, err, token) => {
    await house.login(`untouched ${_what}`);

    expect(await refusal(await token())).toEqual([400, err]);

    expect(await state()).toEqual(['joined']);
    expect(await effects()).toEqual([]);
  });

  it('has a forged signature under a key id of Kakao', async () => {
    const [header, payload] = (await house.kakao.set(UNLINKED)).split('.');
    const [, , signature] = (await house.kakao.set(UNLINKED)).split('.');

    expect(await refusal(`${header ?? ''}.${payload ?? ''}.${signature ?? ''}`)).toEqual([400, 'invalid_key']);
  });

  it('is signed by another algorithm with a key of Kakao', async () => {
    const key = await house.kakao.rotate('PS256');

    expect(await refusal(await house.kakao.set(UNLINKED, { key, header: { alg: 'PS256' } }))).toEqual([
      400,
      'invalid_key',
    ]);
    await house.kakao.rotate();
    clock.advance(20_000);
  });

  it('is seen by the operator when Kakao did sign it, and not when anybody did', async () => {
    await house.event('nonsense');
    await house.event(await house.kakao.set({ ...UNLINKED, aud: 'wrong-key' }));

    const { items } = await house.operator('sync-errors');
    expect(items.map(({ step, reason }) => [step, reason])).toEqual([['event', 'invalid_audience']]);
  });
});

describe("Kakao's keys", () => {
  const asked = () => house.kakao.http.requests.filter(({ path }) => path.endsWith('jwks.json')).length;

  it('are asked for again when a new one signs, and a withdrawn one counts no more', async () => {
    await house.event(await house.kakao.set(UNLINKED));
    const old = await house.kakao.set({ ...UNLINKED, jti: 'signed-by-old' });
    const atFirst = asked();
    // The keys may have been asked for just now.
    clock.advance(20_000);
    await house.kakao.rotate();

    expect((await house.event(await house.kakao.set(UNLINKED))).status).toBe(202);
    expect(asked()).toBe(atFirst + 1);
    clock.advance(20_000);
    expect(await refusal(old)).toEqual([400, 'invalid_key']);
  });

  it.each<[string, () => Promise<unknown>, () => void]>([
    [
      'while the list cannot be had',
      () => house.kakao.rotate(),
      () => house.kakao.http.on('GET /.well-known/jwks.json', { status: 503 }),
    ],
    [
      'within ten seconds of the last question',
      async () => {
        await house.event(await house.kakao.set(UNLINKED, { key: await makeKey('stranger') }));
        await house.kakao.rotate();
      },
      () => undefined,
    ],
    [
      'that took over the id of another, while the list cannot be had',
      async () => {
        const [old] = house.kakao.published;
        house.kakao.published = [await makeKey(old?.kid ?? '')];
      },
      () => house.kakao.http.on('GET /.well-known/jwks.json', { status: 503 }),
    ],
  ])('do not know a new one %s: the sender shall come again, and is heard then', async (_what, renew, trouble) => {
    await house.login(`new key ${_what}`);
    expect((await house.event(await house.kakao.set({ events: { [`${KAKAO}x`]: {} } }))).status).toBe(202);
    clock.advance(20_000);
    await renew();
    const token = await house.kakao.set(UNLINKED);
    trouble();
    expect(await refusal(token)).toEqual([503, undefined]);
    expect(await state()).toEqual(['joined']);

    house.kakao.publish();
    clock.advance(40_000);
    expect((await house.event(token)).status).toBe(202);
    expect(await state()).toEqual(['unlinked']);
  });

  it.each<[string, (good: JWK) => unknown]>([
    ['no key', () => ({ keys: [] })],
    ['an error and no key', () => ({ code: -1, msg: 'internal', keys: [] })],
    ['keys of another kind only', ({ kid }) => ({ keys: [{ kty: 'EC', crv: 'P-256', kid, x: 'AQAB', y: 'AQAB' }] })],
    ['a key for another algorithm only', (good) => ({ keys: [{ ...good, alg: 'RS512' }] })],
    ['a key that is no key', (good) => ({ keys: [null, 5, { ...good, n: '!!!' }] })],
    ['a key that is cut', ({ n, ...good }) => ({ keys: [{ ...good, n: n?.slice(0, 100) }] })],
    ['a key without its numbers', ({ kid, kty }) => ({ keys: [{ kid, kty }] })],
  ])('cannot be had from a list of %s: the sender shall come again, and is heard then', async (what, list) => {
    const good = await house.kakao.rotate();
    // The keys that were known count no more.
    clock.advance(25 * 3_600_000);
    await house.login(`list of ${what}`);
    const token = await house.kakao.set(UNLINKED);
    house.kakao.http.on('GET /.well-known/jwks.json', { json: list(good.open) });
    expect(await refusal(token)).toEqual([503, undefined]);

    clock.advance(20_000);
    house.kakao.http.on('GET /.well-known/jwks.json', {
      json: { keys: [{ ...good.open, n: 'AQAB' }, { ...good.open, key_ops: 5 }, good.open] },
    });
    expect((await house.event(token)).status).toBe(202);
    expect(await state()).toEqual(['unlinked']);
    house.kakao.publish();
  });

  it('may be two of one id: each is tried', async () => {
    const [first] = house.kakao.published;
    const twin = await makeKey(first?.kid ?? '');
    house.kakao.published.push(twin);
    clock.advance(4_000_000);
    for (const key of [first, twin]) {
      await house.login(`twin ${key === twin}`);
      expect((await house.event(await house.kakao.set(UNLINKED, { key }))).status).toBe(202);
    }
    expect(await refusal(await house.kakao.set(UNLINKED, { key: await makeKey(twin.kid) }))).toEqual([
      400,
      'invalid_key',
    ]);
    await house.kakao.rotate();
  });

  it('are not asked for more often because strangers send key ids', async () => {
    await house.event(await house.kakao.set(UNLINKED));
    const before = asked();
    await Promise.all(
      times(20, async (index) =>
        house.event(await house.kakao.set(UNLINKED, { key: await makeKey(`s-${index % 3}`) })),
      ),
    );

    expect(asked() - before).toBeLessThanOrEqual(1);
  });

  it('that we have serve on while Kakao is down; without any the sender is told to come again', async () => {
    clock.advance(2 * 3_600_000);
    house.kakao.http.on('GET /.well-known/jwks.json', { status: 503 });
    expect((await house.event(await house.kakao.set(UNLINKED))).status).toBe(202);

    clock.advance(25 * 3_600_000);
    const answer = await house.event(await house.kakao.set(UNLINKED));
    expect([answer.status, ((await answer.json()) as { status: number }).status]).toEqual([503, 503]);
  });
});

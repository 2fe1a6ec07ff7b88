import { RelayIds } from '@biz/merchant';
import { customerPath, eventually } from '@biz/testing';
import { CHAT, House, OldShop } from './house';
import { CI, EMAIL, USER } from './kakao';

let house: House;
let directory: OldShop;

beforeAll(async () => {
  house = await House.start({ env: { RETRY_TIME_SCALE: '0.002' } });
  directory = house.app.get(OldShop);
});
beforeEach(async () => {
  await house.reset();
  directory.byCi.clear();
  directory.asked.length = directory.answers.length = 0;
});
afterAll(() => house.close());

const below = '/m/old-shop';
const login = (code: string, next = CHAT) => house.login(code, { below, next });
const told = () => house.kakao.told().map(({ type, data }) => [type, data.match ?? data.memberId]);
const failures = async () => (await house.operator('sync-errors')).items.map(({ step, reason }) => [step, reason]);
const withRelay = (relayId: string) => `${CHAT}&relay_id=${relayId}`;
const issued = () => house.app.get(RelayIds).issue('old-shop', { for: 'sync' }).relayId;
const PAGE = 'https://old-shop.example/match?t=1';

describe('the match with the members a shop had before', () => {
  it('is asked for with the CI, told to the shop, and the CI is nowhere afterwards', async () => {
    directory.byCi.set(CI, 'member-4711');

    await login('known');

    expect(directory.asked).toEqual([
      expect.objectContaining({ appUserId: USER, ci: CI, email: EMAIL, emailVerified: true }),
    ]);
    const [member] = await house.members();
    expect(member).toMatchObject({ match: 'matched', shop_member_id: 'member-4711' });
    await eventually(() => {
      expect(told()).toEqual([['member.joined', { state: 'matched', memberId: 'member-4711' }]]);
    });
    expect(await house.operator<object>(`members/${String(member!.id)}`)).toMatchObject({
      shopMemberId: 'member-4711',
    });
    expect(await house.everythingStored()).not.toContain(CI);
    expect(house.logLines.join('')).not.toContain(CI);
    expect(JSON.stringify(house.kakao.told())).not.toContain(CI);
    for (const table of ['sync.members', 'sync.logins', 'merchant.deliveries'])
      expect(JSON.stringify(await house.opened(table))).not.toContain(CI);
  });

  it('is asked for again until it matched, and then no more', async () => {
    await login('new');
    expect((await house.members())[0]).toMatchObject({ match: 'none', shop_member_id: null });
    directory.byCi.set(CI, 'member-1');
    await login('again');
    await login('and-again');

    expect((await house.members())[0]).toMatchObject({ match: 'matched', shop_member_id: 'member-1' });
    expect(directory.asked).toHaveLength(2);
  });

  it('is forgotten with the membership, and asked for when it begins anew', async () => {
    directory.byCi.set(CI, 'member-2');
    await login('to-leave');
    await house.unlink(
      { app_id: '900001', user_id: USER, referrer_type: 'UNLINK_FROM_APPS' },
      { key: 'old-shop-admin-key', below },
    );
    expect((await house.members())[0]).toMatchObject({ match: null, shop_member_id: null });
    await eventually(() => {
      expect(told().at(-1)).toEqual(['member.unlinked', 'member-2']);
    });
    await login('back-again');
    expect(directory.asked).toHaveLength(2);
  });

  it('is tried again when the shop fails, by asking Kakao anew for what was not kept', async () => {
    directory.answers.push(() => Promise.reject(new TypeError(`no such member ${CI}`)));
    directory.byCi.set(CI, 'member-3');

    expect((await login('shop-fails')).headers.get('location')).toBe(CHAT);

    await eventually(async () => {
      expect((await house.members())[0]).toMatchObject({ match: 'matched', shop_member_id: 'member-3' });
    });
    expect(await failures()).toEqual([['match', 'DIRECTORY_FAILED TypeError']]);
    expect(house.kakao.calls('token')).toBe(1);
    expect(house.logLines.join('')).not.toContain(CI);
    expect(await house.everythingStored()).not.toContain(CI);
  });

  it.each<[unknown, string]>([
    [{ memberId: '' }, 'memberId must be a text'],
    [{ memberId: 7 }, 'memberId must be a text'],
    [{ memberId: 'm-\uD83D' }, 'memberId must be a text'],
    [{ memberid: 'm-1' }, 'memberid is no field here'],
    [{ memberId: 'm-1', userMatchUrl: null }, 'userMatchUrl must not be null'],
    [{ userMatchUrl: '/me' }, 'userMatchUrl must be an address'],
    [[null], 'must be an object'],
    [true, 'must be an object'],
  ])("lets a customer join when the shop answers %j, and tells that as the shop's mistake", async (answer, told) => {
    directory.answers.push(() => Promise.resolve(answer as never));

    await login(`odd ${JSON.stringify(answer)}`);

    expect((await house.members())[0]).toMatchObject({ state: 'joined', match: 'failed' });
    expect(await failures()).toEqual([['match', 'UNREADABLE_MATCH']]);
    expect(house.logLines.join('')).toContain(`MemberDirectory answered what cannot be used: ${told}`);
  });

  it('does not keep a customer from joining when the shop never answers properly', async () => {
    directory.answers = Array.from({ length: 30 }, () => () => Promise.reject(new Error('down')));
    await login('down-for-good');
    await eventually(async () => {
      expect((await house.members())[0]).toMatchObject({ state: 'joined', match: 'failed' });
    });
  });

  it('sends a customer of whom the shop is not sure to its own page first (user_match_url)', async () => {
    directory.answers.push(() => Promise.resolve({ userMatchUrl: PAGE }));

    const answer = await login('unsure', withRelay(issued()));

    expect(answer.status).toBe(302);
    const to = new URL(answer.headers.get('location') ?? '');
    expect([to.origin + to.pathname, to.searchParams.get('t'), to.searchParams.get('continue')]).toEqual([
      'https://old-shop.example/match',
      '1',
      withRelay(to.searchParams.get('continue')?.split('relay_id=')[1] ?? 'none'),
    ]);
    expect((await house.members())[0]).toMatchObject({ state: 'joined', match: 'to-confirm' });
    directory.answers.push(() => Promise.resolve({ userMatchUrl: PAGE }));
    const plain = await house.get(`${customerPath(below)}/callback?code=unsure-2&relay_id=${issued()}`);
    expect([plain.status, await plain.json()]).toEqual([200, { status: 200, user_match_url: PAGE }]);
    // Who waits no longer goes back to the chat, and is asked at the next login.
    expect((await login('unsure')).headers.get('location')).toBe(CHAT);
  });

  it.each<[string, () => string | undefined]>([
    ['no relay id', () => undefined],
    ['a foreign relay id', () => 'made-up'],
    ['a relay id of another merchant', () => house.app.get(RelayIds).issue('demo-shop', { for: 'sync' }).relayId],
  ])('hands the address with the ticket to nobody who comes with %s, and joins them', async (what, relayIdOf) => {
    const relayId = relayIdOf();
    const next = relayId === undefined ? CHAT : withRelay(relayId);
    for (const state of ['', 'x', 'A'.repeat(64)]) {
      directory.answers.push(() => Promise.resolve({ userMatchUrl: PAGE }));
      const query = new URLSearchParams({ code: `stranger ${what} ${state}`, continue: next, state });
      const answer = await house.get(`${customerPath(below)}/callback?${query.toString()}`);
      expect([answer.status, answer.headers.get('location')]).toEqual([302, next]);
      expect(answer.headers.get('set-cookie')).toBeNull();
    }
    directory.answers.push(() => Promise.resolve({ userMatchUrl: PAGE }));
    const plain = new URLSearchParams({ code: `${what} plain`, ...(relayId !== undefined && { relay_id: relayId }) });
    const answer = await house.get(`${customerPath(below)}/callback?${plain.toString()}`);
    expect([answer.status, await answer.json()]).toEqual([200, { status: 200 }]);
    expect((await house.members())[0]).toMatchObject({ state: 'joined', match: 'to-confirm' });
  });

  it('hands it to a customer whose login the shop began, in the browser that it began in', async () => {
    const begin = await house.get(`${customerPath(below)}/start?continue=${encodeURIComponent(CHAT)}`);
    const state = new URL(begin.headers.get('location') ?? '').searchParams.get('state') ?? '';
    const cookie = begin.headers.get('set-cookie')?.split(';')[0] ?? '';
    const query = new URLSearchParams({ code: 'begun', state, continue: `${CHAT}&of=a-stranger` });
    const path = `${customerPath(below)}/callback?${query.toString()}`;
    directory.answers.push(() => Promise.resolve({ userMatchUrl: PAGE }));
    // Another browser has not the cookie.
    expect((await house.get(path)).headers.get('location')).toBe(`${CHAT}&of=a-stranger`);
    const answer = await house.get(path, { cookie });
    const to = new URL(answer.headers.get('location') ?? '');
    expect([to.origin + to.pathname, to.searchParams.get('continue')]).toEqual([
      'https://old-shop.example/match',
      CHAT,
    ]);
  });

  it.each([
    'https://evil.example/',
    'https://old-shop.example@evil.example/',
    'javascript:alert(1)',
    'http://old-shop.example/',
  ])('sends nobody to a page that is not the shop’s: %s', async (userMatchUrl) => {
    directory.answers.push(() => Promise.resolve({ userMatchUrl }));

    expect((await login(`hostile ${userMatchUrl}`)).headers.get('location')).toBe(CHAT);

    expect(await failures()).toEqual([['match', 'USER_MATCH_URL_REFUSED']]);
    expect((await house.members())[0]).toMatchObject({ state: 'joined', match: 'failed' });
  });
});

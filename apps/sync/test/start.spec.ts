import { createHash } from 'node:crypto';
import { RelayIds } from '@biz/merchant';
import { customerPath, eventually, ManualClock, times } from '@biz/testing';
import { CHAT, House } from './house';

let house: House;
const clock = new ManualClock(new Date());

beforeAll(async () => {
  house = await House.start({ clock, env: { RETRY_TIME_SCALE: '1' } });
});
beforeEach(async () => {
  await house.reset();
  house.kakao.challenges.clear();
});
afterAll(() => house.close());

interface Left {
  answer: Response;
  to: URL;
  query: URLSearchParams;
  cookie: string;
}

/** A customer presses a link of the shop's own. */
async function leave(query = `?continue=${encodeURIComponent(CHAT)}`, below = ''): Promise<Left> {
  const answer = await house.get(`${customerPath(below)}/start${query}`);
  const to = new URL(answer.headers.get('location') ?? 'none:');
  const cookie = answer.headers.get('set-cookie') ?? '';
  return { answer, to, query: to.searchParams, cookie };
}

/** Kakao sends them back, with a code that is bound to the challenge. */
function comeBack(code: string, { query, cookie }: Left, below = ''): Promise<Response> {
  house.kakao.challenges.set(code, query.get('code_challenge') ?? '');
  const back = new URLSearchParams({ code, state: query.get('state') ?? '' });
  return house.get(`${customerPath(below)}/callback?${back.toString()}`, { cookie: cookie.split(';')[0] ?? '' });
}
const failures = async () => (await house.operator('sync-errors')).items.map(({ reason }) => reason);
const counted = async () => (await house.operator('sync-errors')).items.map(({ reason, count }) => [reason, count]);
const logins = () => house.database.query('SELECT state, relay_id FROM sync.logins');
const warnings = () => house.logLines.filter((line) => line.includes('more of this minute'));
const where = (answer: Response) => [answer.status, answer.headers.get('location')];

describe('a login that we start', () => {
  it('leads to Kakao’s consent screen with state, PKCE and the registered redirect URI', async () => {
    const { answer, to, query, cookie } = await leave();

    expect(answer.status).toBe(302);
    expect(answer.headers.get('cache-control')).toBe('no-store');
    expect(to.href).toContain(`${house.kakao.http.url}/oauth/authorize?`);
    expect(Object.fromEntries(query)).toEqual({
      client_id: 'demo-shop-rest-api-key',
      redirect_uri: `${house.app.url}/callback`,
      response_type: 'code',
      state: expect.stringMatching(/^[\w-]{64}$/) as string,
      code_challenge: expect.stringMatching(/^[\w-]{43}$/) as string,
      code_challenge_method: 'S256',
    });
    expect(cookie).toMatch(/^sync-demo-shop=[\w-]+; Path=\/; Max-Age=600; HttpOnly; SameSite=Lax$/);
    const below = await leave('', '/m/other-shop');
    expect(below.query.get('redirect_uri')).toBe(house.app.url + customerPath('/m/other-shop/callback'));
    expect(below.query.get('scope')).toBe('shipping_address,account_ci');
    expect(below.query.get('service_terms')).toBe('service_20260101');
  });

  it('ends where it was to go on, with a member, and takes its cookie back', async () => {
    const left = await leave();

    const answer = await comeBack('started', left);

    expect(where(answer)).toEqual([302, CHAT]);
    expect(answer.headers.get('set-cookie')).toContain('Max-Age=0');
    await eventually(async () => {
      expect(await house.members()).toHaveLength(1);
    });
    const form = house.kakao.http.requests.find(({ path }) => path === '/oauth/token')?.form();
    const verifier = form?.get('code_verifier') ?? '';
    expect(createHash('sha256').update(verifier).digest('base64url')).toBe(left.query.get('code_challenge'));
    const stored = await house.everythingStored();
    expect(stored).not.toContain(verifier);
    expect(house.logLines.join('')).not.toContain(verifier);
    expect(left.query.toString() + left.cookie).not.toContain(verifier);
  });

  it('sends the verifier again with the retry of an exchange that Kakao was too busy for', async () => {
    house.kakao.fault('token', { status: 503 });

    expect(where(await comeBack('started-busy', await leave()))).toEqual([302, CHAT]);

    await eventually(async () => {
      expect(await house.members()).toHaveLength(1);
    });
  });

  it('keeps the relay id', async () => {
    const { relayId } = house.app.get(RelayIds).issue('demo-shop', { for: 'sync', reference: 'banner-3' });

    await comeBack('started-relay', await leave(`?relay_id=${relayId}`));

    await eventually(() => {
      expect(house.kakao.told().map(({ data }) => data.relay)).toEqual([{ state: 'issued', reference: 'banner-3' }]);
    });
  });

  it('joins nobody in another browser: no cookie, a strange one, that of another login', async () => {
    const mine = await leave();
    const other = await leave();
    for (const cookie of ['', 'sync-demo-shop=x', other.cookie]) {
      const answer = await comeBack('mismatch', { ...mine, cookie });
      expect(answer.status).toBe(200);
    }
    expect(house.kakao.calls('token')).toBe(0);
    expect(await counted()).toEqual([['state_mismatch', 3]]);
  });

  it('is not saved by leaving the state out: Kakao wants the verifier', async () => {
    const left = await leave();
    await comeBack('stateless', {
      ...left,
      query: new URLSearchParams({ ...Object.fromEntries(left.query), state: '' }),
    });

    expect(await house.members()).toEqual([]);
    expect(await failures()).toEqual(['HTTP 400 KOE320']);
  });

  it('is too old after ten minutes, and not another shop’s', async () => {
    const left = await leave();
    expect((await comeBack('elsewhere', left, '/m/other-shop')).status).toBe(200);
    expect(await failures()).toEqual(['HTTP 400 KOE320']);
    clock.advance(601_000);

    await comeBack('too-old', left);

    expect(await failures()).toEqual(['state_expired', 'HTTP 400 KOE320']);
    expect(await house.members()).toEqual([]);
  });

  it('goes nowhere but back to Kakao, and needs the relay id that the shop requires', async () => {
    expect((await leave('?continue=https://evil.example/')).answer.status).toBe(400);
    expect((await leave('', '/m/plain-shop')).answer.status).toBe(404);
    const strict = await leave(`?continue=${encodeURIComponent(CHAT)}`, '/m/strict-shop');
    expect(where(strict.answer)).toEqual([302, CHAT]);
    expect(strict.cookie).toBe('');
    expect((await leave('', '/m/strict-shop')).answer.status).toBe(400);
    expect(await counted()).toEqual([['relay_id_required: absent', 2]]);
  });
});

describe('what any caller can send', () => {
  const refused = (query: Record<string, string>, headers: Record<string, string> = {}) =>
    house.get(`/callback?${new URLSearchParams({ continue: CHAT, ...query }).toString()}`, headers);

  it('is no login without a code: one row and one line in the log for each reason and minute, with a count', async () => {
    clock.advance(60_000);
    const answers = await Promise.all(times(60, (index) => refused({ error: `x_${index}` })));
    expect(answers.map(where)).toEqual(times(60, () => [302, CHAT]));

    expect(await counted()).toEqual([['OTHER_ERROR', 60]]);
    expect(await logins()).toEqual([]);
    expect(warnings()).toHaveLength(1);
    const first = clock.now();
    clock.advance(59_000 - (first.getTime() % 60_000));
    await refused({ error: 'x' });
    const [row] = (await house.operator('sync-errors')).items;
    expect(row).toMatchObject({ count: 61, failedAt: first.toISOString(), lastFailedAt: clock.now().toISOString() });
    clock.advance(1_000);
    await refused({ error: 'x' });
    expect(await counted()).toEqual([
      ['OTHER_ERROR', 1],
      ['OTHER_ERROR', 61],
    ]);
  });

  it('makes up no reason of its own', async () => {
    const made = times(40, (index) => `KOE${300 + index}`);
    await Promise.all(made.map((number) => refused({ error: 'access_denied', error_description: number })));
    await Promise.all(
      made.map((number) => refused({ error: `of_${number.toLowerCase()}`, error_description: 'KOE999' })),
    );
    await refused({ error: 'invalid_scope', error_description: 'wrong scope (KOE205)' });

    const rows = await counted();
    expect(rows).toHaveLength(4);
    expect(rows).toEqual(
      expect.arrayContaining([
        ['access_denied', 39],
        ['access_denied: KOE303', 1],
        ['OTHER_ERROR', 40],
        ['KOE205', 1],
      ]),
    );
  });

  it('is a refused login of its own once for each relay id of ours', async () => {
    const { relayId } = house.app.get(RelayIds).issue('demo-shop', { for: 'sync' });
    const headers = { 'x-kakao-plugin-relay-id': relayId };

    await Promise.all(times(20, () => refused({ error: 'access_denied' }, headers)));

    expect(await logins()).toEqual([{ state: 'refused', relay_id: relayId }]);
    const { items } = await house.operator('sync-errors');
    expect(items.map(({ loginId, count }) => [typeof loginId, count])).toEqual(
      expect.arrayContaining([
        ['string', 1],
        ['undefined', 19],
      ]),
    );
    expect(items.map((item) => item.relayId)).toEqual([relayId, relayId]);
  });

  it('is not stored with a code while 2,000 logins of the shop wait for Kakao; the customer goes on', async () => {
    const waiting = (minutesAgo: number, merchant = 'demo-shop') =>
      house.database.query(
        `INSERT INTO sync.logins (id, merchant, state, below_path_key, claimed_until, received_at)
         SELECT gen_random_uuid(), $2, 'pending', false, $1::timestamptz + interval '1 hour', $1
           FROM generate_series(1, 2000)`,
        [new Date(clock.now().getTime() - minutesAgo * 60_000), merchant],
      );
    await waiting(16);
    await waiting(1, 'other-shop');
    expect(where(await house.login('among-old-ones'))).toEqual([302, CHAT]);
    await eventually(async () => {
      expect(await house.members()).toHaveLength(1);
    });
    const calls = house.kakao.calls('token');

    await waiting(1);
    const answers = await Promise.all(times(20, (index) => house.login(`one-too-many-${index}`)));

    expect(answers.map(where)).toEqual(times(20, () => [302, CHAT]));
    expect(house.kakao.calls('token')).toBe(calls);
    expect(await counted()).toEqual([['TOO_MANY_WAITING', 20]]);
    expect(warnings()).toHaveLength(1);
    expect(await logins()).toHaveLength(6_001);
    expect(await house.database.query(`SELECT 1 FROM sync.logins WHERE code IS NOT NULL`)).toEqual([]);
  });

  it('is a count, and no row, with codes that Kakao does not know', async () => {
    const invented = times(10, (index) => `invented-${index}`);
    for (const code of invented) house.kakao.challenges.set(code, 'of another');
    const jobs = () => house.database.query(`SELECT 1 FROM pgboss.job WHERE name = 'sync.finish-login'`);
    clock.advance(60_000);
    const before = await jobs();

    for (const code of invented) expect(where(await house.login(code))).toEqual([302, CHAT]);

    await eventually(async () => {
      expect(await counted()).toEqual([['HTTP 400 KOE320', 10]]);
    });
    expect(await logins()).toEqual([]);
    // A job is begun after a second, and stays when the machine needs longer than that for a login.
    expect((await jobs()).length).toBeLessThan(before.length + 10);
    expect(house.kakao.calls('token')).toBe(10);
    expect(warnings()).toHaveLength(1);
  });

  it('is a login of its own when Kakao refuses the code of one that was begun here, or has a relay id of ours', async () => {
    const begun = await leave();
    const { relayId } = house.app.get(RelayIds).issue('demo-shop', { for: 'sync' });
    house.kakao.fault(
      'token',
      { status: 400, json: { error_code: 'KOE320' } },
      { status: 400, json: { error_code: 'KOE303' } },
    );

    await comeBack('begun-here', begun);
    await house.login('with-a-relay-id', { next: `${CHAT}&relay_id=${encodeURIComponent(relayId)}` });

    await eventually(async () => {
      expect(await logins()).toEqual([
        { state: 'failed', relay_id: null },
        { state: 'failed', relay_id: relayId },
      ]);
    });
    expect((await house.operator('sync-errors')).items.map(({ loginId }) => typeof loginId)).toEqual([
      'string',
      'string',
    ]);
  });
});

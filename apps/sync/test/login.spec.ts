import { RelayIds } from '@biz/merchant';
import { Vault } from '@biz/platform';
import { customerPath, eventually, times } from '@biz/testing';
import { CHAT, House } from './house';
import { CI, EMAIL, marketing, NICKNAME, PHONE, service, STEPS, TROUBLES, USER } from './kakao';

let house: House;

beforeAll(async () => {
  house = await House.start();
});
beforeEach(async () => {
  await house.reset();
  house.kakao.terms = [service, marketing];
  house.kakao.users.clear();
  for (const step of STEPS) house.kakao.fault(step);
});
afterAll(() => house.close());

const back = (answer: Response) => [answer.status, answer.headers.get('location')];
const errors = () => house.operator('sync-errors');
const consents = (memberId: unknown) =>
  house.database.query(
    'SELECT tag, version, required, action, actor FROM sync.consents WHERE member_id = $1 ORDER BY id',
    [memberId],
  );

describe('a customer who returns with a code', () => {
  it('becomes a member, goes back to the chat, and the shop hears of it', async () => {
    const answer = await house.login('join-1');

    expect(back(answer)).toEqual([302, CHAT]);
    expect(await answer.text()).toBe('');
    expect(answer.headers.get('cache-control')).toBe('no-store');
    await eventually(() => {
      expect(house.kakao.told()).toHaveLength(1);
    });
    const [member] = await house.members();
    expect(member).toMatchObject({ merchant: 'demo-shop', app_user_id: USER, state: 'joined', tokens: null });
    expect(house.kakao.told()[0]).toMatchObject({
      type: 'member.joined',
      data: {
        merchant: 'demo-shop',
        id: member!.id,
        appUserId: USER,
        account: {
          nickname: NICKNAME,
          email: EMAIL,
          emailVerified: true,
          phoneNumber: { raw: PHONE, e164: '+821098765432' },
        },
        terms: [
          { tag: 'service_20260101', version: '20260101', required: true, agreedAt: '2026-11-20T01:02:03.000Z' },
          { tag: 'marketing_2026_0201', version: '20260201', required: false },
        ],
      },
    });
    expect(house.kakao.told()[0]!.data.account).not.toHaveProperty('gender');
    expect(await consents(member!.id)).toEqual([
      { tag: 'service_20260101', version: '20260101', required: true, action: 'agreed', actor: 'member' },
      { tag: 'marketing_2026_0201', version: '20260201', required: false, action: 'agreed', actor: 'member' },
    ]);
  });

  it('is exchanged with the key, secret and redirect URI of the shop that was called', async () => {
    await house.login('root');
    await house.login('below', { below: '/m/other-shop' });
    await house.login('own-key', { below: '/m/demo-shop' });

    const forms = house.kakao.http.requests.filter(({ path }) => path === '/oauth/token').map((each) => each.form());
    expect(forms.map((form) => Object.fromEntries(form))).toEqual([
      {
        grant_type: 'authorization_code',
        client_id: 'demo-shop-rest-api-key',
        redirect_uri: `${house.app.url}/callback`,
        code: 'root',
        client_secret: 'demo-shop-client-secret',
      },
      expect.objectContaining({
        client_id: 'other-shop-rest-api-key',
        redirect_uri: house.app.url + customerPath('/m/other-shop/callback'),
      }),
      expect.objectContaining({ redirect_uri: house.app.url + customerPath('/m/demo-shop/callback') }),
    ]);
  });

  it('is answered {"status":200} without continue', async () => {
    const answer = await house.get('/callback?code=plain');

    expect([answer.status, await answer.json()]).toEqual([200, { status: 200 }]);
    expect(await house.members()).toHaveLength(1);
  });

  it('carries the relay id of the header, or of the launch link, into the delivery', async () => {
    house.kakao.users.set('by-header', '11').set('by-link', '12');
    await house.get(`/callback?code=by-header&continue=${encodeURIComponent(CHAT)}`, {
      'x-kakao-plugin-relay-id': 'relay-h',
    });
    await house.login('by-link', { next: 'kakaotalk://bizplugin?plugin_id=p&relay_id=relay-l' });

    await eventually(() => {
      expect(house.kakao.told().map(({ data }) => data.relayId)).toEqual(
        expect.arrayContaining(['relay-h', 'relay-l']),
      );
    });
  });

  it('is linked to the member there is, with the account and terms of today', async () => {
    await house.login('first');
    house.kakao.terms = [{ ...service, agreed_at: '2026-11-22T00:00:00Z' }];
    await house.login('second');
    house.kakao.terms = [service, { ...marketing, agreed_by: 'KAPI' }];
    await house.login('third');

    const members = await house.members();
    expect(members).toHaveLength(1);
    expect((await consents(members[0]!.id)).map(({ tag, action, actor }) => [tag, action, actor])).toEqual([
      ['service_20260101', 'agreed', 'member'],
      ['marketing_2026_0201', 'agreed', 'member'],
      ['service_20260101', 'agreed', 'member'],
      ['marketing_2026_0201', 'withdrawn', 'member'],
      ['service_20260101', 'agreed', 'member'],
      ['marketing_2026_0201', 'agreed', 'shop'],
    ]);
    await eventually(() => {
      expect(house.kakao.told().map(({ type }) => type)).toEqual(['member.joined']);
    });
    expect((await errors()).items).toEqual([]);
  });

  it('joins once when the same code comes twice and twenty times at once', async () => {
    const answers = await Promise.all(times(20, () => house.login('twenty')));
    const late = await house.login('twenty');

    expect([...answers, late].map(back)).toEqual(times(21, () => [302, CHAT]));
    await eventually(() => {
      expect(house.kakao.told()).toHaveLength(1);
    });
    expect(await house.members()).toHaveLength(1);
    expect(house.kakao.calls('token')).toBe(1);
    expect(house.logLines.filter((line) => line.includes('"level":"error"'))).toEqual([]);
  });

  it('joins once when one customer comes with two codes at once', async () => {
    await Promise.all(times(6, (index) => house.login(`many-${index}`)));

    await eventually(async () => {
      expect(await house.database.query(`SELECT 1 FROM sync.logins WHERE state = 'joined'`)).toHaveLength(6);
      expect(house.kakao.told()).toHaveLength(1);
    });
    expect(await house.members()).toHaveLength(1);
  });

  it('is a member of each shop on its own, and only the shop that asks keeps tokens', async () => {
    await house.login('same-code');
    await house.login('same-code', { below: '/m/other-shop' });
    await house.login('again-here');

    const members = await house.members();
    expect(members.map(({ merchant, app_user_id }) => [merchant, app_user_id])).toEqual([
      ['demo-shop', USER],
      ['other-shop', USER],
    ]);
    expect(members.map(({ tokens }) => typeof tokens)).toEqual(['object', 'string']);
  });
});

describe('when Kakao is in trouble the customer goes back at once, and', () => {
  it.each(STEPS.flatMap((step) => TROUBLES.map(([what, answer]) => [step, what, answer] as const)))(
    'joins later: %s %s',
    async (step, what, answer) => {
      house.kakao.fault(step, answer);
      expect(back(await house.login(`${step} ${what}`))).toEqual([302, CHAT]);

      await eventually(() => {
        expect(house.kakao.told().map(({ type }) => type)).toEqual(['member.joined']);
      });
      const { items } = await errors();
      expect(items.length).toBeGreaterThan(0);
      expect(new Set(items.map(({ state }) => state))).toEqual(new Set(['recovered']));
      expect(items[0]).toMatchObject({ step: { token: 'exchange', me: 'user', terms: 'terms' }[step] });
      // The code works once: what came back for it is used, not asked for again.
      if (step !== 'token') expect(house.kakao.calls('token')).toBe(1);
    },
  );

  it('fails for good when the code was used by an exchange whose answer was lost', async () => {
    house.kakao.fault('token', { dropAfter: true });

    expect(back(await house.login('lost-answer'))).toEqual([302, CHAT]);

    await eventually(async () => {
      expect((await errors()).items.map(({ state, reason }) => [state, reason])).toEqual([
        ['final', 'HTTP 400 KOE320'],
        ['final', expect.any(String)],
      ]);
    });
    expect(await house.members()).toEqual([]);
    const [login] = await house.database.query('SELECT state, code, tokens FROM sync.logins');
    expect(login).toEqual({ state: 'failed', code: null, tokens: null });
  });

  it.each([
    ['token', 'HTTP 401 KOE010', { status: 401, json: { error: 'invalid_client', error_code: 'KOE010' } }],
    ['token', 'HTTP 400 invalid_grant', { status: 400, json: { error: 'invalid_grant' } }],
    ['me', 'HTTP 200 -401', { json: { msg: 'an error inside a 200', code: -401 } }],
    ['me', 'HTTP 401 -401', { status: 401, json: { msg: 'this access token does not exist', code: -401 } }],
    ['me', 'HTTP 400 -101', { status: 400, json: { msg: 'not connected', code: -101 } }],
  ] as const)('does not try again what Kakao refuses: %s %s', async (step, reason, answer) => {
    house.kakao.fault(step, answer, answer, answer);

    expect(back(await house.login(`refused ${reason} ${step}`))).toEqual([302, CHAT]);

    expect((await errors()).items).toMatchObject([{ state: 'final', merchant: 'demo-shop', reason }]);
    expect(house.kakao.calls(step)).toBe(1);
    expect(await house.members()).toEqual([]);
  });

  it('reads the terms in their older shape too', async () => {
    await house.login('older-1');
    house.kakao.fault('terms', {
      json: {
        user_id: 1,
        allowed_service_terms: [
          { tag: service.tag, agreed_at: service.agreed_at },
          { tag: 'night_20260301', agreed_at: '2026-11-20T00:00:00Z' },
        ],
      },
    });
    await house.login('older-2');
    const [member] = await house.members();
    expect((await consents(member?.id)).map(({ tag, action }) => [tag, action])).toEqual([
      ['service_20260101', 'agreed'],
      ['marketing_2026_0201', 'agreed'],
      ['night_20260301', 'agreed'],
      ['marketing_2026_0201', 'withdrawn'],
    ]);
  });

  it.each([
    ['NO_TERMS_TOLD', { id: 1 }],
    ['NO_TERMS_TOLD', { id: 1, service_terms: null }],
    ['UNREADABLE_TERMS', { id: 1, service_terms: [{ tag: service.tag, agreed: 'maybe' }] }],
    ['UNREADABLE_TERMS', { id: 1, service_terms: [service, marketing, { tag: 'a\0b', agreed: true }] }],
    ['UNREADABLE_TERMS', { id: 1, service_terms: [service, marketing, { tag: 'x'.repeat(256), agreed: true }] }],
    ['UNREADABLE_TERMS', { id: 1, service_terms: [], allowed_service_terms: {} }],
    ['UNREADABLE_TERMS', { id: 1, code: -7777, service_terms: [] }],
    ['UNREADABLE_TERMS', { id: 1, status: 500, service_terms: [] }],
    ['HTTP 200 -3', { id: 1, code: -3, service_terms: [] }],
    ['HTTP 200 -3', { id: 1, error: { code: -3 }, service_terms: [] }],
    [undefined, { id: 1, service_terms: [], allowed_service_terms: [service, marketing] }],
    [undefined, { id: 1, service_terms: [{ ...service, tag: ` ${service.tag}` }, marketing] }],
  ])('writes no withdrawal when Kakao does not tell of one: %s of %j', async (reason, json) => {
    await house.login(`told ${JSON.stringify(json)}`);
    house.kakao.fault('terms', { json });
    await house.login(`untold ${JSON.stringify(json)}`);
    const [member] = await house.members();
    expect((await consents(member?.id)).map(({ action }) => action)).toEqual(['agreed', 'agreed']);
    const { items } = await errors();
    const seen = items.map(({ step, reason }) => [step, reason]);
    expect(seen).toEqual(reason === undefined ? [] : [['terms', reason]]);
    expect(await house.database.query(`SELECT FROM sync.logins WHERE state <> 'joined'`)).toEqual([]);
  });

  it('joins without terms when Kakao refuses to tell them', async () => {
    house.kakao.fault('terms', { status: 403, json: { msg: 'no permission', code: -3 } });

    await house.login('no-terms');

    expect(await house.members()).toHaveLength(1);
    expect((await errors()).items).toMatchObject([{ state: 'recovered', step: 'terms', reason: 'HTTP 403 -3' }]);
  });
});

describe('a customer who returns without a code', () => {
  it.each([
    ['access_denied', `User denied access ${EMAIL} (KOE101)`, 'access_denied: KOE101'],
    ['access_denied', '김루카 님이 거절', 'access_denied'],
    ['루카', 'KOE1234', 'OTHER_ERROR'],
    ['lukas', '', 'OTHER_ERROR'],
  ])('goes back to the chat, and the operator sees the codes of it: %s, %s', async (error, description, reason) => {
    const next = `${CHAT}&relay_id=relay-9`;
    const answer = await house.get(
      `/callback?${new URLSearchParams({ error, error_description: description, continue: next }).toString()}`,
    );

    expect(back(answer)).toEqual([302, next]);
    expect((await errors()).items).toMatchObject([{ step: 'consent', state: 'final', relayId: 'relay-9', reason }]);
    expect(await house.everythingStored()).not.toMatch(/루카|denied access/);
    expect(house.kakao.calls('token')).toBe(0);
  });

  it('is answered {"status":200} without continue', async () => {
    const answer = await house.get('/callback?error=access_denied');

    expect([answer.status, await answer.json()]).toEqual([200, { status: 200 }]);
  });
});

describe('a shop that requires relay ids', () => {
  const strict = { below: '/m/strict-shop' };

  it.each(['', '&relay_id=foreign'])(
    'joins nobody who comes without one of ours (%s), and sends them back',
    async (by) => {
      const next = `${CHAT}${by}`;

      expect(back(await house.login('no-relay', { ...strict, next }))).toEqual([302, next]);

      const reason = `relay_id_required: ${by === '' ? 'absent' : 'foreign'}`;
      expect((await errors()).items).toMatchObject([
        { merchant: 'strict-shop', step: 'consent', state: 'final', reason },
      ]);
      expect(house.kakao.calls('token')).toBe(0);
    },
  );

  it('joins who comes with one, and hears its own reference', async () => {
    const { relayId } = house.app.get(RelayIds).issue('strict-shop', { for: 'sync', reference: 'cart-7' });

    await house.login('with-relay', { ...strict, next: `${CHAT}&relay_id=${relayId}` });

    await eventually(() => {
      expect(house.kakao.told().map(({ data }) => [data.relayId, data.relay])).toEqual([
        [relayId, { state: 'issued', reference: 'cart-7' }],
      ]);
    });
  });
});

describe('a call that is no login', () => {
  it.each([
    ['https://evil.example/', 'continue'],
    ['kakaotalk://bizplugin@evil.example/', 'continue'],
    ['//talk-plugin.kakao.com/', 'continue'],
  ])('is refused: continue=%s', async (next, field) => {
    const answer = await house.login('hostile', { next });

    expect(answer.status).toBe(400);
    expect(answer.headers.get('location')).toBeNull();
    expect(await answer.json()).toEqual({ status: 400, message: expect.stringContaining(field) as string });
    expect(house.kakao.http.requests).toEqual([]);
    expect(await house.database.query('SELECT 1 FROM sync.logins')).toEqual([]);
  });

  it.each([
    ['', 400],
    ['?continue=kakaotalk%3A%2F%2Fbizplugin%2Fx', 400],
    ['?code=a&code=b', 400],
  ])('is malformed: /callback%s', async (query, status) => {
    expect((await house.get(`/callback${query}`)).status).toBe(status);
  });

  it('is malformed with a code no Kakao server would send', async () => {
    expect((await house.get(`/callback?code=${'x'.repeat(3_000)}`)).status).toBe(400);
  });

  it('knows no shop without a sync plugin, and no unknown path key', async () => {
    expect((await house.login('x', { below: '/m/plain-shop' })).status).toBe(404);
    expect((await house.login('x', { below: '/m/nobody' })).status).toBe(404);
  });
});

it('stores no personal data, code or token in the clear, logs none, and nowhere keeps the CI', async () => {
  await house.login('Sensitive-Code-1');
  await house.login('Sensitive-Code-2', { below: '/m/other-shop' });
  house.kakao.fault('token', {
    status: 400,
    json: { error: 'invalid_grant', error_description: 'not found for code=Sensitive-Code-3', error_code: 'KOE320' },
  });
  await house.login('Sensitive-Code-3');
  await house.login('Sensitive-Code-4', { next: 'https://evil.example/' });
  await eventually(() => {
    expect(house.kakao.told()).toHaveLength(2);
  });

  const [member] = await house.members();
  const opened = await house.app.get<Vault>(Vault).open(String(member?.account), 'sync.members.account');
  expect(opened).toContain('"legal_region":"KR"');
  expect(opened).not.toContain(CI);
  const stored = await house.everythingStored();
  const logged = house.logLines.join('\n');
  expect(logged).toContain('"message":"joined"');
  for (const secret of [
    NICKNAME,
    EMAIL,
    '9876-5432',
    '98765432',
    CI,
    'Sensitive-Code',
    'access-',
    'refresh-',
    'k.kakaocdn.net',
  ]) {
    expect(stored).not.toContain(secret);
    expect(logged).not.toContain(secret);
  }
  expect(logged).not.toContain(USER);
  expect(JSON.stringify(house.kakao.told())).not.toContain(CI);
});

import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { Vault } from '@biz/platform';
import { eventually, timed } from '@biz/testing';
import { BOT_USER, skillPayload, TOLD_BOT_USER } from '../libs/capture/test/skill';
import { Stage } from '../libs/capture/test/stage';
import type { Answer } from '../libs/capture/test/stage';
import { imageApp } from '../apps/image/src/image.module';
import { locationApp } from '../apps/location/src/location.module';
import { profileApp } from '../apps/profile/src/profile.module';

const JPEG = Buffer.from('ffd8ffe000104a46494600010100000100010000', 'hex');

const saidIn = ({ body }: Answer): unknown => {
  expect(body).toEqual({
    version: '2.0',
    template: { outputs: [{ simpleText: { text: expect.any(String) as string } }] },
  });
  return (body as { template: { outputs: [{ simpleText: { text: string } }] } }).template.outputs[0].simpleText.text;
};
const RECEIVED = '전송해 주신 정보를 잘 받았습니다. 감사합니다.';
const NOT_RECEIVED = '보내 주신 정보를 받지 못했습니다. 다시 보내 주시거나 판매자에게 문의해 주세요.';
const NOTHING_CAME = '전송된 정보를 확인하지 못했습니다. 다시 시도해 주세요.';

describe('the skill server of a chat bot', () => {
  let stage: Stage;
  let runs = 0;
  beforeAll(async () => {
    stage = await Stage.open(profileApp);
    await stage.app.close();
    await stage.start({ once: { skillText: '이메일을 받았어요 💌' } });
  });
  afterAll(() => stage.close());

  const run = (action: object, path = '/skill/delivery', relayId = `skill-${++runs}`): Promise<Answer> =>
    stage.post(path, skillPayload(action), { 'x-kakao-plugin-relay-id': relayId });
  const otp = (segment = 'profile'): string => stage.otp(segment, () => ({ json: { nickname: '홍길동' } }));

  it.each<[string, (otp: string) => object]>([
    ['an address as origin', (url) => ({ detailParams: { profile: { origin: url, value: '{}' } } })],
    [
      'JSON text with otp',
      (url) => ({ detailParams: { p: { origin: JSON.stringify({ otp: url, app_user_id: 7 }) } } }),
    ],
    [
      'JSON text as value',
      (url) => ({ detailParams: { p: { origin: '배송지', value: JSON.stringify({ otp: url }) } } }),
    ],
    ['an object with otp', (url) => ({ detailParams: { p: { origin: { otp: url } } } })],
    ['JSON text within JSON text', (url) => ({ params: { p: JSON.stringify({ v: JSON.stringify({ otp: url }) }) } })],
    ['params only', (url) => ({ params: { profile: JSON.stringify({ otp: url }) } })],
    ['a list of one', (url) => ({ detailParams: { p: { origin: `List(${url})` } } })],
    ['beside other parameters', (url) => ({ params: { a: '[대괄호', b: '{', c: 3, d: null, e: url } })],
  ])('takes the OTP out of a payload: %s', async (_what, action) => {
    const answer = await run(action(otp()));
    expect([answer.status, saidIn(answer)]).toEqual([200, RECEIVED]);
    await stage.reaches(`skill-${runs}`, 'delivered');
    expect(stage.events(`skill-${runs}`)).toMatchObject([
      { type: 'profile.received', data: { plugin: 'delivery', profile: { nickname: '홍길동' }, user: TOLD_BOT_USER } },
    ]);
  });

  const REASON = { 'x-access-reason': encodeURIComponent(`문의 ${BOT_USER.id} h3kT9Xq0aBcD`) };

  it('tells the shop and operators with a reason whose result it is, and keeps it sealed', async () => {
    await run({ detailParams: { p: { origin: otp() } } });
    const { id } = await stage.reaches(`skill-${runs}`, 'delivered');
    const facts = await stage.operator('GET', `/captures/${id}`);
    expect(JSON.stringify(facts.body)).not.toMatch(/9007199254740993|h3kT9Xq0aBcD|a1f3c8e2/);
    const { body } = await stage.operator('GET', `/captures/${id}`, REASON);
    expect(body.personalData).toEqual({
      profile: { nickname: '홍길동' },
      answer: '{"nickname":"홍길동"}',
      user: { ...TOLD_BOT_USER, asSent: JSON.stringify(BOT_USER) },
    });
    const looks = await stage.database.query('SELECT reason FROM privacy.accesses WHERE subject = $1', [id]);
    expect(looks).toEqual([{ reason: '문의 [cut] [cut]' }]);
    expect(await stage.inTheClear()).not.toMatch(/9007199254740993|h3kT9Xq0aBcD|a1f3c8e2/);
  });

  it('tells it of what failed, too, and shows it while there is no answer', async () => {
    let answer: { status: number } = { status: 503 };
    const url = stage.otp('profile', () => answer);
    await run({ detailParams: { p: { origin: url } } });
    const { id } = await stage.reaches(`skill-${runs}`, 'pending');
    const { body } = await stage.operator('GET', `/captures/${id}`, REASON);
    expect(body.personalData).toEqual({ user: { ...TOLD_BOT_USER, asSent: JSON.stringify(BOT_USER) } });
    answer = { status: 404 };
    await stage.asTimeGoesBy(async () => {
      expect((await stage.capture(`skill-${runs}`)).state).toBe('failed');
    });
    await eventually(() => {
      expect(stage.events(`skill-${runs}`)).toMatchObject([
        { type: 'capture.failed', data: { reason: 'refused-by-kakao', user: TOLD_BOT_USER } },
      ]);
    });
  });

  it.each<[string, object, object | undefined, object?]>([
    ['an id alone', { id: '620678' }, { id: '620678' }],
    [
      'names in snake_case, numbers, and no friend',
      { properties: { app_user_id: 708203191, plusfriend_user_key: 'p', bot_user_key: 'b', is_friend: false } },
      { appUserId: '708203191', plusfriendUserKey: 'p', botUserKey: 'b', isFriend: false },
    ],
    ['the id that accompanies the result', {}, { appUserId: '7' }, { app_user_id: 7 }],
    ['odd values', { id: null, type: '', properties: [1], isFriend: 'yes' }, undefined],
    ['more than Kakao says', { id: 'long', junk: 'x'.repeat(10_000) }, { id: 'long' }],
    ['nobody', {}, undefined],
  ])('reads the user of a payload tolerantly: %s', async (_what, user, told, beside = {}) => {
    const origin = JSON.stringify({ otp: otp(), ...beside });
    const relayId = `skill-${++runs}`;
    await stage.post('/skill/delivery', skillPayload({ detailParams: { p: { origin } } }, user), {
      'x-kakao-plugin-relay-id': relayId,
    });
    await stage.reaches(relayId, 'delivered');
    expect(stage.events(relayId).map(({ data }) => data.user)).toEqual([told]);
  });

  it('makes one capture of a skill and a callback with the same OTP', async () => {
    const url = otp('onetimeprofile');
    await run({ detailParams: { p: { origin: url } } });
    await run({ detailParams: { p: { origin: url } } }, '/skill/delivery', `skill-${runs}`);
    await stage.callback(url, `skill-${runs}`);
    await stage.reaches(`skill-${runs}`, 'delivered');
    expect(stage.fetched(url)).toBe(1);
  });

  it('knows whose a result is, also when the callback came before the skill', async () => {
    let answer: { status: number; json?: object } = { status: 503 };
    const url = stage.otp('profile', () => answer);
    const relayId = `skill-${++runs}`;
    await stage.callback(url, relayId);
    await run({ detailParams: { p: { origin: url } } }, '/skill/delivery', relayId);
    answer = { status: 200, json: { nickname: '홍길동' } };
    await stage.asTimeGoesBy(async () => {
      expect((await stage.capture(relayId)).state).toBe('delivered');
    });
    expect(stage.events(relayId)).toMatchObject([{ type: 'profile.received', data: { user: TOLD_BOT_USER } }]);
    // The first that is named stays: the same result is no other customer's.
    await stage.post('/skill/delivery', skillPayload({ params: { p: url } }, { id: 'another' }));
    const { id } = await stage.capture(relayId);
    const { body } = await stage.operator('GET', `/captures/${id}`, REASON);
    expect(body.personalData).toMatchObject({ user: { id: BOT_USER.id } });
  });

  it('lets the merchant say what the bot says', async () => {
    expect(saidIn(await run({ detailParams: { p: { origin: otp() } } }, '/skill/once'))).toBe('이메일을 받았어요 💌');
    const { id } = await stage.reaches(`skill-${runs}`, 'erased');
    expect(stage.events(`skill-${runs}`)).toMatchObject([{ data: { user: TOLD_BOT_USER } }]);
    expect(await stage.database.query('SELECT sealed_user FROM capture.captures WHERE id = $1', [id])).toEqual([
      { sealed_user: null },
    ]);
  });

  it('answers below the path key of a merchant, and only there to its plugins', async () => {
    const action = { detailParams: { p: { origin: otp() } } };
    expect(saidIn(await run(action, '/m/other-shop-unguessable-key/skill/main'))).toBe(RECEIVED);
    expect((await stage.reaches(`skill-${runs}`, 'delivered')).merchant).toBe('other-shop');
    expect((await run(action, '/skill/main')).status).toBe(404);
    expect((await run(action, '/m/nobody/skill/main')).status).toBe(404);
  });

  it.each<[string, object]>([
    ['no parameters', {}],
    ['blank ones', { params: { p: ' ' }, detailParams: { p: { origin: '', value: null, groupName: '' } } }],
  ])('stores nothing for a payload with %s, and the bot says so', async (_what, action) => {
    const answer = await run(action);
    expect([answer.status, saidIn(answer)]).toEqual([200, NOTHING_CAME]);
    expect((await stage.operator('GET', `/captures?relayId=skill-${runs}`)).body.items).toEqual([]);
  });

  it.each<[string, object]>([
    ['words', { params: { sys_text: '홍길동입니다' } }],
    ['somebody else’s address', { detailParams: { p: { origin: 'https://evil.example/otp/abc/profile' } } }],
    ['an OTP of another plugin', { detailParams: { p: { origin: 'http://127.0.0.1:1/otp/abc/secure_image' } } }],
    ['an OTP with a query', { params: { p: 'http://127.0.0.1:1/otp/abc/profile?x=1' } }],
    ['a list instead of an object', { detailParams: [['x']] }],
    ['a text instead of an object', { params: '홍길동입니다' }],
  ])(
    'keeps %s sealed, tells the shop, calls nobody else, and the bot says that it did not arrive',
    async (_what, action) => {
      const asked = stage.kakao.requests.length;
      const answer = await run(action);
      expect([answer.status, saidIn(answer)]).toEqual([200, NOT_RECEIVED]);
      const { id } = await stage.reaches(`skill-${runs}`, 'failed');
      const { body } = await stage.operator('GET', `/captures/${id}`, { 'x-access-reason': 'look' });
      expect(body).toMatchObject({ failure: 'unreadable-answer', consent: { purpose: '배송', retainDays: 30 } });
      expect(body.personalData).toEqual({
        answer: JSON.stringify(skillPayload(action)),
        user: { ...TOLD_BOT_USER, asSent: JSON.stringify(BOT_USER) },
      });
      await eventually(() => {
        expect(stage.events(`skill-${runs}`)).toMatchObject([
          { type: 'capture.failed', data: { id, reason: 'unreadable-answer', user: TOLD_BOT_USER } },
        ]);
      });
      expect(stage.kakao.requests.length).toBe(asked);
      expect(await stage.inTheClear()).not.toMatch(/홍길동|evil\.example|h3kT9Xq0aBcD/);

      await run(action, '/skill/delivery', `skill-${runs}`);
      expect((await stage.capture(`skill-${runs}`)).id).toBe(id);
      await stage.operator('DELETE', `/captures/${id}`);
      const erased = await stage.operator('GET', `/captures/${id}`, { 'x-access-reason': 'look' });
      expect([erased.body.state, erased.body.personalData]).toEqual(['erased', undefined]);
    },
  );

  it.each<[string, object]>([
    ['an action that is none', { action: 'x' }],
    ['no action, but a customer', { userRequest: { user: { id: '620678' } } }],
  ])('answers a skill response to %s, and keeps it', async (_what, body) => {
    const relayId = `skill-${++runs}`;
    const answer = await stage.post('/skill/delivery', body, { 'x-kakao-plugin-relay-id': relayId });
    expect([answer.status, saidIn(answer)]).toEqual([200, NOT_RECEIVED]);
    const { id } = await stage.reaches(relayId, 'failed');
    const look = await stage.operator('GET', `/captures/${id}`, { 'x-access-reason': 'look' });
    expect(look.body.personalData).toMatchObject({ answer: JSON.stringify(body) });
  });

  it.each<[string, unknown]>([
    ['no payload', {}],
    ['nulls', { action: null, userRequest: null }],
    ['a list', [{ action: {} }]],
    [
      'too deep a nest',
      skillPayload({ params: { p: JSON.parse('[['.repeat(40) + '"x"' + ']]'.repeat(40)) as object } }),
    ],
  ])('answers 400 to %s', async (_what, body) => {
    expect((await stage.post('/skill/delivery', body)).status).toBe(400);
  });

  it('keeps so much of a payload, and a thousand of a merchant', async () => {
    const long = { params: { p: '홍'.repeat(70_000) } };
    expect(saidIn(await run(long))).toBe(NOT_RECEIVED);
    const { id } = await stage.reaches(`skill-${runs}`, 'failed');
    const look = await stage.operator('GET', `/captures/${id}`, { 'x-access-reason': 'look' });
    expect((look.body.personalData as { answer: string }).answer).toBe(
      JSON.stringify(skillPayload(long)).slice(0, 65_536),
    );
    // It is no JSON any more, so there is nothing to read again.
    expect((await stage.operator('POST', `/captures/${id}/retry`)).status).toBe(409);

    await stage.database.query(
      `INSERT INTO capture.captures (id, kind, merchant, plugin, state, failure, otp_fingerprint, sealed_unread, consent,
              received_at, deadline_at, erase_at, changed_at)
       SELECT gen_random_uuid(), 'profile', 'test-shop', 'delivery', 'failed', 'unreadable-answer', 'unread-' || n, 'sealed',
              '{"scopes":[],"retainDays":7}', $1, $1, timestamptz '2100-01-01', $1 FROM generate_series(1, 1000) n`,
      [stage.clock.now()],
    );
    const fresh = { params: { p: '한 번 더' } };
    expect(saidIn(await run(fresh))).toBe(NOT_RECEIVED);
    expect((await stage.operator('GET', `/captures?relayId=skill-${runs}`)).body.items).toEqual([]);
    const metrics = await (await fetch(`${stage.app.url}/metrics`)).text();
    expect(metrics).toMatch(/biz_open_limited_total\{what="unread",by="merchant"[^}]*\} 1/);
    // Other merchants, and results, are not touched.
    await run({ params: { p: '홍길동' } }, '/m/other-shop-unguessable-key/skill/main');
    await stage.reaches(`skill-${runs}`, 'failed');
    await run({ params: { p: otp() } });
    await stage.reaches(`skill-${runs}`, 'delivered');
    await stage.database.query(`DELETE FROM capture.captures WHERE otp_fingerprint LIKE 'unread-%'`);
    await run(fresh);
    await stage.reaches(`skill-${runs}`, 'failed');
  });

  it('reads what it kept again when an operator asks: a version that understands it goes on with it', async () => {
    const url = otp();
    await run({ params: { p: '홍길동입니다' } });
    const { id } = await stage.reaches(`skill-${runs}`, 'failed');
    expect((await stage.operator('POST', `/captures/${id}/retry`)).status).toBe(409);
    // As if this version had not understood an address.
    const vault = stage.app.get(Vault);
    const payload = JSON.stringify(skillPayload({ params: { p: url } }));
    await stage.database.query('UPDATE capture.captures SET sealed_unread = $2 WHERE id = $1', [
      id,
      await vault.seal(payload, 'capture.answer'),
    ]);
    expect((await stage.operator('POST', `/captures/${id}/retry`)).status).toBe(200);
    await stage.reaches(`skill-${runs}`, 'delivered');
    expect(stage.events(`skill-${runs}`)).toMatchObject([
      { type: 'capture.failed' },
      { type: 'profile.received', data: { profile: { nickname: '홍길동' }, user: TOLD_BOT_USER } },
    ]);
    const row = 'SELECT sealed_otp, sealed_unread FROM capture.captures WHERE id = $1';
    expect(await stage.database.query(row, [id])).toEqual([{ sealed_otp: null, sealed_unread: null }]);
  });

  it('has something to say within five seconds while nothing can be stored', async () => {
    const hurried = await Stage.open(profileApp, { ANSWER_WITHIN_MS: '2500' });
    const { ms } = await timed(() =>
      hurried.database.dataSource.transaction(async (manager) => {
        await manager.query('LOCK TABLE capture.captures IN SHARE MODE');
        const action = { detailParams: { p: { origin: hurried.otp('profile', () => ({ json: {} })) } } };
        const answer = await hurried.post('/skill/delivery', skillPayload(action), {});
        expect(saidIn(answer)).toBe('지금은 정보를 받을 수 없습니다. 잠시 후 다시 시도해 주세요.');
      }),
    );
    expect(ms).toBeLessThan(5_000);
    await hurried.close();
  });

  it('is documented in OpenAPI', () => {
    for (const app of ['profile', 'location', 'image']) {
      const text = readFileSync(join(__dirname, `../openapi/${app}.json`), 'utf8');
      expect(Object.keys((JSON.parse(text) as { paths: object }).paths)).toEqual(
        expect.arrayContaining(['/skill/{plugin}', '/m/{pathKey}/skill/{plugin}']),
      );
    }
  });
});

it('takes images whose addresses come themselves: List(url, url), one address, a JSON list', async () => {
  const stage = await Stage.open(imageApp);
  const urls = [1, 2].map((at) => `${stage.kakao.url}/dna/${at}/img.jpg?credential=a,b&signature=s%3D`);
  for (const at of [1, 2])
    stage.kakao.on(`GET /dna/${at}/img.jpg`, { body: JPEG, headers: { 'content-type': 'image/jpeg' } });
  const secureUrls = `List(${[...urls, 'http://169.254.169.254/latest'].join(', ')})`;
  const value = JSON.stringify({
    privacyAgreement: 'Y',
    imageQuantity: '2',
    secureUrls,
    expire: '2026-11-23T03:10:00Z',
  });
  const body = skillPayload({ detailParams: { secureimage: { origin: secureUrls, value } } });
  const answers = [1, 2].map(() => stage.post('/skill/receipt', body, { 'x-kakao-plugin-relay-id': 'list' }));
  expect((await Promise.all(answers)).map((answer) => saidIn(answer))).toEqual([RECEIVED, RECEIVED]);

  await stage.reaches('list', 'delivered');
  const [event] = stage.events('list');
  expect(event?.data.files).toMatchObject([
    { picture: 1, variant: 'original', state: 'stored', type: 'image/jpeg' },
    { picture: 2, variant: 'original', state: 'stored', type: 'image/jpeg' },
  ]);
  expect(await stage.inTheClear()).not.toContain('signature=s');
  const alone = `${stage.kakao.url}/dna/3/img.jpg`;
  stage.kakao.on('GET /dna/*', { body: JPEG, headers: { 'content-type': 'image/jpeg' } });
  for (const [relayId, secureUrls] of [
    ['one', alone],
    ['json', JSON.stringify([`${alone}?a`, `${alone}?b`])],
  ] as const) {
    const said = await stage.post(
      '/skill/receipt',
      skillPayload({ params: { secureimage: JSON.stringify({ secureUrls }) } }),
      {
        'x-kakao-plugin-relay-id': relayId,
      },
    );
    expect([relayId, saidIn(said)]).toEqual([relayId, RECEIVED]);
    const { id } = await stage.reaches(relayId, 'delivered');
    const { body: details } = await stage.operator('GET', `/captures/${id}`);
    expect((details.files as object[]).length).toBe(relayId === 'one' ? 1 : 2);
  }
  await stage.close();
});

it('takes a location with the service that it was sent from', async () => {
  const stage = await Stage.open(locationApp);
  const otp = stage.otp('current_location', () => ({ json: { is_usable_user: false } }));
  const origin = JSON.stringify({ otp, extra: { app: { name: '매장 찾기', conpany: '데모' } } });
  const answer = await stage.post('/skill/location', skillPayload({ detailParams: { location: { origin } } }), {
    'x-kakao-plugin-relay-id': 'place',
  });
  expect(saidIn(answer)).toBe(RECEIVED);
  await eventually(() => {
    expect(stage.events('place')).toMatchObject([
      { type: 'location.unavailable', data: { service: { name: '매장 찾기', company: '데모' }, user: TOLD_BOT_USER } },
    ]);
  });

  // What is not understood may hold a location: that it was collected is on record.
  const unread = await stage.post(
    '/skill/location',
    skillPayload({ params: { location: '{"lat":37.4,"lng":127.1}' } }),
    {
      'x-kakao-plugin-relay-id': 'unread-place',
    },
  );
  expect(saidIn(unread)).toBe(NOT_RECEIVED.replace('정보를', '위치를'));
  const { id } = await stage.reaches('unread-place', 'failed');
  const { body } = await stage.operator('GET', `/captures/${id}`, { 'x-access-reason': 'look' });
  expect(body.personalData).not.toHaveProperty('location');
  expect(await stage.database.query('SELECT kind FROM privacy.location_facts WHERE capture_id = $1', [id])).toEqual([
    { kind: 'collected' },
  ]);
  await stage.close();
});

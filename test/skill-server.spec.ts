import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { eventually, timed } from '@biz/testing';
import { Stage } from '../libs/capture/test/stage';
import type { Answer } from '../libs/capture/test/stage';
import { imageApp } from '../apps/image/src/image.module';
import { locationApp } from '../apps/location/src/location.module';
import { profileApp } from '../apps/profile/src/profile.module';

const JPEG = Buffer.from('ffd8ffe000104a46494600010100000100010000', 'hex');

/** A payload as a chat bot posts it, with fields that nobody reads. */
const payload = (action: object): object => ({
  intent: { id: '5a56ec0008cc1461d75291f6', name: '배송지 받기' },
  userRequest: {
    timezone: 'Asia/Seoul',
    block: { id: '5a56ec0008cc1461d75291f6', name: '배송지 받기' },
    utterance: '{배송지',
    lang: 'kr',
    user: { id: '620678', type: 'botUserKey', properties: { appUserId: '708203191' } },
  },
  contexts: [],
  bot: { id: '5a548e36aea1a43fa851ecd9', name: '데모봇' },
  action: { name: '배송지', clientExtra: null, id: '5e2fdc3d8192ac000154dd3b', ...action },
});

const saidIn = ({ body }: Answer): unknown => {
  expect(body).toEqual({
    version: '2.0',
    template: { outputs: [{ simpleText: { text: expect.any(String) as string } }] },
  });
  return (body as { template: { outputs: [{ simpleText: { text: string } }] } }).template.outputs[0].simpleText.text;
};
const RECEIVED = '전송해 주신 정보를 잘 받았습니다. 감사합니다.';
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
    stage.post(path, payload(action), { 'x-kakao-plugin-relay-id': relayId });
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
      { type: 'profile.received', data: { plugin: 'delivery', profile: { nickname: '홍길동' } } },
    ]);
  });

  it('makes one capture of a skill and a callback with the same OTP', async () => {
    const url = otp('onetimeprofile');
    await run({ detailParams: { p: { origin: url } } });
    await run({ detailParams: { p: { origin: url } } }, '/skill/delivery', `skill-${runs}`);
    await stage.callback(url, `skill-${runs}`);
    await stage.reaches(`skill-${runs}`, 'delivered');
    expect(stage.fetched(url)).toBe(1);
  });

  it('lets the merchant say what the bot says', async () => {
    expect(saidIn(await run({ detailParams: { p: { origin: otp() } } }, '/skill/once'))).toBe('이메일을 받았어요 💌');
    await stage.reaches(`skill-${runs}`, 'erased');
  });

  it('answers below the path key of a merchant, and only there to its plugins', async () => {
    const action = { detailParams: { p: { origin: otp() } } };
    expect(saidIn(await run(action, '/m/other-shop-unguessable-key/skill/main'))).toBe(RECEIVED);
    expect((await stage.reaches(`skill-${runs}`, 'delivered')).merchant).toBe('other-shop');
    expect((await run(action, '/skill/main')).status).toBe(404);
    expect((await run(action, '/m/nobody/skill/main')).status).toBe(404);
  });

  it.each<[string, object]>([
    ['nothing', {}],
    ['words', { params: { sys_text: '홍길동입니다' } }],
    ['somebody else’s address', { detailParams: { p: { origin: 'https://evil.example/otp/abc/profile' } } }],
    ['an OTP of another plugin', { detailParams: { p: { origin: 'http://127.0.0.1:1/otp/abc/secure_image' } } }],
    ['an OTP with a query', { params: { p: 'http://127.0.0.1:1/otp/abc/profile?x=1' } }],
    ['a list instead of an object', { detailParams: [['x']] }],
  ])('stores nothing and calls nobody for %s, and the bot says so', async (_what, action) => {
    const asked = stage.kakao.requests.length;
    const answer = await run(action);
    expect([answer.status, saidIn(answer)]).toEqual([200, NOTHING_CAME]);
    expect((await stage.operator('GET', `/captures?relayId=skill-${runs}`)).body.items).toEqual([]);
    expect(stage.kakao.requests.length).toBe(asked);
  });

  it.each([
    ['no payload', {}],
    ['an action that is none', { action: 'x' }],
    ['too deep a nest', payload({ params: { p: JSON.parse('[['.repeat(40) + '"x"' + ']]'.repeat(40)) as object } })],
  ])('answers 400 to %s', async (_what, body) => {
    expect((await stage.post('/skill/delivery', body)).status).toBe(400);
  });

  it('has something to say within five seconds while nothing can be stored', async () => {
    const hurried = await Stage.open(profileApp, { ANSWER_WITHIN_MS: '2500' });
    const { ms } = await timed(() =>
      hurried.database.dataSource.transaction(async (manager) => {
        await manager.query('LOCK TABLE capture.captures IN SHARE MODE');
        const action = { detailParams: { p: { origin: hurried.otp('profile', () => ({ json: {} })) } } };
        const answer = await hurried.post('/skill/delivery', payload(action), {});
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
  const body = payload({ detailParams: { secureimage: { origin: secureUrls, value } } });
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
      payload({ params: { secureimage: JSON.stringify({ secureUrls }) } }),
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
  const answer = await stage.post('/skill/location', payload({ detailParams: { location: { origin } } }), {
    'x-kakao-plugin-relay-id': 'place',
  });
  expect(saidIn(answer)).toBe(RECEIVED);
  await eventually(() => {
    expect(stage.events('place')).toMatchObject([
      { type: 'location.unavailable', data: { service: { name: '매장 찾기', company: '데모' } } },
    ]);
  });
  await stage.close();
});

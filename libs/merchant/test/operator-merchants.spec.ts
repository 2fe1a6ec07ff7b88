import { defineMerchant, MerchantsModule, merchantSchema } from '@biz/merchant';
import type { MerchantDefinition } from '@biz/merchant';
import { customerPathKeyOf } from '@biz/platform';
import type { AppDefinition, Environment } from '@biz/platform';
import { startTestApp, testDatabase } from '@biz/testing';
import type { TestApp, TestDatabase } from '@biz/testing';
import { Module } from '@nestjs/common';

@Module({})
class ShopModule {}

const problemsIn = (body: Record<string, unknown>): string[] =>
  (body.problems as { path: string; message: string }[]).map(({ message }) => message);
const textOf = (body: Record<string, unknown>): string => problemsIn(body).join('\n');

const id = (last: string): string => `5fcf3cfe00a6950dc026b${last}`;
const acme = defineMerchant({
  id: 'acme',
  name: '아크메',
  app: { id: '249344', environment: 'live' },
  plugins: {
    profile: [
      { key: 'delivery', scopes: ['nickname'], pluginId: id('001') },
      { key: 'survey', scopes: ['gender'], pluginId: id('002') },
    ],
    image: [
      {
        key: 'receipt',
        name: '영수증',
        items: '영수증 사진',
        notice: '심사필 1호',
        retainDays: 7,
        pluginId: id('003'),
      },
    ],
    location: { name: '매장 찾기', purpose: '가까운 매장 안내', detailAddress: true },
    option: { kind: 'commerce', pluginId: id('004') },
    payment: { api: 'open', pluginId: id('005') },
    sync: { pluginId: id('006') },
  },
});
const acmeTest = defineMerchant({
  ...acme,
  id: 'acme-test',
  app: { id: '249345', environment: 'test', testOf: 'acme' },
  plugins: { option: { kind: 'non-commerce' }, payment: { api: 'open' } },
});
const many = defineMerchant({
  id: 'many',
  name: '여러 플러그인',
  app: { id: '249347', environment: 'test' },
  plugins: {
    option: { kind: 'commerce' },
    payment: { api: 'open', subscriptionAgreement: { agreedOn: '2026-11-02', opensOn: '2026-11-30' } },
    sync: {},
  },
  registrations: [
    { key: 'shop', scenario: 4, title: '옵션+결제', option: 'commerce', payment: 'single', pluginId: id('011') },
    { key: 'order', scenario: 3, title: '바로결제', payment: 'single', pluginId: id('012') },
    { key: 'club', scenario: 3, title: '정기 이용권', payment: 'subscription' },
    { key: 'survey', scenario: 1, title: '설문', option: 'non-commerce', pluginId: id('013') },
  ],
});
const long = defineMerchant({
  id: 'long',
  name: '이름이 아주 길어서 제목에 들어가지 않는 가게',
  app: { id: '0', environment: 'test' },
  plugins: {},
});

const appOf = (definitions: readonly MerchantDefinition[]): AppDefinition => ({
  name: 'payment',
  title: '',
  description: '',
  schemas: [merchantSchema],
  module: { module: ShopModule, imports: [MerchantsModule.for(definitions)] },
});
const PUBLIC: Environment = {
  ACME_PATH_KEY: 'acme-9f2c77aa0188bd21',
  PUBLIC_BASE_URL_OPTION: 'https://plugin.acme.example/option',
  PUBLIC_BASE_URL_PAYMENT: 'https://plugin.acme.example/payment',
  PUBLIC_BASE_URL_PROFILE: 'https://127.0.0.1:1/profile',
  PUBLIC_BASE_URL_SYNC: 'https://plugin.acme.example/sync',
};

describe('merchants, for the operator', () => {
  let database: TestDatabase;
  let running: TestApp;
  beforeAll(async () => {
    database = await testDatabase(merchantSchema);
    running = await startTestApp(appOf([acme, acmeTest, long, many]), { database, env: PUBLIC });
  });
  afterAll(async () => {
    await running.close();
    await database.drop();
  });

  const ask = async (path: string, body?: object): Promise<{ status: number; body: Record<string, unknown> }> => {
    const response = await fetch(`${running.url}/operator/merchants${path}`, {
      ...(body && { method: 'POST', body: JSON.stringify(body) }),
      headers: { authorization: 'Bearer dev-operator-token', 'content-type': 'application/json' },
    });
    return { status: response.status, body: (await response.json()) as Record<string, unknown> };
  };

  it('are listed with their environment: the operator sees which is which, and no secret', async () => {
    const { body } = await ask('');
    expect(body.items).toMatchObject([
      { id: 'acme', environment: 'live', appId: '249344', isDefault: true },
      { id: 'acme-test', merchant: 'acme-test', environment: 'test', testOf: 'acme', isDefault: false },
      { id: 'long', environment: 'test', plugins: [], registrations: [] },
      {
        id: 'many',
        registrations: [{ key: 'shop', title: '옵션+결제', scenario: 4, pluginId: id('011') }, {}, {}, {}],
      },
    ]);
    expect((body.items as { plugins: object[] }[])[0]?.plugins).toContainEqual({
      kind: 'profile',
      key: 'survey',
      pluginId: id('002'),
    });
    expect(JSON.stringify(body)).not.toMatch(/acme-9f2c|rest-api-key|whsec/);
    const stranger = await fetch(`${running.url}/operator/merchants`);
    expect(stranger.status).toBe(401);
  });

  describe('launch links', () => {
    const launch = (order: object): Promise<{ status: number; body: Record<string, unknown> }> =>
      ask('/acme/launch-links', order);

    it('open a plugin by its id, with relay id, order sheet and product', async () => {
      const { body } = await launch({
        plugin: 'payment',
        relayId: 'a b&c=d',
        orderSheetId: '시트 1',
        productId: 'mug',
        label: '지금 결제',
      });
      const link = `kakaotalk://bizplugin?plugin_id=${id('005')}&relay_id=a%20b%26c%3Dd&oneclick_id=%EC%8B%9C%ED%8A%B8%201&product_id=mug`;
      expect(body).toEqual({
        link,
        skillButton: { action: 'webLink', label: '지금 결제', webLinkUrl: link },
        alimtalkButton: {
          type: 'P3',
          name: '지금 결제',
          plugin_id: id('005'),
          relay_id: 'a b&c=d',
          oneclick_id: '시트 1',
          product_id: 'mug',
        },
      });
    });

    it('have a button of one visible line', async () => {
      const label = ` ${'지금 결제'.normalize('NFD')}\r\n하기\u202E `;
      const { body } = await launch({ plugin: 'payment', orderSheetId: 's', label });
      expect(body).toMatchObject({
        skillButton: { label: '지금 결제 하기' },
        alimtalkButton: { name: '지금 결제 하기' },
      });
    });

    it.each([
      ['profile', { plugin: 'profile' }, id('001'), 'P2'],
      ['a named profile plugin', { plugin: 'profile', key: 'survey' }, id('002'), 'P2'],
      ['image', { plugin: 'image' }, id('003'), 'P1'],
      ['option', { plugin: 'option', productId: 'mug' }, id('004'), undefined],
      ['sync', { plugin: 'sync' }, id('006'), undefined],
    ])('know the buttons of %s', async (_what, order, pluginId, type) => {
      const { body } = await launch(order);
      expect(body.link).toMatch(new RegExp(`^kakaotalk://bizplugin\\?plugin_id=${pluginId}(&product_id=mug)?$`));
      expect((body.alimtalkButton as { type?: string } | undefined)?.type).toBe(type);
    });

    it.each<[string, object, string[]]>([
      ['a plugin without its id', { plugin: 'location' }, ['has no pluginId']],
      ['a key that is not there', { plugin: 'image', key: 'x' }, ['merchant acme has no image plugin x']],
      ['a payment of nothing', { plugin: 'payment' }, ['a payment needs orderSheetId']],
      ['an option without a product', { plugin: 'option' }, ['needs productId']],
      [
        'ids with half an emoji, of two lines and with what is not seen',
        { plugin: 'payment', relayId: 'a\uD83D', orderSheetId: 'a\nb', productId: 'a\u200B' },
        ['relayId must be one visible line', 'orderSheetId must be', 'productId must be'],
      ],
      ['a button of 14 emoji', { plugin: 'profile', label: '😀'.repeat(14) }, ['label must have 1 to 14']],
      [
        'all of it at once',
        {
          plugin: 'sync',
          key: 'a',
          orderSheetId: ' a',
          productId: 'x'.repeat(256),
          relayId: 'a ',
          label: '열다섯 글자가 넘는 단추 이름',
        },
        [
          'it has no key',
          'is for payment',
          'is for option',
          'relayId must',
          'orderSheetId must',
          'productId must',
          'label',
        ],
      ],
    ])('are refused with every reason: %s', async (_what, order, problems) => {
      const { status, body } = await launch(order);
      expect(status).toBe(422);
      for (const problem of problems) expect(textOf(body)).toContain(problem);
    });

    it('are malformed with a field in which nothing is seen, which is named', async () => {
      const blank = { key: '', relayId: '\uD83D', orderSheetId: ' ', productId: '\n', label: ' \u200B' };
      const { status, body } = await launch({ plugin: 'payment', ...blank });
      expect([status, (body.problems as { path: string }[]).map(({ path }) => path)]).toEqual([
        400,
        Object.keys(blank),
      ]);
    });

    it.each([
      ['by its key', { plugin: 'payment', key: 'order', orderSheetId: 's' }, id('012')],
      ['of a chain, by either of its parts', { plugin: 'option', key: 'shop', productId: 'mug' }, id('011')],
      ['of a chain', { plugin: 'payment', key: 'shop', productId: 'mug' }, id('011')],
      ['that is the first of its kind', { plugin: 'option', productId: 'mug' }, id('011')],
    ])('open one of several plugins: %s', async (_what, order, pluginId) => {
      const { body } = await ask('/many/launch-links', order);
      expect(body.link).toContain(`plugin_id=${pluginId}`);
    });

    it.each([
      [
        'without its id',
        { plugin: 'payment', key: 'club', orderSheetId: 's' },
        'payment plugin club of merchant many has no pluginId',
      ],
      [
        'of another kind',
        { plugin: 'option', key: 'order', productId: 'mug' },
        'merchant many has no option plugin order',
      ],
      ['a chain without its product', { plugin: 'payment', key: 'shop', orderSheetId: 's' }, 'it needs productId'],
      ['a payment without its sheet', { plugin: 'payment', key: 'order', productId: 'mug' }, 'it needs orderSheetId'],
    ])('are refused for one of several plugins: %s', async (_what, order, problem) => {
      const { status, body } = await ask('/many/launch-links', order);
      expect(status).toBe(422);
      expect(textOf(body)).toContain(problem);
    });

    it('of nobody are 404, and of no plugin 400', async () => {
      expect((await ask('/nobody/launch-links', { plugin: 'sync' })).status).toBe(404);
      expect((await launch({ plugin: 'bank' })).status).toBe(400);
    });
  });

  describe('the application form', () => {
    const form = (merchant: string, scenario: number | string) => ask(`/${merchant}/form?scenario=${scenario}`);

    it('is filled in as the guide has it (9.2.4)', async () => {
      const { status, body } = await form('acme', 4);
      expect(status).toBe(200);
      expect(body.markdown).toBe(`# 9.2.4 카카오싱크 플러그인 + 옵션선택 플러그인 + 원클릭결제 플러그인

## 1. 플러그인 기본정보

- 플러그인 제목 (20자 이내) : 아크메 플러그인
- 앱 아이디 : 249344

## 2. 옵션선택 플러그인 세부사항

- 옵션타입 (선택)
  - [v] 커머스형
  - [  ] 비커머스형
- T1. 옵션조회 API URL : https://plugin.acme.example/option/m/acme-9f2c77aa0188bd21/options
- T2. 옵션선택 API URL : https://plugin.acme.example/option/m/acme-9f2c77aa0188bd21/option

## 3. 원클릭결제 플러그인 세부사항

- 결제타입 (선택)
  - [v] 일반(단건)결제
  - [v] 정기결제 (사용을 위한 사전 별도 협의 필요)
- 카카오페이를 통한 원클릭결제용 CID 발급 여부 (발급/미발급) : 발급
- T1. 주문생성 API URL : https://plugin.acme.example/payment/m/acme-9f2c77aa0188bd21/ordersheet
- T2. 결제번호저장 및 상품유효성검증 API URL : https://plugin.acme.example/payment/m/acme-9f2c77aa0188bd21/approve
- T4. 주문상태 확인 API URL : https://plugin.acme.example/payment/m/acme-9f2c77aa0188bd21/status

## 카카오 디벨로퍼스에 등록할 주소 (신청서에는 없는 항목)

- 제품설정 > 간편가입 > 플러그인 Redirect URI : https://plugin.acme.example/sync/m/${customerPathKeyOf('acme-9f2c77aa0188bd21')}/callback
- 앱 > 웹훅 > 연결 해제 웹훅 : https://plugin.acme.example/sync/m/acme-9f2c77aa0188bd21/unlink
- 앱 > 웹훅 > 계정 상태 변경 웹훅 : https://plugin.acme.example/sync/m/acme-9f2c77aa0188bd21/events

* API url은 https (포트 443)만 지원합니다.
`);
    });

    it.each([
      [1, ['옵션선택'], ['카카오싱크', '원클릭']],
      [2, ['카카오싱크', '옵션선택'], ['원클릭']],
      [3, ['카카오싱크', '원클릭결제'], ['옵션']],
    ])('of scenario %i has its parts and no other', async (scenario, parts, others) => {
      const markdown = String((await form('acme', scenario)).body.markdown);
      for (const part of parts) expect(markdown).toContain(part);
      for (const other of others) expect(markdown).not.toContain(other);
    });

    it('is one for each plugin that is registered, with title, types and addresses of its own', async () => {
      const forms = async (query: string): Promise<string> => String((await ask(`/many/form?${query}`)).body.markdown);
      const both = await forms('scenario=3');
      expect(both.match(/^# 9\.2\.\d/gm)).toEqual(['# 9.2.3', '# 9.2.3']);
      expect(both.match(/플러그인 제목 .*/g)).toEqual([
        '플러그인 제목 (20자 이내) : 바로결제',
        '플러그인 제목 (20자 이내) : 정기 이용권',
      ]);
      const club = await forms('plugin=club');
      expect(both.endsWith(club)).toBe(true);
      expect(club).toContain('- [  ] 일반(단건)결제\n  - [v] 정기결제');
      for (const path of ['ordersheet', 'approve', 'status'])
        expect(club).toContain(` : https://plugin.acme.example/payment/m/many/${path}/club\n`);
      const survey = await forms('scenario=1&plugin=survey');
      expect(survey).toContain('- [  ] 커머스형\n  - [v] 비커머스형');
      for (const path of ['options', 'option'])
        expect(survey).toContain(` : https://plugin.acme.example/option/m/many/${path}/survey\n`);
      // None of scenario 2 is registered, so it is that of the merchant.
      expect(await forms('scenario=2')).toContain('/option/m/many/options\n');
      expect((await ask('/many/form?plugin=nobody')).status).toBe(404);
      expect((await ask('/many/form?scenario=1&plugin=club')).status).toBe(404);
      expect((await ask('/many/form')).status).toBe(400);
    });

    it('is refused for everything that Kakao would refuse, all at once', async () => {
      const { status, body } = await form('long', 4);
      expect(status).toBe(422);
      expect(problemsIn(body).map((problem) => problem.split(':')[0])).toEqual([
        expect.stringMatching('^플러그인 제목'),
        '앱 아이디 "0"',
        '카카오싱크 플러그인',
        '옵션선택 플러그인',
        '원클릭결제 플러그인',
      ]);
      const mixed = problemsIn((await form('acme-test', 4)).body);
      expect(mixed.join('\n')).toContain('카카오싱크 플러그인: merchant acme-test has no sync plugin');
      expect(mixed.join('\n')).toContain('옵션타입');
    });

    it.each([
      ['http', 'http://plugin.acme.example', 'is not https'],
      ['another port', 'https://plugin.acme.example:8443/x', 'is not on port 443'],
      ['this machine', 'https://localhost', 'cannot be reached by Kakao'],
    ])('is refused for an address of %s, which is not told in full', async (_what, url, problem) => {
      await running.close();
      running = await startTestApp(appOf([acme, acmeTest, long, many]), {
        database,
        env: { ...PUBLIC, PUBLIC_BASE_URL_OPTION: url },
      });
      const { body } = await form('acme', 1);
      expect(problemsIn(body).length).toBe(2);
      expect(textOf(body)).toContain(problem);
      expect(JSON.stringify(body)).not.toContain('acme-9f2c');
    });

    it('has four scenarios', async () => {
      for (const scenario of ['0', '5', 'x', '']) expect((await form('acme', scenario)).status).toBe(400);
      expect((await form('nobody', 1)).status).toBe(404);
    });
  });

  it('have a checklist that says what is done, what is missing and what only a person sees', async () => {
    const { body } = await ask('/acme-test/checklist');
    const items = body.items as { guide: string; what: string; state: string; found?: string }[];
    expect(items).toContainEqual(expect.objectContaining({ guide: '0.5', state: 'done' }));
    expect(items).toContainEqual(expect.objectContaining({ guide: '0.7', state: 'by-hand' }));
    expect(items).toContainEqual(
      expect.objectContaining({ guide: '0.2', state: 'missing', found: 'without pluginId: option, payment' }),
    );
    const { items: ofMany } = (await ask('/many/checklist')).body as { items: typeof items };
    expect(ofMany).toContainEqual(expect.objectContaining({ guide: '9.2.4', state: 'done' }));
    expect(ofMany).toContainEqual(
      expect.objectContaining({ guide: '9.2.3', state: 'missing', found: 'registration club has no pluginId' }),
    );
    expect(ofMany).toContainEqual(expect.objectContaining({ found: 'without pluginId: sync' }));
    expect(ofMany.filter(({ what }) => what.includes('공개 주소')).map(({ what }) => what.split(':')[0])).toEqual([
      ...['option', 'payment', 'sync', 'option shop', 'option survey', 'payment shop', 'payment order', 'payment club'],
    ]);
    expect(ofMany).toContainEqual(
      expect.objectContaining({
        guide: '6.1',
        state: 'done',
        found: expect.stringContaining(': 28 days ahead') as string,
      }),
    );
    // Nobody is at those addresses: a name that leads nowhere, a closed port.
    const live = (await ask('/acme/checklist')).body.items as typeof items;
    const whatOf = (guide: string) =>
      live
        .filter((each) => each.guide === guide)
        .map(({ what }) => what)
        .join('\n');
    for (const paper of [
      '위치기반서비스 사업자 증빙',
      '사업자등록증',
      '재직증명서',
      '계약서',
      '사업자등록번호',
      '카카오계정',
    ])
      expect(whatOf('0.4')).toContain(paper);
    expect(whatOf('3.2')).toContain('같은 사업자번호의 모든 앱');
    expect(live).toContainEqual(
      expect.objectContaining({ guide: '3.3', found: '이름: 매장 찾기, 사용목적: 가까운 매장 안내, 상세주소: ON' }),
    );
    expect(live).toContainEqual(
      expect.objectContaining({
        guide: '4.2',
        found: '플러그인이름: 영수증, 이용항목: 영수증 사진, 추가입력: 심사필 1호, 보유기간: 7일',
      }),
    );
    expect(whatOf('4.1')).toContain('KAKAO_LINE_PROXY');
    expect(live).toContainEqual(expect.objectContaining({ guide: '6.1', state: 'missing' }));
    const reached = live.filter(({ what }) => what.includes('공개 주소'));
    expect(reached).toHaveLength(6);
    expect(reached.every(({ state }) => state === 'missing')).toBe(true);
    expect(reached.map(({ found }) => found).join('\n')).toMatch(/https:\/\/127\.0\.0\.1:1: ECONNREFUSED/);
    expect(JSON.stringify(body)).not.toContain('acme-9f2c');
  });
});

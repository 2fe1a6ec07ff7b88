import { randomUUID } from 'node:crypto';
import { Merchants } from '@biz/merchant';
import { newId } from '@biz/platform';
import { customerPath, startTestApp, times } from '@biz/testing';
import { paymentApp } from '../src/payment.module';
import { OrderUrlMaker } from '../src/sheets/order-urls';
import { draft } from './drafts';
import { first, second, shop } from './shops';
import { ADDRESS, World } from './world';

const ids = () => ({ id: newId(), attemptId: newId() });

let world: World;
beforeAll(async () => {
  world = await World.start();
});
afterAll(() => world.stop());

describe('T1, the order sheet', () => {
  it('answers the corrected sample of the guide', async () => {
    const sheet = await world.sheet('coffee-sample', '4892761');
    const key = /callback%2F([\w-]{44})$/.exec(sheet.approval_url)?.[1];
    expect(sheet).toEqual({
      rest_api_key: 'first-rest-api-key',
      cid: 'TC0ONETIME',
      partner_order_id: expect.stringMatching(/^[0-9a-f-]{36}$/) as string,
      partner_user_id: '4892761',
      item_name: '아이스 아메리카노 외 1',
      item_code: '345dsf345',
      quantity: 3,
      total_amount: 13_500,
      tax_free_amount: 20,
      vat_amount: 1_225,
      approval_url: `http://127.0.0.1:3000/kakaopay/callback?approval_url=${encodeURIComponent(`${world.app.url}/order/callback/${key!}`)}`,
      cancel_url: expect.stringMatching(new RegExp(`^${world.app.url}/order/cancel/[\\w-]{66}$`)) as string,
      fail_url: expect.stringMatching(new RegExp(`^${world.app.url}/order/fail/[\\w-]{66}$`)) as string,
      order_agreements: [{ company: '데모샵', title: '구매조건 확인 및 결제진행 동의' }],
      use_shipping: false,
      product_urls: ['https://store.kakao.com/etah/products/15884890'],
    });
  });

  it('tells a subscription with its planned charges, agreements and a first amount of 0', async () => {
    const sheet = await world.sheet('subscription-sample', '4892761');
    expect(sheet).toMatchObject({
      cid: 'TCSUBSCRIP',
      total_amount: 0,
      vat_amount: 0,
      automatic_payment: {
        message: '첫달만 무료',
        billing_cycle: '월',
        currency: '원',
        details: [
          { year: 2099, month: 11, day: 23, amount: 0 },
          { year: 2099, month: 12, day: 23, amount: 5_000 },
        ],
      },
      order_agreements: [{ company: '데모샵', title: '구매조건 확인 및 결제진행 동의' }],
    });
  });

  it.each([
    ['3개월', undefined],
    ['분기', undefined],
    ['2주', undefined],
    ['6개월', { count: 6, unit: 'month' }],
    ['격주', { count: 2, unit: 'week' }],
    ['３개월', undefined],
    ['매월 25일', { count: 1, unit: 'month' }],
    ['매월 25일\n'.normalize('NFD'), { count: 1, unit: 'month' }],
  ] as const)('shows the billing cycle in the words of the shop: %s', async (billingCycle, every) => {
    shop.sheets.cycle = () => ({
      lines: [{ name: '정기 이용권', quantity: 1 }],
      totalAmount: 1_000,
      needsShipping: false,
      agreements: [{ company: '데모샵', title: '동의' }],
      subscription: {
        message: 'm',
        billingCycle,
        ...(every && { every }),
        details: [{ date: '2099-11-23', amount: 1_000 }],
        ends: '2100-11-23',
      },
    });
    const { automatic_payment: shown } = await world.sheet(`cycle-${randomUUID()}`, 'one');
    expect(shown).toEqual({
      message: 'm',
      billing_cycle: billingCycle.normalize('NFC').trim(),
      currency: '원',
      details: [{ year: 2099, month: 11, day: 23, amount: 1_000 }],
    });
  });

  it('keeps the order number of a sheet and a user however often and concurrently it is asked', async () => {
    const sheets = await Promise.all(times(20, () => world.sheet('coffee-same', 'one')));
    const other = await world.sheet('coffee-same', 'two');
    expect(new Set(sheets.map(({ partner_order_id }) => partner_order_id)).size).toBe(1);
    expect(other.partner_order_id).not.toBe(sheets[0]!.partner_order_id);
  });

  it('makes the amounts anew for another postal code, until an attempt is under way', async () => {
    await world.setStock('mug', 5);
    const near = await world.sheet('mug-zip', 'islander', '', '13494');
    const far = await world.sheet('mug-zip', 'islander', '', '63001');
    expect([near.total_amount, far.total_amount]).toEqual([12_000, 15_000]);
    expect(far.partner_order_id).toBe(near.partner_order_id);

    const address = { shipping_address: { ...ADDRESS, zone_code: '63001' } };
    await world.approve({ id: far.partner_order_id, user: 'islander' }, world.kakaopay.ready(far), address);
    expect(await world.sheet('mug-zip', 'islander', '', '13494')).toMatchObject({ total_amount: 15_000 });
  });

  it('sums up a long line of goods within 100 characters', async () => {
    shop.sheets.long = () => ({
      lines: [
        { name: '가'.repeat(120), quantity: 1 },
        { name: '나', quantity: 1 },
        { name: '다', quantity: 1 },
      ],
      totalAmount: 1_000,
      needsShipping: false,
    });
    const { item_name: name } = await world.sheet('long-1', 'one');
    expect(name).toHaveLength(100);
    expect(name).toMatch(/^가+… 외 2$/);
  });

  it.each([
    ['120 emoji', '😀'.repeat(120), `${'😀'.repeat(49)}…`],
    ['a name in decomposed hangul', '아이스 아메리카노'.normalize('NFD'), '아이스 아메리카노'],
    ['100 letters in decomposed hangul', '가'.repeat(100).normalize('NFD'), '가'.repeat(100)],
    ['line breaks and changes of direction', '머그\r\n빨강\u2028\u202E큰 것\u0007', '머그 빨강 큰 것'],
    ['families', '👨‍👩‍👧‍👦'.repeat(20), `${'👨‍👩‍👧‍👦'.repeat(9)}…`],
    ['flags', '🇰🇷'.repeat(60), `${'🇰🇷'.repeat(24)}…`],
    ['heaps of marks', `커피${'\u0301'.repeat(200)}`, `커피${'\u0301'.repeat(8)}`],
  ])('names the goods in one visible line of 100 UTF-16 units at most: %s', async (_what, name, shown) => {
    shop.sheets.named = () => ({ lines: [{ name, quantity: 1 }], totalAmount: 1_000, needsShipping: false });
    const { item_name: alone } = await world.sheet(`named-${randomUUID()}`, 'one');
    expect(alone).toBe(shown);
    shop.sheets.named = () => ({
      lines: times(3, () => ({ name, quantity: 1 })),
      totalAmount: 1_000,
      needsShipping: false,
    });
    const { item_name: gathered } = await world.sheet(`named-${randomUUID()}`, 'one');
    expect(gathered).toMatch(/ 외 2$/);
    expect(gathered.length).toBeLessThanOrEqual(100);
    expect(gathered.slice(0, 5)).toBe(shown.slice(0, 5));
  });

  it.each([
    ['an unknown sheet', '/ordersheet?ordersheet_id=nothing', 'one', 300],
    ['no user', '/ordersheet?ordersheet_id=coffee-1', undefined, 400],
    ['a malformed user', '/ordersheet?ordersheet_id=coffee-1', 'a b', 400],
  ])('answers HTTP 200 with the code for %s', async (_what, path, user, status) => {
    expect(await world.get(path, user)).toMatchObject({ http: 200, status });
  });

  it.each([
    ['no sheet id', '/ordersheet'],
    ['two sheet ids', '/ordersheet?ordersheet_id=a&ordersheet_id=b'],
    ['a NUL in the sheet id', '/ordersheet?ordersheet_id=a%00b'],
    ['a postal code of letters', '/ordersheet?ordersheet_id=coffee-1&zip_code=drop'],
  ])('answers HTTP 400 to %s', async (_what, path) => {
    expect(await world.get(path, 'one')).toMatchObject({ http: 400, status: 400 });
  });

  it('answers 301 when the shop is closed and 401 to a restricted user', async () => {
    shop.permission = 'closed';
    expect(await world.get('/ordersheet?ordersheet_id=coffee-1', 'one')).toMatchObject({
      http: 200,
      status: 301,
      message: '매장 운영시간이 아닙니다.',
    });
    shop.permission = 'restricted';
    expect(await world.get('/ordersheet?ordersheet_id=coffee-1', 'one')).toMatchObject({ http: 200, status: 401 });
    shop.permission = 'allowed';
  });

  it('keeps the errors of a shop to itself', async () => {
    shop.sheets.broken = () => {
      throw new Error('password=hunter2');
    };
    const broken = await world.get('/ordersheet?ordersheet_id=broken-1', 'one');
    expect(broken).toMatchObject({ http: 200, status: 500 });
    expect(JSON.stringify(broken)).not.toContain('hunter2');
  });

  it('sells a draft of the option plugin to the user who made it, and to nobody else', async () => {
    const id = await draft(world, 'chooser');
    expect(await world.sheet(id, 'chooser')).toMatchObject({
      item_name: '티셔츠',
      quantity: 2,
      total_amount: 24_000,
      item_code: 'shirt',
    });
    expect(await world.get(`/ordersheet?ordersheet_id=${id}`, 'somebody-else')).toMatchObject({ status: 300 });
    expect(await world.get(`/m/second/ordersheet?ordersheet_id=${id}`, 'chooser')).toMatchObject({ status: 300 });
  });

  it.each([
    ['is free', { total: 0 }],
    ['only asks', { product_kind: 'non-commerce', total: 0 }],
  ])('says in words that a draft cannot be paid that %s', async (_what, values) => {
    const id = await draft(world, 'chooser');
    for (const [column, value] of Object.entries(values)) {
      await world.database.query(`UPDATE commerce.drafts SET ${column} = $2 WHERE id = $1`, [id, value]);
    }
    expect(await world.get(`/ordersheet?ordersheet_id=${id}`, 'chooser')).toEqual({
      http: 200,
      status: 500,
      message: '결제할 금액이 없는 주문입니다.',
    });
  });

  it.each(['wrapped', 'wrapped-twice', 'direct'] as const)(
    'keeps its addresses below 255 characters at an ordinary host with path keys, approvalUrl %s',
    async (approvalUrl) => {
      const merchant = { ...first, plugins: { payment: { api: 'legacy', approvalUrl } } } as const;
      const app = await startTestApp(paymentApp([merchant]), {
        database: world.database,
        env: {
          SERVE_WITHOUT_PATH_KEY: 'false',
          PUBLIC_BASE_URL_PAYMENT: 'https://plugin.flowers.example.com/payment',
          KAKAO_TALK_PLUGIN_ORIGIN: 'https://talk-plugin.kakao.com',
        },
      });
      const urls = app.get(OrderUrlMaker).urlsOf({ ...merchant, secrets: app.get(Merchants).default.secrets }, ids());
      for (const url of Object.values(urls) as string[]) {
        expect(url.length).toBeLessThanOrEqual(255);
        expect(decodeURIComponent(decodeURIComponent(url))).toContain(`${customerPath('/m/first')}/order/`);
      }
      await app.close();
    },
  );

  it('refuses to start when approval_url could not fit into 255 characters', async () => {
    const start = startTestApp(paymentApp([first, second]), {
      database: world.database,
      env: { DEFAULT_MERCHANT: 'first', PUBLIC_BASE_URL_PAYMENT: `https://pay.shop.example/${'a'.repeat(120)}` },
    });
    await expect(start).rejects.toThrow(/PUBLIC_BASE_URL_PAYMENT: merchant first .* KakaoPay allows 255/);
  });
});

describe('the addresses of an order', () => {
  const pathOf = (url: string): string => new URL(new URL(url).searchParams.get('approval_url') ?? url).pathname;

  it.each(['cancel', 'fail'] as const)('have a key for each purpose: %s_url', async (how) => {
    const [order, other] = [await world.orderAwaitingPayment(), await world.orderAwaitingPayment()];
    const keyOf = (url: string): string => pathOf(url).split('/').at(-1)!;
    const { approval_url, cancel_url, fail_url } = order.sheet;
    const [own, sibling] = how === 'cancel' ? [cancel_url, fail_url] : [fail_url, cancel_url];
    const path = pathOf(own);
    const otherKey = keyOf(how === 'cancel' ? other.sheet.cancel_url : other.sheet.fail_url);
    for (const key of [
      keyOf(approval_url),
      keyOf(sibling),
      keyOf(own).slice(0, 22) + otherKey.slice(22),
      otherKey.slice(0, 44) + keyOf(own).slice(44),
      keyOf(own).slice(0, 22) + 'A'.repeat(22) + keyOf(approval_url).slice(22),
      `${keyOf(own)}A`,
      keyOf(own).slice(0, -1),
    ]) {
      expect(await world.get(`/order/${how}/${key}`)).toMatchObject({ http: 200, status: 300 });
    }
    for (const query of [
      'partner_user_id=stranger',
      `partner_order_id=${other.id}`,
      `partner_user_id=${order.user}&partner_user_id=stranger`,
      `partner_order_id=${order.id}&partner_user_id=${other.user}`,
      'partner_user_id[]=stranger&partner_user_id=%20',
    ]) {
      expect(await world.get(`${path}?${query}`)).toMatchObject({ http: 200, status: 300 });
    }
    // Another merchant's key does not open it either.
    expect(await world.get(customerPath('/m/second') + path)).toMatchObject({ http: 200, status: 300 });
    // Nor do cancel and fail keys take a token.
    expect(await world.get(`/order/callback/${keyOf(own)}?pg_token=x`)).toMatchObject({ http: 200, status: 300 });
    expect((await world.detail(order.id)).state).toBe('pending');
    expect((await world.detail(other.id)).state).toBe('pending');

    expect(await world.get(`${path}?partner_order_id=${order.id}&partner_user_id=${order.user}`)).toMatchObject({
      status: 200,
    });
    expect((await world.detail(order.id)).state).toBe(how === 'cancel' ? 'cancelled' : 'failed');
  });

  it.each(['cancel_url', 'fail_url'] as const)(
    'do not end a payment by the %s of a T1 that came while the buyer was already paying',
    async (field) => {
      const user = `user-${randomUUID()}`;
      const sheetId = `coffee-${randomUUID()}`;
      const sheet = await world.sheet(sheetId, user);
      const tid = world.kakaopay.ready(sheet);
      const order = { id: sheet.partner_order_id, user, prefix: '', sheet, tid, token: '' };
      await world.approve(order, tid);
      const overheard = await world.sheet(sheetId, user);
      expect(overheard.partner_order_id).toBe(order.id);
      expect(await world.get(pathOf(overheard[field]))).toMatchObject({ http: 200, status: 300 });
      expect(await world.status(order)).toEqual({ order_status: 'W' });

      // The same T1 is good for the attempt that follows it, and the first one for any.
      await world.approve(order, world.kakaopay.ready(overheard));
      expect(await world.get(pathOf(overheard[field]))).toMatchObject({ http: 200, status: 200 });
      expect((await world.detail(order.id)).state).toBe(field === 'cancel_url' ? 'cancelled' : 'failed');
    },
  );

  it("are those of each user's own order of a sheet, which no other user's id reaches", async () => {
    const sheetId = `coffee-${randomUUID()}`;
    const [mine, theirs] = [await world.sheet(sheetId, 'user-mine'), await world.sheet(sheetId, 'user-theirs')];
    expect(mine.partner_order_id).not.toBe(theirs.partner_order_id);
    expect([mine.partner_user_id, theirs.partner_user_id]).toEqual(['user-mine', 'user-theirs']);
    await world.approve({ id: mine.partner_order_id, user: 'user-mine' }, world.kakaopay.ready(mine));
    expect(await world.get(pathOf(theirs.cancel_url))).toMatchObject({ status: 200 });
    expect(await world.get(`${pathOf(theirs.cancel_url)}?partner_user_id=user-mine`)).toMatchObject({ status: 300 });
    expect(await world.get(`${pathOf(mine.cancel_url)}?partner_user_id=user-theirs`)).toMatchObject({ status: 300 });
    expect((await world.detail(mine.partner_order_id)).state).toBe('pending');
  });
});

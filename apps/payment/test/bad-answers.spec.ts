import { eventually } from '@biz/testing';
import { shop } from './shops';
import { World } from './world';

describe('what a shop answers', () => {
  let world: World;
  let log = '';
  beforeAll(async () => {
    world = await World.start();
    await world.app.close();
    world.app = await world.startInstance({ write: (line: string) => void (log += line) });
  });
  afterAll(() => world.stop());

  const LINE = { name: '커피', quantity: 1 };
  const PLAN = { message: 'm', billingCycle: '월', details: [{ date: '2099-11-23', amount: 1_000 }] };
  const AGREED = { company: '데모샵', title: '동의' };
  it.each<[string, unknown, string]>([
    ['a negative amount', { totalAmount: -1 }, 'totalAmount'],
    ['half a won', { totalAmount: 10.5 }, 'totalAmount'],
    ['more shipping than money', { shippingAmount: 2_147_483_647 }, 'shippingAmount'],
    ['a sum that was none', { taxFreeAmount: null }, 'taxFreeAmount must not be null'],
    ['a slip of the pen', { taxfreeAmount: 5 }, 'taxfreeAmount is no field here'],
    ['no goods', { lines: [] }, 'lines must not be empty'],
    ['nothing for goods', { lines: [null] }, 'lines[0] must be an object'],
    ['nothing beside goods', { lines: [null, LINE] }, 'lines[0] must be an object'],
    ['a list for goods', { lines: [LINE, [LINE]] }, 'lines[1] must be an object'],
    ['half an emoji', { lines: [LINE, { ...LINE, name: '커피 \uD83D' }] }, 'lines[1].name'],
    ['NUL', { lines: [{ ...LINE, name: '커\0피' }] }, 'lines[0].name'],
    ['a name of blanks', { lines: [{ ...LINE, name: ' \u200B\u3164' }] }, 'lines[0].name'],
    ['half an emoji for a code', { itemCode: '\uDE00' }, 'itemCode'],
    ['a code of two lines', { itemCode: 'a\nb' }, 'itemCode'],
    ['a code of 51 emoji', { itemCode: '😀'.repeat(51) }, 'itemCode'],
    ['more VAT than money', { totalAmount: 10, vatAmount: 11 }, 'totalAmount'],
    ['a free order that is no subscription', { totalAmount: 0 }, 'totalAmount'],
    ['null for agreements', { agreements: [AGREED, null] }, 'agreements[1] must be an object'],
    ['a script for an agreement', { agreements: [{ ...AGREED, url: 'javascript:alert(1)' }] }, 'agreements[0].url'],
    ['a plain http agreement', { agreements: [{ ...AGREED, url: 'http://shop.example/' }] }, 'agreements[0].url'],
    ['a script for goods', { productUrls: ['https://shop.example/', 'JavaScript:alert(1)'] }, 'productUrls[1]'],
    ['a broken address', { productUrls: ['https://shop.example/\n.evil.example'] }, 'productUrls[0]'],
    ['an address with a password', { productUrls: ['https://shop.example@evil.example/'] }, 'productUrls[0]'],
    ['null for an address', { productUrls: [null] }, 'productUrls[0]'],
    ['a subscription without agreements', { subscription: PLAN }, 'agreements must not be empty'],
    [
      'a planned charge of nothing',
      { agreements: [AGREED], subscription: { ...PLAN, details: [PLAN.details[0], null] } },
      'subscription.details[1] must be an object',
    ],
    ...(
      [
        ['words of its own without a period', { billingCycle: '매월 25일' }, 'billingCycle is in words of its own'],
        ['a cycle of blanks', { billingCycle: '\u200B' }, 'billingCycle must be a text'],
        ['another period than the buyer is shown', { every: { count: 1, unit: 'week' } }, 'every must be the period'],
        ['a period of no length', { every: { count: 0, unit: 'month' } }, 'every.count must be a whole number'],
        ['a period of a kind of its own', { every: { count: 1, unit: 'moon' } }, 'every.unit must be one of'],
        ['a slip in the period', { every: { count: 1, unit: 'month', units: 2 } }, 'every.units is no field here'],
        [
          'another first payment than the total',
          { details: [{ date: '2099-11-23', amount: 999 }] },
          'details[0].amount',
        ],
        ['no planned charge', { details: [] }, 'details must not be empty'],
        ['a day that is none', { details: [{ date: '2099-02-30', amount: 1_000 }] }, 'details[0].date must be a day'],
        [
          'days that are over',
          { details: [{ date: '2026-01-01', amount: 1_000 }] },
          'details[0].date must not be over',
        ],
        ['one day twice', { details: [...PLAN.details, ...PLAN.details] }, 'details[1].date must be later'],
        [
          'days that go backwards',
          { details: [...PLAN.details, { date: '2099-10-23', amount: 1 }] },
          'details[1].date must be later',
        ],
        ['an end that is none', { ends: 'sometime' }, 'ends must be after-details, never or a day'],
        ['null for an end', { ends: null }, 'ends must not be null'],
        ['an end at once', { ends: 'after-details' }, 'ends must leave a charge'],
        ['an end before its charges', { ends: '2099-11-22' }, 'details[0].date must not be after the end of the plan'],
      ] as const
    ).map(([what, plan, told]): [string, unknown, string] => [
      what,
      { agreements: [AGREED], subscription: { ...PLAN, ...plan } },
      `subscription.${told}`,
    ]),
    ['texts for a subscription', { agreements: [AGREED], subscription: 'monthly' }, 'subscription must be an object'],
  ])("tells %s as the shop's own mistake: merchant, port and field", async (_what, wrong, field) => {
    shop.sheets.wrong = () => ({ lines: [LINE], totalAmount: 1_000, needsShipping: false, ...(wrong as object) });
    log = '';
    expect(await world.get('/ordersheet?ordersheet_id=wrong-1', 'one')).toEqual({
      http: 200,
      status: 500,
      message: '주문 정보를 불러오지 못했습니다. 잠시 후 다시 시도해 주세요.',
    });
    await eventually(() => {
      const line = log.split('\n').find((each) => each.includes('ShopAnswerRefused')) ?? '';
      expect(line).toContain('"merchant":"first"');
      expect(line).toContain('merchant first: OrderSheetSource answered what cannot be used');
      expect(line).toContain(field);
    });
  });

  it.each([null, true, 'open', ['allowed'], { permission: 'open' }])(
    'tells a policy that answers %j the same way',
    async (answer) => {
      shop.permission = answer as never;
      log = '';
      expect(await world.get('/ordersheet?ordersheet_id=coffee-1', 'one')).toMatchObject({
        http: 200,
        status: 500,
        message: expect.stringMatching(/[가-힣]/) as string,
      });
      shop.permission = 'allowed';
      await eventually(() => {
        expect(log).toContain('merchant first: OrderPolicy answered what cannot be used: ');
      });
    },
  );
});

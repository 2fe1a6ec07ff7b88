import { randomUUID } from 'node:crypto';
import { choices } from '@biz/commerce';
import type { Product } from '@biz/commerce';
import { eventually } from '@biz/testing';
import { ADDRESS } from '../apps/payment/test/world';
import { newUser, TaskChain } from './task-chain';

let chain: TaskChain;

beforeAll(async () => {
  chain = await TaskChain.start();
});
afterAll(() => chain.stop());

describe('a product is sold as an order sheet is', () => {
  /** 15,000 won, of it 10,000 tax-free; sent for 3,000, from 40,000 on for nothing, to Jeju for 3,000 more. */
  const book = (id: string, changes: Partial<Product> = {}): Product => ({
    id,
    name: '책',
    kind: 'commerce',
    price: 15_000,
    taxFreeAmount: 10_000,
    maxQuantity: 9,
    useShipping: true,
    shipping: { fee: 3_000, freeFrom: 40_000, areas: [{ name: '제주', from: '63000', to: '63644', extra: 3_000 }] },
    agreements: [{ company: '책방', title: '구매조건 확인 및 결제진행 동의', url: 'https://shop.example/terms' }],
    productUrls: ['https://shop.example/book'],
    groups: [choices('추가', [{ value: '포장', addPrice: 2_000 }], { required: false })],
    ...changes,
  });
  const wrapped = { option_group_id: '추가', option_id: '포장', add_price: 2_000 };
  const chosenBook = async (id: string, user: string, quantity = 1): Promise<string> => {
    const answer = await chain.t2({ id, price: 15_000, quantity, option_groups: [wrapped] }, user);
    expect(answer).toMatchObject({ status: 200 });
    return answer.data ?? '';
  };
  const address = (zone_code: string): object => ({ shipping_address: { ...ADDRESS, zone_code } });

  it('with shipping by the postal code, agreements, addresses and its tax-free part', async () => {
    const user = newUser();
    await chain.save(book('sent'));
    const draft = await chosenBook('sent', user);
    const anywhere = await chain.world.sheet(draft, user);
    expect(anywhere).toMatchObject({
      total_amount: 20_000,
      tax_free_amount: 10_000,
      vat_amount: 909,
      use_shipping: true,
      item_name: '책',
      order_agreements: [
        { company: '책방', title: '구매조건 확인 및 결제진행 동의', url: 'https://shop.example/terms' },
      ],
      product_urls: ['https://shop.example/book'],
    });
    expect(await chain.world.sheet(draft, user, '', '13494')).toMatchObject({ total_amount: 20_000 });
    expect(await chain.world.sheet(draft, user, '', '63100')).toMatchObject({
      partner_order_id: anywhere.partner_order_id,
      total_amount: 23_000,
      tax_free_amount: 10_000,
      vat_amount: 1_182,
    });
    const many = await chosenBook('sent', user, 3);
    expect(await chain.world.sheet(many, user, '', '13494')).toMatchObject({
      total_amount: 51_000,
      tax_free_amount: 30_000,
    });
    expect(await chain.world.sheet(many, user, '', '63100')).toMatchObject({
      total_amount: 54_000,
      tax_free_amount: 30_000,
    });
  });

  it('is paid for the address of T2, and given back with the tax-free part split', async () => {
    const user = newUser();
    await chain.save(book('back'));
    const sheet = await chain.world.sheet(await chosenBook('back', user), user, '', '63100');
    const tid = chain.world.kakaopay.ready(sheet);
    const order = {
      id: sheet.partner_order_id,
      user,
      prefix: '',
      sheet,
      tid,
      token: chain.world.kakaopay.authenticate(tid),
    };
    expect(await chain.world.approve(order, tid, address('13494'))).toMatchObject({ status: 500 });
    expect(await chain.world.approve(order, tid, address('63100'))).toMatchObject({ status: 200 });
    await chain.world.callback(order);
    await chain.world.until(order, 'S');
    expect(chain.world.kakaopay.charged(tid)).toEqual([23_000]);
    await eventually(() => {
      expect(chain.world.about(order.id)).toMatchObject([
        { type: 'payment.paid', data: { zipCode: '63100', totalAmount: 23_000, shippingAmount: 6_000 } },
      ]);
    });
    for (const body of [{ amount: 11_500 }, {}])
      expect((await chain.world.cancel(order.id, randomUUID(), { ...body, reason: '고객 변심' })).http).toBe(202);
    await eventually(async () => {
      const { refunds } = await chain.world.detail(order.id);
      expect(
        refunds.map(({ state, amount, taxFreeAmount, vatAmount }) => [state, amount, taxFreeAmount, vatAmount]),
      ).toEqual([
        ['done', 11_500, 5_000, 591],
        ['done', 11_500, 5_000, 591],
      ]);
    });
  });

  it('by the rule as it is now, until the buyer is paying', async () => {
    const user = newUser();
    await chain.save(book('dearer'));
    const draft = await chosenBook('dearer', user);
    expect(await chain.world.sheet(draft, user, '', '63100')).toMatchObject({ total_amount: 23_000 });
    await chain.save(book('dearer', { shipping: { fee: 5_000 }, taxFreeAmount: 15_000, agreements: undefined }));
    const sheet = await chain.world.sheet(draft, user, '', '63100');
    expect(sheet).toMatchObject({ total_amount: 22_000, tax_free_amount: 15_000 });
    expect(sheet.order_agreements).toBeUndefined();
    const order = { id: sheet.partner_order_id, user };
    expect(await chain.world.approve(order, chain.world.kakaopay.ready(sheet), address('63100'))).toMatchObject({
      status: 200,
    });
    await chain.save(book('dearer', { shipping: { fee: 9_000 } }));
    expect(await chain.world.sheet(draft, user, '', '63100')).toMatchObject({
      total_amount: 22_000,
      tax_free_amount: 15_000,
    });
    // Also when the time to pay the draft is over meanwhile.
    await chain.world.database.query('UPDATE commerce.drafts SET expires_at = created_at WHERE id = $1', [draft]);
    expect(await chain.world.sheet(draft, user, '', '63100')).toMatchObject({
      partner_order_id: order.id,
      total_amount: 22_000,
    });
  });

  it('and is payable when only its shipping costs', async () => {
    const user = newUser();
    await chain.save(book('sample', { price: undefined, taxFreeAmount: undefined, groups: [] }));
    const { data: draft = '' } = await chain.t2({ id: 'sample', option_groups: [] }, user);
    expect(await chain.world.sheet(draft, user)).toMatchObject({
      total_amount: 3_000,
      tax_free_amount: 0,
      vat_amount: 273,
    });
  });
});

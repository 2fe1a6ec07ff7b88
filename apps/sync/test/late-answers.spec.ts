import { eventually, timed } from '@biz/testing';
import { CHAT, House, OldShop } from './house';
import { CI, STEPS } from './kakao';

let house: House;

describe('when Kakao answers later than a customer waits', () => {
  beforeAll(async () => {
    house = await House.start({ budgetMs: 150 });
  });
  beforeEach(() => house.reset());
  afterAll(async () => {
    await house.database.drop();
    await house.kakao.http.close();
  });

  it.each(STEPS)('the customer goes back and the late answer counts, without asking twice: %s', async (step) => {
    const release = house.kakao.hold(step);

    expect((await house.login(`slow-${step}`)).headers.get('location')).toBe(CHAT);

    expect(await house.members()).toEqual([]);
    release();
    await eventually(() => {
      expect(house.kakao.told().map(({ type }) => type)).toEqual(['member.joined']);
    });
    expect(house.kakao.calls(step)).toBe(1);
    expect((await house.operator('sync-errors')).items).toEqual([]);
  });

  it('nobody waits for a shop that hangs either: the match follows when it answers', async () => {
    const directory = house.app.get(OldShop);
    let release = (): void => undefined;
    const mended = new Promise<void>((resolve) => (release = resolve));
    directory.answers.push(
      () => new Promise(() => undefined),
      () => mended.then(() => ({ memberId: 'member-4' })),
    );
    directory.byCi.set(CI, 'member-4');

    const { result, ms } = await timed(() => house.login('shop-hangs', { below: '/m/old-shop' }));
    expect(result.headers.get('location')).toBe(CHAT);
    expect(ms).toBeLessThan(1_500);

    expect(await house.members()).toEqual([]);
    release();
    await eventually(async () => {
      expect((await house.members())[0]).toMatchObject({ match: 'matched', shop_member_id: 'member-4' });
    });
    const { items } = await house.operator('sync-errors');
    expect(items.map(({ step, reason, state }) => [step, reason, state])).toEqual([
      ['match', 'DIRECTORY_FAILED ShopLate', 'recovered'],
    ]);
  });

  it('an app that stops takes it first', async () => {
    house.kakao.fault('token', { delayMs: 500 });
    await house.login('stopping');

    await house.app.close();

    expect(await house.members()).toHaveLength(1);
  });
});

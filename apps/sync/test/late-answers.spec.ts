import { eventually } from '@biz/testing';
import { CHAT, House } from './house';
import { STEPS } from './kakao';

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
    house.kakao.fault(step, { delayMs: 1_000 });

    expect((await house.login(`slow-${step}`)).headers.get('location')).toBe(CHAT);

    expect(await house.members()).toEqual([]);
    await eventually(() => {
      expect(house.kakao.told().map(({ type }) => type)).toEqual(['member.joined']);
    });
    expect(house.kakao.calls(step)).toBe(1);
    expect((await house.operator('sync-errors')).items).toEqual([]);
  });

  it('an app that stops takes it first', async () => {
    house.kakao.fault('token', { delayMs: 500 });
    await house.login('stopping');

    await house.app.close();

    expect(await house.members()).toHaveLength(1);
  });
});

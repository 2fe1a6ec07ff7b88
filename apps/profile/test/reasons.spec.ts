import { Stage } from '../../../libs/capture/test/stage';
import { profileApp } from '../src/profile.module';

const PROFILE = {
  nickname: '루카스',
  email: 'lukas@example.com',
  birthyear: '1988',
  shipping_address: {
    base_address: '경기 성남시 분당구 판교역로 235 (삼평동)',
    receiver_name: '홍길동',
    zone_code: 13529,
  },
};

describe('the reason for a look', () => {
  let stage: Stage;
  let id: string;
  beforeAll(async () => {
    stage = await Stage.open(profileApp);
    await stage.callback(
      stage.otp('onetimeprofile', () => ({ json: PROFILE })),
      'looked-at',
    );
    ({ id } = await stage.reaches('looked-at', 'delivered'));
  });
  afterAll(() => stage.close());

  const look = (reason: string): Promise<{ body: Record<string, unknown> }> =>
    stage.operator('GET', `/captures/${id}`, { 'x-access-reason': encodeURIComponent(reason) });
  const written = async (): Promise<string[]> =>
    (await stage.database.query<{ reason: string }>('SELECT reason FROM privacy.accesses ORDER BY seq')).map(
      ({ reason }) => reason,
    );

  it.each(['', ' ', '%20', '%E2%80%8B', '%E3%80%80', '...', '%00'])(
    'is none when it says nothing: %j',
    async (header) => {
      const before = await written();
      const { body } = await stage.operator('GET', `/captures/${id}`, { 'x-access-reason': header });
      expect(body).toMatchObject({ id });
      expect(body).not.toHaveProperty('personalData');
      expect(await written()).toEqual(before);
    },
  );

  it.each([
    ['010 1234 5678 고객 문의', '[phone] 고객 문의'],
    ['전화: 010-1234-5678로 연락', '전화: [phone]로 연락'],
    ['+82-10-1234-5678', '[phone]'],
    ['+82 10 1234 5678 / 82.10.1234.5678', '[phone] / [phone]'],
    ['０１０－１２３４－５６７８ 문의', '[phone] 문의'],
    ['010‑1234–5678, 01012345678', '[phone], [phone]'],
    ['사무실 02-123-4567, (031) 789-1234, 070-1234-5678', '사무실 [phone], [phone], [phone]'],
    ['주민등록번호 880101-1234567 확인', '주민등록번호 [resident number] 확인'],
    ['8801011234567', '[resident number]'],
    ['카드 1234-5678-9012-3456', '카드 [card]'],
    ['kim@shop.co.kr 요청', '[email] 요청'],
    ['주문 20201208-0001, 티켓 #4711, 2026-11-23', '주문 20201208-0001, 티켓 #4711, 2026-11-23'],
  ])('is written without numbers of people: %s', async (reason, expected) => {
    expect((await look(reason)).body).toHaveProperty('personalData');
    expect((await written()).at(-1)).toBe(expected);
  });

  it.each([
    ['홍길동 고객 배송 문의', '[cut] 고객 배송 문의'],
    ['LUKAS＠example.com 문의', '[email] 문의'],
    ['루카스님, 판교역로235 로 배송', '[cut]님, [cut][cut] 로 배송'],
    ['우편번호 13529', '우편번호 [cut]'],
    ['배송 문의 (티켓 4711)', '배송 문의 (티켓 4711)'],
  ])('is written without what it is about: %s', async (reason, expected) => {
    expect((await look(reason)).body).toHaveProperty('personalData');
    expect((await written()).at(-1)).toBe(expected);
  });

  it('leaves nothing of the customer in the clear', async () => {
    const clear = await stage.inTheClear();
    for (const secret of ['루카스', '홍길동', '판교역로', '1234-5678', '1234 5678', '880101', '１２３４'])
      expect([secret, clear.includes(secret)]).toEqual([secret, false]);
  });
});

import { eventually } from '@biz/testing';
import { Stage } from '../../../libs/capture/test/stage';
import { locationApp } from '../src/location.module';

const LOCATION = {
  latitude: 37.40201073377386,
  longitude: 127.10849451749681,
  land_address: { address_name: '경기 성남시 분당구 삼평동 681', main_address_no: '681', sub_address_no: '' },
  detail: '8층 카카오',
};

describe('the location app', () => {
  let stage: Stage;

  beforeAll(async () => {
    stage = await Stage.open(locationApp);
  });
  afterAll(() => stage.close());

  it('asks for version 2 and delivers where the customer is, and through which service', async () => {
    const otp = stage.otp('current_location', () => ({ json: LOCATION }));
    const extra = { app: { name: '플러그인 데모', company: 'wuhu wuhu' } };
    const answer = await stage.post('/callback', { otp, extra }, { 'x-kakao-plugin-relay-id': 'here' });
    expect(answer).toEqual({ status: 200, body: { status: 200 } });

    const capture = await stage.reaches('here', 'delivered');
    expect(capture).toMatchObject({
      kind: 'location',
      plugin: 'location',
      service: { name: '플러그인 데모', company: 'wuhu wuhu' },
    });
    expect(stage.events('here')).toMatchObject([
      {
        type: 'location.received',
        data: {
          id: capture.id,
          merchant: 'test-shop',
          relayId: 'here',
          location: {
            latitude: 37.40201073377386,
            longitude: 127.10849451749681,
            landAddress: { addressName: '경기 성남시 분당구 삼평동 681', mainAddressNo: '681' },
            detail: '8층 카카오',
          },
          service: { name: '플러그인 데모', company: 'wuhu wuhu' },
        },
      },
    ]);
    expect(stage.events('here')[0]?.data.location).not.toHaveProperty('landAddress.subAddressNo');
    expect(stage.kakao.requests.at(-1)?.query.toString()).toBe('rest_api_key=test-shop-rest-key&version=v2');
  });

  it.each([
    ['conpany', { app: { name: 'a', conpany: 'b' } }, { name: 'a', company: 'b' }],
    ['no-company', { app: { name: 'a' } }, { name: 'a' }],
    ['odd-types', { app: { name: 5, company: null, other: [] } }, undefined],
    ['empty', {}, undefined],
    ['nothing', undefined, undefined],
  ])('reads the service tolerantly: %s', async (relayId, extra, service) => {
    const otp = stage.otp('current_location', () => ({ json: LOCATION }));
    await stage.post(`/callback?relay_id=${relayId}`, { otp, extra });
    expect((await stage.reaches(relayId, 'delivered')).service).toEqual(service);
  });

  it('tells the shop when Kakao cannot hand the location over', async () => {
    const otp = stage.otp('current_location', () => ({ json: { is_usable_user: false } }));
    await stage.callback(otp, 'nowhere');
    const { id } = await stage.reaches('nowhere', 'unavailable');
    await eventually(() => {
      expect(stage.events('nowhere')).toMatchObject([
        { type: 'location.unavailable', data: { id, merchant: 'test-shop' } },
      ]);
    });
    expect((await stage.capture('nowhere')).state).toBe('unavailable');
  });

  it('refuses the OTP of another plugin', async () => {
    for (const segment of ['onetimeprofile', 'profile', 'secure_image']) {
      expect((await stage.callback(`${stage.kakao.url}/otp/abc/${segment}`)).status).toBe(400);
    }
    expect(stage.kakao.requests.filter(({ path }) => path.startsWith('/otp/abc'))).toEqual([]);
  });

  it('leaves no place in the clear', async () => {
    const clear = await stage.inTheClear();
    for (const secret of ['37.402', '127.108', '삼평동', '8층', 'rest-key']) {
      expect([secret, clear.includes(secret)]).toEqual([secret, false]);
    }
  });
});

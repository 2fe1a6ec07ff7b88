import { eventually } from '@biz/testing';
import { OPERATOR, Stage } from '../../../libs/capture/test/stage';
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
      consent: { scopes: ['location'], name: '매장 찾기', purpose: '가까운 매장', detailAddress: true, retainDays: 1 },
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
          detailAsked: true,
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
    ['half-a-letter', { app: { name: 'a\ud800', company: 'b' } }, { name: 'a\ufffd', company: 'b' }],
    ['cut-letter', { app: { name: `${'a'.repeat(199)}😀` } }, { name: `${'a'.repeat(199)}\ufffd` }],
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
    expect((await stage.operator('POST', `/captures/${id}/retry`)).status).toBe(409);
  });

  it('refuses the OTP of another plugin', async () => {
    for (const segment of ['onetimeprofile', 'profile', 'secure_image']) {
      expect((await stage.callback(`${stage.kakao.url}/otp/abc/${segment}`)).status).toBe(400);
    }
    expect(stage.kakao.requests.filter(({ path }) => path.startsWith('/otp/abc'))).toEqual([]);
  });

  describe('the record of collected and provided locations', () => {
    const factsOf = async (relayId: string): Promise<Record<string, unknown>[]> => {
      const { body } = await stage.operator('GET', '/location-facts?limit=100');
      return (body.items as Record<string, unknown>[]).filter(({ subject }) => subject === relayId).reverse();
    };

    it('has who, how, for which service, to whom, what for and when; never where', async () => {
      const otp = stage.otp('current_location', () => ({ json: LOCATION }));
      const extra = { app: { name: '플러그인 데모', company: 'wuhu wuhu' } };
      await stage.post('/callback', { otp, extra }, { 'x-kakao-plugin-relay-id': 'recorded' });
      const { id } = await stage.reaches('recorded', 'delivered');
      const fact = {
        id: expect.any(String) as string,
        at: stage.clock.now().toISOString(),
        subject: 'recorded',
        source: '카카오톡 위치전송 플러그인 (OTP)',
        service: '플러그인 데모, wuhu wuhu',
        purpose: '가까운 매장',
        merchant: 'test-shop',
        captureId: id,
      };
      expect(await factsOf('recorded')).toEqual([
        { ...fact, kind: 'collected' },
        { ...fact, kind: 'provided', receiver: '시험 가게' },
      ]);
    });

    it('stands apart: erasing the location keeps it', async () => {
      const otp = stage.otp('current_location', () => ({ json: LOCATION }));
      await stage.callback(otp, 'outlived');
      const { id } = await stage.reaches('outlived', 'delivered');
      await stage.operator('DELETE', `/captures/${id}`);
      expect(await factsOf('outlived')).toMatchObject([{ kind: 'collected' }, { kind: 'provided' }]);
      for (const sql of [
        `UPDATE privacy.location_facts SET receiver = 'x'`,
        'DELETE FROM privacy.location_facts',
        'TRUNCATE privacy.location_facts',
      ]) {
        await expect(stage.database.query(sql)).rejects.toThrow('append-only, and kept for 6 months');
      }
    });

    it('has a location that was collected and never provided, or that nobody could read', async () => {
      stage.shop.on('POST /hook', { status: 503 });
      try {
        const otp = stage.otp('current_location', () => ({ json: LOCATION }));
        await stage.callback(otp, 'undelivered');
        await stage.reaches('undelivered', 'redeemed');
        expect(await factsOf('undelivered')).toMatchObject([{ kind: 'collected' }]);
      } finally {
        stage.shop.on('POST /hook', { status: 204 });
      }
      const otp = stage.otp('current_location', () => ({ text: '<html>37.4, 127.1</html>' }));
      await stage.callback(otp, 'unread');
      const { id } = await stage.clock.advanceUntil(600, async () => {
        const capture = await stage.capture('unread');
        expect(capture.state).toBe('failed');
        return capture;
      });
      await stage.operator('POST', `/captures/${id}/retry`);
      await stage.clock.advanceUntil(600, () => {
        expect(stage.events('unread')).toHaveLength(2);
      });
      expect(await factsOf('unread')).toMatchObject([{ kind: 'collected' }]);
    });

    it('has none of a location that Kakao did not hand over', async () => {
      await stage.callback(
        stage.otp('current_location', () => ({ json: { is_usable_user: false } })),
        'not-usable',
      );
      await stage.reaches('not-usable', 'unavailable');
      await stage.callback(
        stage.otp('current_location', () => ({ status: 404 })),
        'not-found',
      );
      await stage.reaches('not-found', 'failed');
      expect([await factsOf('not-usable'), await factsOf('not-found')]).toEqual([[], []]);
    });

    it('is written in the transaction that keeps the location, or neither is', async () => {
      await stage.database.query(`
        CREATE FUNCTION privacy.crash() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RAISE EXCEPTION 'crash'; END $$;
        CREATE TRIGGER crash BEFORE INSERT ON privacy.location_facts FOR EACH ROW WHEN (NEW.subject = 'crashed')
          EXECUTE FUNCTION privacy.crash()`);
      const otp = stage.otp('current_location', () => ({ json: LOCATION }));
      await stage.callback(otp, 'crashed');
      await eventually(() => {
        expect(stage.logs.join('')).toContain('crash');
      });
      expect([(await stage.capture('crashed')).state, stage.events('crashed')]).toEqual(['pending', []]);
      await stage.database.query('DROP TRIGGER crash ON privacy.location_facts');
      stage.clock.advance(60_000);
      await stage.reaches('crashed', 'delivered');
      expect(await factsOf('crashed')).toHaveLength(2);
    });

    it('is exported as a file', async () => {
      const response = await fetch(`${stage.app.url}/operator/location-facts/export`, { headers: OPERATOR });
      const [head, ...rows] = (await response.text()).trim().split('\r\n');
      expect(head).toContain('at,kind,subject,source,service,receiver,purpose,merchant,captureId');
      expect(rows.filter((row) => row.includes(',recorded,'))).toEqual([
        expect.stringContaining(',collected,') as string,
        expect.stringContaining(',시험 가게,가까운 매장,') as string,
      ]);
    });
  });

  it('leaves no place in the clear', async () => {
    const clear = await stage.inTheClear();
    for (const secret of ['37.402', '127.108', '삼평동', '8층', 'rest-key']) {
      expect([secret, clear.includes(secret)]).toEqual([secret, false]);
    }
  });
});

import { createHash } from 'node:crypto';
import { Vault } from '@biz/platform';
import { DataSource } from 'typeorm';
import { eventually, times } from '@biz/testing';
import { Stage } from '../../../libs/capture/test/stage';
import { HOSTILE_URLS } from '../../../libs/otp-client/test/hostile-urls';
import { profileApp } from '../src/profile.module';
import { PROFILE, SECRETS } from './profile-answer';

describe('the profile app', () => {
  let stage: Stage;
  let relays = 0;
  const relay = (): string => `relay-${++relays}`;

  beforeAll(async () => {
    stage = await Stage.open(profileApp);
  });
  afterAll(() => stage.close());

  const profileOtp = (): string => stage.otp('onetimeprofile', () => ({ json: PROFILE }));

  it('answers at once, redeems, and delivers what the customer agreed to', async () => {
    const otp = profileOtp();
    const relayId = relay();

    expect(await stage.callback(otp, relayId)).toEqual({ status: 200, body: { status: 200 } });

    const capture = await stage.reaches(relayId, 'delivered');
    expect(capture).toMatchObject({
      merchant: 'test-shop',
      kind: 'profile',
      plugin: 'delivery',
      consent: { scopes: ['nickname', 'phone_number', 'shipping_address'], purpose: '배송', retainDays: 30 },
    });
    expect(stage.events(relayId)).toEqual([
      {
        id: expect.any(String) as string,
        type: 'profile.received',
        timestamp: expect.any(String) as string,
        data: {
          id: capture.id,
          merchant: 'test-shop',
          kind: 'profile',
          plugin: 'delivery',
          relayId,
          relay: { state: 'foreign' },
          receivedAt: stage.clock.now().toISOString(),
          profile: {
            nickname: '홍길동',
            phoneNumber: { raw: '+82 010-1234-5678', e164: '+821012345678' },
            shippingAddress: { id: '9223372036854775807', baseAddress: '경기도 성남시 분당구', receiverName: '성춘향' },
          },
        },
      },
    ]);
    const request = stage.kakao.requests.find(({ path }) => otp.endsWith(path));
    expect(request?.query.toString()).toBe('rest_api_key=test-shop-rest-key');
  });

  it('forgets the OTP address once it is redeemed', async () => {
    const relayId = relay();
    await stage.callback(profileOtp(), relayId);
    const { id } = await stage.reaches(relayId, 'delivered');
    expect(await stage.database.query('SELECT sealed_otp FROM capture.captures WHERE id = $1', [id])).toEqual([
      { sealed_otp: null },
    ]);
  });

  it('makes one capture and one delivery of twenty callbacks at once, one that is late, and one after erasure', async () => {
    const otp = profileOtp();
    const relayId = relay();

    const answers = await Promise.all(times(20, () => stage.callback(otp, relayId)));
    await stage.reaches(relayId, 'delivered');
    answers.push(await stage.callback(otp, relayId));

    // And one when nothing is left of it but the fact.
    const { id } = await stage.capture(relayId);
    await stage.operator('DELETE', `/captures/${id}`);
    answers.push(await stage.callback(otp, relayId));

    expect(answers.every(({ status, body }) => status === 200 && body.status === 200)).toBe(true);
    expect(await stage.capture(relayId)).toMatchObject({ id, state: 'erased' });
    expect(stage.fetched(otp)).toBe(1);
    expect(stage.events(relayId)).toHaveLength(1);
  });

  it('finds the same OTP again by a keyed hash, which nobody can make who has but the address', async () => {
    const otp = profileOtp();
    const relayId = relay();
    await stage.callback(otp, relayId);
    const { id } = await stage.reaches(relayId, 'delivered');
    const [row] = await stage.database.query<{ hash: string }>(
      'SELECT otp_fingerprint AS hash FROM capture.captures WHERE id = $1',
      [id],
    );
    const vault: Vault = stage.app.get(Vault);
    expect(row!.hash).toBe(vault.fingerprint(otp, 'capture.otp'));
    const plain = createHash('sha256').update(otp).digest();
    expect([plain.toString('hex'), plain.toString('base64'), plain.toString('base64url')]).not.toContain(row!.hash);
  });

  it('keeps the same OTP of two merchants apart, each with its own key', async () => {
    const otp = profileOtp();
    const [mine, theirs] = [relay(), relay()];
    await stage.callback(otp, mine);
    await stage.callback(otp, theirs, '/m/other-shop-unguessable-key/callback');
    await stage.reaches(mine, 'delivered');
    expect(await stage.reaches(theirs, 'delivered')).toMatchObject({ merchant: 'other-shop', plugin: 'main' });
    const keys = stage.kakao.requests
      .filter(({ path }) => otp.endsWith(path))
      .map(({ query }) => query.get('rest_api_key'));
    expect(keys.sort()).toEqual(['other-shop-rest-key', 'test-shop-rest-key']);
  });

  it('finds the relay id in header, query and body, in this order', async () => {
    const ids = [relay(), relay(), relay()] as const;
    const [header, query, body] = ids;
    await stage.post(
      `/callback?relay_id=nobody`,
      { otp: profileOtp(), relay_id: 'nobody' },
      { 'x-kakao-plugin-relay-id': header },
    );
    await stage.post(`/callback?relay_id=${query}`, { otp: profileOtp(), relay_id: 'nobody' });
    // Sent, and empty: the next one counts.
    await stage.post(`/callback?relay_id=`, { otp: profileOtp(), relay_id: body }, { 'x-kakao-plugin-relay-id': '' });
    for (const id of ids) await stage.reaches(id, 'delivered');
  });

  it('takes the plugin from the last segment', async () => {
    const relayId = relay();
    expect((await stage.callback(profileOtp(), relayId, '/callback/once')).status).toBe(200);
    expect((await stage.reaches(relayId, 'erased')).plugin).toBe('once');
    expect((await stage.callback(profileOtp(), relayId, '/callback/unknown')).status).toBe(404);
  });

  it('keeps nothing of a plugin that may keep nothing, once the shop has it', async () => {
    const relayId = relay();
    await stage.callback(profileOtp(), relayId, '/callback/once');
    const { id } = await stage.reaches(relayId, 'erased');
    expect(stage.events(relayId)).toHaveLength(1);
    expect(
      await stage.database.query('SELECT sealed_otp, sealed_answer FROM capture.captures WHERE id = $1', [id]),
    ).toEqual([{ sealed_otp: null, sealed_answer: null }]);
  });

  describe('refuses without a call and without a row', () => {
    let before: [number, unknown];
    const state = async (): Promise<[number, unknown]> => [
      stage.kakao.requests.length,
      await stage.database.query('SELECT count(*) FROM capture.captures'),
    ];
    beforeAll(async () => {
      before = await state();
    });
    afterAll(async () => {
      expect(await state()).toEqual(before);
    });

    it('every hostile address', async () => {
      const { host, origin } = new URL(stage.kakao.url);
      // The same tricks around the origin of this test, which is plain http, and around Kakao's own.
      const here = HOSTILE_URLS.filter((url) => url.length < 200_000 && !url.startsWith('http:')).map((url) =>
        url.replaceAll('https://talk-plugin.kakao.com', origin).replaceAll('talk-plugin.kakao.com', host),
      );
      for (const otp of [...here, ...HOSTILE_URLS.slice(0, 20)]) {
        const answer = await stage.post('/callback', { otp });
        expect([otp.slice(0, 100), answer.status, answer.body.status]).toEqual([otp.slice(0, 100), 400, 400]);
        expect(answer.body.message).toMatch(/[가-힣]/);
      }
    });

    it.each([
      '{}',
      '[]',
      'null',
      '5',
      '"text"',
      '{"otp":null}',
      '{"otp":5}',
      '{"otp":{"$ne":1}}',
      '{"otp":["x"]}',
      '{',
      '',
    ])('the body %s', async (body) => {
      const answer = await stage.post('/callback', body);
      expect(answer).toEqual({
        status: 400,
        body: { status: 400, message: expect.stringMatching(/[가-힣]/) as string },
      });
    });

    it('a relay id that no database holds or nobody issues', async () => {
      for (const relay_id of ['a\0b', 'half a letter \ud800', 'x'.repeat(256), 5, {}]) {
        expect((await stage.post('/callback', { otp: `${stage.kakao.url}/otp/abc/profile`, relay_id })).status).toBe(
          400,
        );
      }
      expect(
        (await stage.callback(`${stage.kakao.url}/otp/abc/profile`, undefined, '/callback?relay_id=a%00b')).status,
      ).toBe(400);
      expect((await stage.operator('GET', '/captures?relayId=a%00b')).status).toBe(400);
      expect((await stage.operator('GET', '/captures?plugin=a%00b')).status).toBe(400);
    });

    it('another kind of plugin, another method, another content type, an unknown merchant', async () => {
      const location = `${stage.kakao.url}/otp/abc/current_location`;
      expect((await stage.callback(location)).status).toBe(400);
      expect((await stage.operator('GET', '/../callback')).status).toBe(404);
      expect((await stage.post('/callback', '<otp/>', { 'content-type': 'application/xml' })).status).toBe(415);
      expect(
        (await stage.callback(`${stage.kakao.url}/otp/abc/profile`, undefined, '/m/unknown/callback')).status,
      ).toBe(404);
    });
  });

  it('asks again after 503, 429, a dropped connection and half an answer', async () => {
    const answers = [{ status: 503 }, { status: 429 }, { dropBefore: true }, { json: PROFILE, dropAfter: true }];
    const otp = stage.otp('onetimeprofile', () => answers.shift() ?? { json: PROFILE });
    const relayId = relay();
    await stage.callback(otp, relayId);
    await stage.asTimeGoesBy(() => {
      expect(stage.fetched(otp)).toBe(5);
    });
    await stage.reaches(relayId, 'delivered');
    expect(stage.fetched(otp)).toBe(5);
    expect(stage.events(relayId)).toHaveLength(1);
  });

  it('gives up for good on 404, keeps the answer, tells the shop, and tries again on request', async () => {
    let found = false;
    const otp = stage.otp('onetimeprofile', () =>
      found ? { json: PROFILE } : { status: 404, json: { code: -401, msg: 'gone' } },
    );
    const relayId = relay();
    await stage.callback(otp, relayId);
    const { id } = await stage.reaches(relayId, 'failed');
    await eventually(() => {
      expect(stage.events(relayId)).toMatchObject([
        { type: 'capture.failed', data: { id, reason: 'refused-by-kakao' } },
      ]);
    });
    const details = await stage.operator('GET', `/captures/${id}`, { 'x-access-reason': 'why' });
    expect(details.body).toMatchObject({ answerStatus: 404, personalData: { answer: '{"code":-401,"msg":"gone"}' } });

    found = true;
    expect((await stage.operator('POST', `/captures/${id}/retry`)).body).toMatchObject({ state: 'pending' });
    await stage.reaches(relayId, 'delivered');
    expect(stage.events(relayId).map(({ type }) => type)).toEqual(['capture.failed', 'profile.received']);
    expect((await stage.operator('POST', `/captures/${id}/retry`)).status).toBe(409);
  });

  it('asks again while it understands nothing: an empty text, a page, an error that does not last', async () => {
    const answers = [
      { text: '' },
      { text: '<html>점검중 홍길동</html>' },
      { json: {} },
      { json: { status: 503, message: 'busy' } },
      { status: 400, json: { code: -1, msg: 'internal error' } },
      { status: 401, json: { code: -7 } },
    ];
    const asked = answers.length;
    const otp = stage.otp('onetimeprofile', () => answers.shift() ?? { json: PROFILE });
    const relayId = relay();
    await stage.callback(otp, relayId);
    const { id } = await stage.asTimeGoesBy(async () => {
      const capture = await stage.capture(relayId);
      expect(capture.state).toBe('delivered');
      return capture;
    });
    expect(stage.fetched(otp)).toBe(asked + 1);
    expect(stage.events(relayId).map(({ type }) => type)).toEqual(['profile.received']);
    expect(
      await stage.database.query('SELECT 1 FROM capture.captures WHERE id = $1 AND sealed_unread IS NOT NULL', [id]),
    ).toEqual([]);
  });

  it('takes an error inside a 200 for what it says, and delivers no empty profile', async () => {
    const otp = stage.otp('onetimeprofile', () => ({ json: { status: 404, message: 'Not Found' } }));
    const relayId = relay();
    await stage.callback(otp, relayId);
    expect(await stage.reaches(relayId, 'failed')).toMatchObject({ failure: 'refused-by-kakao', answerStatus: 200 });
    await eventually(() => {
      expect(stage.events(relayId).map(({ data }) => data.reason)).toEqual(['refused-by-kakao']);
    });
    expect(stage.fetched(otp)).toBe(1);
  });

  it('keeps an answer it does not understand for an operator, also after a refusal, and asks again on request', async () => {
    const answers = [{ json: { user: { name: '홍길동' } } }, { text: '<html>' }, { status: 404, json: {} }];
    const otp = stage.otp('onetimeprofile', () => answers.shift() ?? { json: PROFILE });
    const relayId = relay();
    await stage.callback(otp, relayId);
    const { id } = await stage.asTimeGoesBy(async () => {
      const capture = await stage.capture(relayId);
      expect(capture).toMatchObject({ state: 'failed', failure: 'unreadable-answer' });
      return capture;
    });
    const { body } = await stage.operator('GET', `/captures/${id}`, { 'x-access-reason': 'why' });
    expect(body.personalData).toEqual({ answer: '{"user":{"name":"홍길동"}}' });
    expect(await stage.inTheClear()).not.toContain('홍길동');
    await stage.operator('POST', `/captures/${id}/retry`);
    await stage.reaches(relayId, 'delivered');
    expect(stage.events(relayId).map(({ type }) => type)).toEqual(['capture.failed', 'profile.received']);
  });

  it('reads a kept answer again after an upgrade that understands it, and delivers it', async () => {
    const otp = stage.otp('onetimeprofile', () => ({ text: '<html>점검중 홍길동</html>' }));
    const relayId = relay();
    await stage.callback(otp, relayId);
    await eventually(() => {
      expect(stage.fetched(otp)).toBe(1);
    });
    const { id } = await stage.clock.advanceUntil(600, async () => {
      const capture = await stage.capture(relayId);
      expect(capture).toMatchObject({ state: 'failed', failure: 'unreadable-answer' });
      return capture;
    });
    const asked = stage.fetched(otp);
    const vault: Vault = stage.app.get(Vault);
    await stage.database.query('UPDATE capture.captures SET sealed_unread = $2 WHERE id = $1', [
      id,
      await vault.seal(JSON.stringify(PROFILE), 'capture.answer'),
    ]);
    await stage.operator('POST', `/captures/${id}/retry`);
    await stage.reaches(relayId, 'delivered');
    expect(stage.events(relayId).map(({ type }) => type)).toEqual(['capture.failed', 'profile.received']);
    expect(stage.fetched(otp)).toBe(asked);
  });

  it('expires when Kakao does not answer within ten minutes', async () => {
    const otp = stage.otp('onetimeprofile', () => ({ status: 500 }));
    const relayId = relay();
    await stage.callback(otp, relayId);
    await stage.asTimeGoesBy(() => {
      expect(stage.fetched(otp)).toBeGreaterThan(2);
    });
    expect((await stage.capture(relayId)).state).toBe('pending');
    stage.clock.advance(600_000);
    const asked = stage.fetched(otp);
    await stage.reaches(relayId, 'expired');
    expect(stage.fetched(otp)).toBeLessThanOrEqual(asked + 1);
    await eventually(() => {
      expect(stage.events(relayId)).toMatchObject([{ type: 'capture.failed', data: { reason: 'deadline-passed' } }]);
    });
  });

  it('ends what waits for a merchant that is no longer listed, and says so', async () => {
    const otp = stage.otp('onetimeprofile', () => ({ status: 500 }));
    const relayId = relay();
    await stage.callback(otp, relayId);
    await stage.database.query(`UPDATE capture.captures SET merchant = 'gone-shop' WHERE relay_id = $1`, [relayId]);
    stage.clock.advance(6_000);
    expect(await stage.reaches(relayId, 'expired')).toMatchObject({ failure: 'deadline-passed' });
    expect(stage.logs.join('')).toContain('a capture waits for a merchant that is no longer listed');
  });

  it('reads a kept answer without asking Kakao again when it crashed in between', async () => {
    const otp = profileOtp();
    const relayId = relay();
    await stage.database.query(`
      CREATE FUNCTION capture.crash() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RAISE EXCEPTION 'crash'; END $$;
      CREATE TRIGGER crash BEFORE INSERT ON merchant.deliveries EXECUTE FUNCTION capture.crash()`);
    await stage.callback(otp, relayId);
    await eventually(async () => {
      const rows = await stage.database.query(
        'SELECT 1 FROM capture.captures WHERE relay_id = $1 AND sealed_answer IS NOT NULL',
        [relayId],
      );
      expect(rows).toHaveLength(1);
    });
    await stage.app.close();
    expect(stage.events(relayId)).toEqual([]);

    await stage.database.query('DROP TRIGGER crash ON merchant.deliveries');
    await stage.start();
    stage.clock.advance(60_000);
    await stage.reaches(relayId, 'delivered');
    expect(stage.fetched(otp)).toBe(1);
    expect(stage.events(relayId)).toHaveLength(1);
  });

  it('does not deliver what was erased while the shop was down', async () => {
    const relayId = relay();
    stage.shop.on('POST /hook', { status: 503 });
    try {
      await stage.callback(profileOtp(), relayId);
      const { id } = await stage.reaches(relayId, 'redeemed');
      await stage.operator('DELETE', `/captures/${id}`);
      expect(await stage.database.query('SELECT payload FROM merchant.deliveries WHERE subject = $1', [id])).toEqual([
        { payload: null },
      ]);
    } finally {
      stage.shop.on('POST /hook', { status: 204 });
    }
  });

  it('leaves no personal value, OTP address or key in the clear: tables, logs, metrics', async () => {
    const clear = await stage.inTheClear();
    expect(clear).toContain('test-shop');
    expect(stage.logs.length).toBeGreaterThan(50);
    expect(SECRETS.filter((secret) => clear.includes(secret))).toEqual([]);
    const tokens = stage.kakao.requests.map(({ path }) => path.split('/')[2]!);
    expect(tokens.filter((token) => clear.includes(token))).toEqual([]);
  });

  it('says 500 when the database is gone, so that Kakao and the customer know', async () => {
    const dataSource: DataSource = stage.app.get(DataSource);
    await stage.database.query('ALTER TABLE capture.captures RENAME TO away');
    try {
      expect(dataSource.isInitialized).toBe(true);
      expect(await stage.callback(profileOtp())).toEqual({
        status: 500,
        body: { status: 500, message: expect.stringMatching(/[가-힣]/) as string },
      });
    } finally {
      await stage.database.query('ALTER TABLE capture.away RENAME TO captures');
    }
  });
});

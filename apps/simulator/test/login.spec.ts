import { createHash } from 'node:crypto';
import { startTestApp, type TestApp } from '@biz/testing';
import { createRemoteJWKSet, jwtVerify } from 'jose';
import { simulatorApp } from '../src/simulator.module';
import { type Answer, call, get, post } from './http';

let simulator: TestApp;

beforeAll(async () => {
  simulator = await startTestApp(simulatorApp(), {
    env: { SIMULATOR_REST_API_KEYS: 'app-key', SIMULATOR_CLIENT_SECRET: 'shh' },
  });
});
afterAll(() => simulator.close());
beforeEach(() => post(`${simulator.url}/reset`));

const REDIRECT = 'https://shop.example/callback';
const newCode = async (order: object = {}): Promise<string> =>
  (await post(`${simulator.url}/login/codes`, order)).json.code as string;
const exchange = (code: string, fields: Record<string, string> = {}): Promise<Answer> =>
  call('POST', `${simulator.url}/oauth/token`, {
    form: {
      grant_type: 'authorization_code',
      client_id: 'app-key',
      client_secret: 'shh',
      redirect_uri: REDIRECT,
      code,
      ...fields,
    },
  });
const read = (path: string, token: unknown): Promise<Answer> =>
  call('GET', `${simulator.url}${path}`, { headers: { authorization: `Bearer ${String(token)}` } });

describe('a login code', () => {
  it('is exchanged once', async () => {
    const code = await newCode();
    expect((await exchange(code)).json).toMatchObject({ token_type: 'bearer', expires_in: 21599 });
    const again = await exchange(code);
    expect([again.status, again.json.error_code]).toEqual([400, 'KOE320']);
  });

  it.each([
    ['KOE101', 401, { client_id: 'another' }],
    ['KOE010', 401, { client_secret: 'wrong' }],
    ['KOE303', 400, { redirect_uri: 'https://elsewhere.example/' }],
    ['KOE320', 400, { code: 'unknown' }],
    ['KOE204', 400, { grant_type: 'password' }],
  ])('is refused with %s (%i) for %j', async (error, status, fields) => {
    const answer = await exchange(await newCode({ redirectUri: REDIRECT }), fields);
    expect([answer.status, answer.json.error_code]).toEqual([status, error]);
  });

  it('expires', async () => {
    const code = await newCode();
    await post(`${simulator.url}/time/advance`, { seconds: 600 });
    expect((await exchange(code)).json.error_code).toBe('KOE320');
  });
});

describe('a login that the shop starts', () => {
  const VERIFIER = 'a-verifier-of-at-least-forty-three-characters';
  const challenge = createHash('sha256').update(VERIFIER).digest('base64url');
  const authorize = (fields: Record<string, string> = {}): Promise<Response> =>
    fetch(
      `${simulator.url}/oauth/authorize?${new URLSearchParams({
        client_id: 'app-key',
        redirect_uri: REDIRECT,
        response_type: 'code',
        state: 's-1',
        code_challenge: challenge,
        code_challenge_method: 'S256',
        ...fields,
      }).toString()}`,
      { redirect: 'manual' },
    );

  it('comes back with a code and its state, and the code needs the verifier', async () => {
    const answer = await authorize();
    expect(answer.status).toBe(302);
    const back = new URL(answer.headers.get('location') ?? '');
    expect([back.origin + back.pathname, back.searchParams.get('state')]).toEqual([REDIRECT, 's-1']);
    const code = back.searchParams.get('code') ?? '';
    expect((await exchange(code)).json.error_code).toBe('KOE320');
    expect((await exchange(code, { code_verifier: VERIFIER })).status).toBe(200);
  });

  it.each<Record<string, string>>([
    { code_challenge_method: 'plain' },
    { redirect_uri: 'nowhere' },
    { response_type: 'token' },
  ])('is refused: %j', async (fields) => {
    expect((await authorize(fields)).status).toBe(400);
  });
});

describe('an admin key', () => {
  it('reads the addresses of a connected user, and of nobody else', async () => {
    await exchange(await newCode({ userId: '77' }));
    const asked = (user: string): Promise<Answer> =>
      call('GET', `${simulator.url}/v1/user/shipping_address?target_id_type=user_id&target_id=${user}`, {
        headers: { authorization: 'KakaoAK any' },
      });
    expect((await asked('77')).json).toMatchObject({ user_id: 77, shipping_addresses_needs_agreement: false });
    const unknown = await asked('78');
    expect([unknown.status, unknown.json.code]).toEqual([400, -101]);
  });
});

describe('an access token', () => {
  it('reads the user with every digit of the id, the terms and the addresses', async () => {
    const { access_token: token } = (await exchange(await newCode())).json;
    const me = await read('/v2/user/me', token);
    expect(me.text).toContain('"id":9007199254740993,');
    expect(me.json).toMatchObject({ kakao_account: { email: 'luka@example.com', profile: { nickname: '루카' } } });
    expect(me.json).toHaveProperty('kakao_account.ci');
    expect((await read('/v2/user/service_terms', token)).json).toMatchObject({
      service_terms: [{ tag: 'service_20260101', required: true, agreed: true }, { required: false }],
    });
    expect((await read('/v1/user/shipping_address', token)).text).toContain('"id":9223372036854775807');
  });

  it('is 401 when unknown or after unlinking', async () => {
    expect((await read('/v2/user/me', 'nobody')).json).toEqual({ msg: 'this access token does not exist', code: -401 });
    const { access_token: token } = (await exchange(await newCode())).json;
    const headers = { authorization: `Bearer ${String(token)}` };
    const unlinked = await call('POST', `${simulator.url}/v1/user/unlink`, { headers });
    expect(unlinked.text).toBe('{"id":9007199254740993}');
    expect((await read('/v2/user/me', token)).status).toBe(401);
  });
});

describe('a signed event', () => {
  it('verifies against the published keys, before and after a rotation', async () => {
    const sign = async (): Promise<string> =>
      (await post(`${simulator.url}/login/events`, { claims: { aud: 'app-key', sub: '1', events: {} } })).json
        .token as string;
    const old = await sign();
    await post(`${simulator.url}/login/keys/rotate`);
    const young = await sign();
    const keys = createRemoteJWKSet(new URL(`${simulator.url}/.well-known/jwks.json`));
    for (const token of [old, young]) {
      const { payload, protectedHeader } = await jwtVerify(token, keys, { audience: 'app-key', issuer: simulator.url });
      expect(protectedHeader).toMatchObject({ alg: 'RS256', typ: 'secevent+jwt' });
      expect(payload.sub).toBe('1');
    }
    expect(((await get(`${simulator.url}/.well-known/jwks.json`)).json.keys as unknown[]).length).toBe(2);
  });
});

it('refuses to be built for production', async () => {
  await expect(
    startTestApp(simulatorApp(), {
      env: {
        NODE_ENV: 'production',
        RETRY_TIME_SCALE: '1',
        ANSWER_WITHIN_MS: '2500',
        OPERATOR_TOKEN: 'x'.repeat(40),
        DATA_ENCRYPTION_KEYS: `k:${'A'.repeat(43)}=`,
      },
    }),
  ).rejects.toThrow(/NODE_ENV: found production/);
});

import { createHash } from 'node:crypto';
import { HttpStub } from '@biz/testing';
import type { StubAnswer } from '@biz/testing';
import { CompactSign, exportJWK, generateKeyPair, UnsecuredJWT } from 'jose';
import type { CryptoKey, JWK } from 'jose';

/** Beyond 2^53: any code that counts with it changes it. */
export const USER = '9007199254740993';
export const NICKNAME = '비밀별명';
export const EMAIL = 'secret.person@example.com';
export const PHONE = '+82 10-9876-5432';
export const CI = 'CiCiCiTopSecretCiCiCi==';
const AGREED_AT = '2026-11-20T01:02:03Z';

export const service = {
  tag: 'service_20260101',
  required: true,
  agreed: true,
  revocable: false,
  agreed_at: AGREED_AT,
};
export const marketing = {
  tag: 'marketing_2026_0201',
  required: false,
  agreed: true,
  revocable: true,
  agreed_at: AGREED_AT,
  agreed_by: 'KAUTH',
};

type LoginStep = 'token' | 'me' | 'terms';
type Step = LoginStep | 'unlink' | 'addresses';
/** The calls of a login. */
export const STEPS: LoginStep[] = ['token', 'me', 'terms'];
const PATHS: Record<Step, string> = {
  token: 'POST /oauth/token',
  me: 'GET /v2/user/me',
  terms: 'GET /v2/user/service_terms',
  unlink: 'POST /v1/user/unlink',
  addresses: 'GET /v1/user/shipping_address',
};

interface Key {
  kid: string;
  secret: CryptoKey;
  open: JWK;
}

export interface SetOptions {
  key?: Key;
  header?: Record<string, unknown>;
}

/** Finality follows the codes that Kakao documents, not the HTTP class; what says nothing is not a refusal. */
export const TROUBLES = [
  ['answers 500', { status: 500, json: { msg: 'internal', code: -1 } }],
  ['answers 429', { status: 429, json: { error_code: 'KOE237' } }],
  ['drops the connection', { dropBefore: true }],
  ['answers 400 -1', { status: 400, json: { msg: 'internal', code: -1 } }],
  ['answers 400 -7', { status: 400, json: { msg: 'maintenance', code: -7 } }],
  ['answers 400 -603', { status: 400, json: { msg: 'time-out', code: -603 } }],
  ['answers 400 with a code of no document', { status: 400, json: { msg: 'new', code: -7777 } }],
  ['answers 403 of something before it', { status: 403, text: '<html>blocked</html>' }],
  ['answers 200 with a page', { text: '<html>' }],
  ['answers 200 with nothing', { text: '' }],
  ['answers 200 with an error', { json: { msg: 'internal', code: -1 } }],
  ['answers 200 with something else', { json: { kakao_account: {} } }],
] as const;

/** Kakao's login servers on a free port: codes work once, answers are JSON with ids as numbers. */
export class KakaoStub {
  /** Who comes back with which code; `user-…` stands for USER. */
  users = new Map<string, string>();
  /** PKCE: codes that were asked for with a challenge are exchanged with its verifier only. */
  challenges = new Map<string, string>();
  /** Who is connected with the app, until they are unlinked. */
  unlinked: string[] = [];
  addresses: object[] = [];
  terms: object[] = [service, marketing];
  account: object = {
    profile: { nickname: NICKNAME, profile_image_url: 'https://k.kakaocdn.net/dn/x.jpg' },
    email: EMAIL,
    is_email_valid: true,
    is_email_verified: true,
    email_needs_agreement: false,
    phone_number: PHONE,
    gender: '',
    birthyear: null,
    legal_region: 'KR',
    ci: CI,
    ci_authenticated_at: AGREED_AT,
  };
  /** When events are issued. */
  now = (): Date => new Date();
  published: Key[] = [];
  private readonly used = new Set<string>();
  private readonly faults = new Map<Step, (StubAnswer & { until?: Promise<void> })[]>();

  private constructor(readonly http: HttpStub) {}

  static async start(): Promise<KakaoStub> {
    const stub = new KakaoStub(await HttpStub.start());
    stub.http.on(PATHS.token, (request) => stub.answer('token', () => stub.exchange(request.form())));
    stub.http.on(PATHS.me, ({ headers }) =>
      stub.answer('me', () => {
        const code = String(headers.authorization).replace('Bearer access-', '');
        const body = JSON.stringify({ id: 'ID', connected_at: AGREED_AT, kakao_account: stub.account });
        const text = body.replace('"ID"', stub.users.get(code) ?? USER);
        return { text, headers: { 'content-type': 'application/json' } };
      }),
    );
    stub.http.on(PATHS.terms, () => stub.answer('terms', () => ({ json: { id: 1, service_terms: stub.terms } })));
    stub.http.on(PATHS.unlink, (request) =>
      stub.answer('unlink', () => {
        const user = request.form().get('target_id') ?? '';
        if (request.headers.authorization !== 'KakaoAK demo-shop-admin-key')
          return { status: 401, json: { code: -401 } };
        if (stub.unlinked.includes(user))
          return { status: 400, json: { msg: 'NotRegisteredUserException', code: -101 } };
        stub.unlinked.push(user);
        return { text: `{"id":${user}}`, headers: { 'content-type': 'application/json' } };
      }),
    );
    stub.http.on(PATHS.addresses, () =>
      stub.answer('addresses', () => {
        const body = JSON.stringify({ user_id: 'ID', shipping_addresses: stub.addresses });
        return { text: body.replace('"ID"', USER), headers: { 'content-type': 'application/json' } };
      }),
    );
    stub.publish();
    stub.http.on('POST /shop/webhook', { status: 200 });
    await stub.rotate();
    return stub;
  }

  private async answer(step: Step, work: () => StubAnswer): Promise<StubAnswer> {
    const { until, ...fault } = this.faults.get(step)?.shift() ?? {};
    const instead =
      fault.dropBefore ?? (fault.status !== undefined || fault.json !== undefined || fault.text !== undefined);
    const answer = instead ? fault : { ...work(), ...fault };
    await until;
    return answer;
  }

  private exchange(form: URLSearchParams): StubAnswer {
    const code = form.get('code') ?? '';
    const once = `${form.get('client_id') ?? ''} ${code}`;
    const challenge = this.challenges.get(code);
    const verifier = createHash('sha256')
      .update(form.get('code_verifier') ?? '')
      .digest('base64url');
    if (challenge !== undefined && challenge !== verifier) {
      return { status: 400, json: { error: 'invalid_grant', error_code: 'KOE320' } };
    }
    if (this.used.has(once)) {
      const description = `authorization code not found for code=${code}`;
      return { status: 400, json: { error: 'invalid_grant', error_description: description, error_code: 'KOE320' } };
    }
    this.used.add(once);
    return {
      json: {
        token_type: 'bearer',
        access_token: `access-${code}`,
        expires_in: 21_599,
        refresh_token: `refresh-${code}`,
        refresh_token_expires_in: 5_183_999,
        scope: 'account_email',
      },
    };
  }

  /** What goes wrong with the next calls of a step: an answer instead, or `delayMs` and `dropAfter` on top of the work done. */
  fault(step: Step, ...answers: StubAnswer[]): void {
    this.faults.set(step, answers);
  }

  /** Holds the next answer of a step back until the function it returns is called. */
  hold(step: Step, answer: StubAnswer = {}): () => void {
    let release = (): void => undefined;
    const until = new Promise<void>((resolve) => (release = resolve));
    this.faults.set(step, [{ ...answer, until }]);
    return release;
  }

  calls(step: Step): number {
    const [method, path] = PATHS[step].split(' ');
    return this.http.requests.filter((request) => request.method === method && request.path === path).length;
  }

  /** What the shop's webhook was told, in order. */
  told(): { type: string; data: Record<string, unknown> }[] {
    return this.http.requests
      .filter(({ path }) => path === '/shop/webhook')
      .map((request) => request.json() as { type: string; data: Record<string, unknown> });
  }

  /** The list of keys can be had. */
  publish(): void {
    this.http.on('GET /.well-known/jwks.json', () => ({ json: { keys: this.published.map(({ open }) => open) } }));
  }

  /** From now on another key signs, and the old one is no longer published. */
  async rotate(alg?: string): Promise<Key> {
    const key = await makeKey(`kid-${Math.random()}`, alg);
    this.published = [key];
    return key;
  }

  /** A security event token; claims that are `undefined` are left out, a bigint becomes a JSON number. */
  async set(claims: Record<string, unknown>, { key = this.published[0], header }: SetOptions = {}): Promise<string> {
    if (!key) throw new Error('no key');
    const payload = {
      iss: this.http.url,
      aud: 'demo-shop-rest-api-key',
      iat: Math.floor(this.now().getTime() / 1_000),
      jti: `jti-${Math.random()}`,
      sub: USER,
      ...claims,
    };
    const text = JSON.stringify(payload, (_name, value: unknown) =>
      typeof value === 'bigint' ? `number ${value}` : value,
    ).replace(/"number (\d+)"/g, '$1');
    return new CompactSign(new TextEncoder().encode(text))
      .setProtectedHeader({ alg: 'RS256', typ: 'secevent+jwt', kid: key.kid, ...header })
      .sign(key.secret);
  }

  unsigned(claims: Record<string, unknown>): string {
    return new UnsecuredJWT({ iss: this.http.url, aud: 'demo-shop-rest-api-key', jti: 'x', sub: USER, ...claims })
      .setIssuedAt()
      .encode();
  }
}

/** Published without `alg`, so that the receiver's own list of algorithms has to decide. */
export async function makeKey(kid: string, alg = 'RS256'): Promise<Key> {
  const { privateKey, publicKey } = await generateKeyPair(alg);
  return { kid, secret: privateKey, open: { ...(await exportJWK(publicKey)), kid, use: 'sig' } };
}

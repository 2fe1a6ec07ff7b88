import { randomBytes } from 'node:crypto';
import { Injectable } from '@nestjs/common';
import { BIG_USER_ID } from '../otp/people';
import { SimulatedTime } from '../time/simulated-time';
import { BoundedMap } from '../wire/bounded-map';
import { WireAnswer } from '../wire/wire-answer';

export const ACCOUNT_SHAPES = ['full', 'minimal', 'no-consent', 'new-fields'] as const;
export type AccountShape = (typeof ACCOUNT_SHAPES)[number];

export interface LoginCode {
  code: string;
  userId: bigint;
  shape: AccountShape;
  /** Compared with that of the token request when set. */
  redirectUri?: string;
  clientId?: string;
  /** PKCE, S256: the verifier's digest. */
  challenge?: string;
  expiresAt: Date;
  used: boolean;
}

/** A user who has connected the app. */
export interface Connection {
  userId: bigint;
  shape: AccountShape;
  connectedAt: Date;
  /** Login code it came from: ties later calls to their scenario. */
  code: string;
}

export type NewCode = Partial<Pick<LoginCode, 'userId' | 'shape' | 'redirectUri' | 'clientId' | 'challenge'>> & {
  seconds?: number;
};

const CODE_SECONDS = 600;

@Injectable()
export class Accounts {
  private readonly codes = new BoundedMap<LoginCode>(2_000);
  private readonly byToken = new BoundedMap<Connection>(4_000);
  private readonly byRefreshToken = new BoundedMap<Connection>(4_000);

  constructor(private readonly time: SimulatedTime) {}

  createCode(order: NewCode = {}): LoginCode {
    const code: LoginCode = {
      code: randomBytes(32).toString('base64url'),
      userId: order.userId ?? BIG_USER_ID,
      shape: order.shape ?? 'full',
      expiresAt: new Date(this.time.now().getTime() + (order.seconds ?? CODE_SECONDS) * 1_000),
      used: false,
      ...(order.redirectUri && { redirectUri: order.redirectUri }),
      ...(order.clientId && { clientId: order.clientId }),
      ...(order.challenge && { challenge: order.challenge }),
    };
    this.codes.set(code.code, code);
    return code;
  }

  find(code: string): LoginCode | undefined {
    return this.codes.get(code);
  }

  exchange(code: LoginCode): { access: string; refresh: string } {
    code.used = true;
    return this.connect({ userId: code.userId, shape: code.shape, connectedAt: this.time.now(), code: code.code });
  }

  refresh(token: string): { access: string; refresh: string } | undefined {
    const connection = this.byRefreshToken.get(token);
    return connection && this.connect(connection);
  }

  /** @throws WireAnswer 401 as Kakao's API answers an unknown token */
  connection(authorization: string | undefined): Connection {
    const token = /^Bearer (.+)$/.exec(authorization ?? '')?.[1];
    const connection = token === undefined ? undefined : this.byToken.get(token);
    if (!connection) throw new WireAnswer(401, { msg: 'this access token does not exist', code: -401 });
    return connection;
  }

  /** By the app's own word (admin key), about one user. */
  connectionOf(userId: bigint): Connection | undefined {
    return [...this.byToken].map(([, connection]) => connection).findLast((connection) => connection.userId === userId);
  }

  unlink(userId: bigint): void {
    for (const tokens of [this.byToken, this.byRefreshToken]) {
      for (const [token, connection] of tokens) if (connection.userId === userId) tokens.delete(token);
    }
  }

  clear(): void {
    this.codes.clear();
    this.byToken.clear();
    this.byRefreshToken.clear();
  }

  private connect(connection: Connection): { access: string; refresh: string } {
    const access = randomBytes(30).toString('base64url');
    const refresh = randomBytes(30).toString('base64url');
    this.byToken.set(access, connection);
    this.byRefreshToken.set(refresh, connection);
    return { access, refresh };
  }
}

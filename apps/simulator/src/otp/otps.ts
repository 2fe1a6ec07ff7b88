import { randomBytes } from 'node:crypto';
import { Injectable } from '@nestjs/common';
import { SimulatorConfig } from '../simulator.config';
import { SimulatedTime } from '../time/simulated-time';
import { BoundedMap } from '../wire/bounded-map';
import { WireAnswer } from '../wire/wire-answer';

export type OtpKind = 'profile' | 'location' | 'image';

/** Last path segment of the OTP URL by kind (guide 1.2, 3.3, 4.3); `profile` is the older spelling. */
const OTP_PATHS: Record<string, OtpKind> = {
  onetimeprofile: 'profile',
  profile: 'profile',
  current_location: 'location',
  secure_image: 'image',
};

const PATH_OF: Record<OtpKind, string> = {
  profile: 'onetimeprofile',
  location: 'current_location',
  image: 'secure_image',
};

export interface Otp {
  token: string;
  kind: OtpKind;
  createdAt: Date;
  expiresAt: Date;
  /** Only this key may redeem it; any of the configured ones when absent. */
  restApiKey?: string;
  /** Gone after the first successful answer. Kakao documents neither yes nor no. */
  singleUse: boolean;
  /** Answer by requested `version`; text is sent as it is. */
  answer: (version: string | undefined) => unknown;
  redeemed: number;
}

export type NewOtp = Pick<Otp, 'kind' | 'answer'> & { restApiKey?: string; singleUse?: boolean; seconds?: number };

@Injectable()
export class Otps {
  private readonly byToken = new BoundedMap<Otp>(2_000);

  constructor(
    private readonly time: SimulatedTime,
    private readonly config: SimulatorConfig,
  ) {}

  create(order: NewOtp): Otp {
    const createdAt = this.time.now();
    const otp: Otp = {
      token: randomBytes(12).toString('hex'),
      kind: order.kind,
      createdAt,
      expiresAt: new Date(createdAt.getTime() + (order.seconds ?? this.config.otpSeconds) * 1_000),
      singleUse: order.singleUse ?? false,
      answer: order.answer,
      redeemed: 0,
    };
    if (order.restApiKey) otp.restApiKey = order.restApiKey;
    this.byToken.set(otp.token, otp);
    return otp;
  }

  find(token: string): Otp | undefined {
    return this.byToken.get(token);
  }

  clear(): void {
    this.byToken.clear();
  }

  redeem(token: string, path: string, key: string | undefined, version: string | undefined): unknown {
    if (!key || !this.accepts(token, key)) throw refused(401, 'invalid rest_api_key');
    const otp = this.byToken.get(token);
    if (otp?.kind !== OTP_PATHS[path] || !otp) throw refused(404, 'otp not found');
    const used = otp.singleUse && otp.redeemed > 0;
    if (used || this.time.now() >= otp.expiresAt) throw refused(this.config.otpExpiredStatus, 'otp expired');
    otp.redeemed += 1;
    return otp.answer(version);
  }

  private accepts(token: string, key: string): boolean {
    const own = this.byToken.get(token)?.restApiKey;
    if (own) return key === own;
    return this.config.restApiKeys.length === 0 || this.config.restApiKeys.includes(key);
  }
}

/** Path below the talk-plugin origin. */
export function otpPath(otp: Otp): string {
  return `/otp/${otp.token}/${PATH_OF[otp.kind]}`;
}

/** The guide documents no error body for OTP URLs; the shape is ours, the status is what counts. */
function refused(status: number, message: string): WireAnswer {
  return new WireAnswer(status, { status, message });
}

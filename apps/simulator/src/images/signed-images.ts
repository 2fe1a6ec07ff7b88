import { createHmac, randomBytes } from 'node:crypto';
import { sameSecret } from '@biz/platform';
import { Injectable } from '@nestjs/common';
import type { PicturesOrder } from '../otp/otp.dto';
import { SimulatorConfig } from '../simulator.config';
import { SimulatedTime } from '../time/simulated-time';
import { BoundedMap } from '../wire/bounded-map';

const MEGABYTE = 1_048_576;

export interface Asset {
  id: string;
  format: 'jpeg' | 'png';
  seed: number;
  /** Bytes by file stem. */
  bytes: Record<'img' | 'img_1m' | 'img_3m', number>;
  downloads: Record<string, number>;
}

/** Images behind URLs that carry their own expiry and signature (guide 4.3). */
@Injectable()
export class SignedImages {
  private readonly credential = randomBytes(24).toString('base64url');
  private readonly secret = randomBytes(32);
  private readonly assets = new BoundedMap<Asset>(2_000);
  private made = 0;

  constructor(
    private readonly time: SimulatedTime,
    private readonly config: SimulatorConfig,
  ) {}

  /** The answer of a secure-image OTP. */
  answer(order: PicturesOrder, origin: string): { secure_urls: Record<string, string>[]; expire: string } {
    const expires = this.time.now().getTime() + (order.seconds ?? this.config.otpSeconds) * 1_000;
    const secureUrls = Array.from({ length: order.count ?? 1 }, () => {
      const asset = this.create(order);
      const url = (stem: string): string => this.sign(asset, stem, expires, origin);
      return { original: url('img'), img_1m: url('img_1m'), img_3m: url('img_3m') };
    });
    return { secure_urls: secureUrls, expire: new Date(expires).toISOString().replace(/\.\d{3}Z$/, 'Z') };
  }

  find(id: string): Asset | undefined {
    return this.assets.get(id);
  }

  clear(): void {
    this.assets.clear();
  }

  /** @returns why a URL is refused, or nothing. */
  refusal(path: string, query: Record<string, string | undefined>): string | undefined {
    const expected = this.signature(path, query.expires ?? '');
    if (query.credential !== this.credential || !sameSecret(query.signature, expected)) {
      return 'SignatureDoesNotMatch';
    }
    return this.time.now().getTime() >= Number(query.expires) ? 'Expired' : undefined;
  }

  private create(order: PicturesOrder): Asset {
    const original = order.bytes ?? 400_000;
    this.made += 1;
    const asset: Asset = {
      id: randomBytes(6).toString('base64url'),
      format: order.format ?? 'jpeg',
      seed: this.made,
      bytes: { img: original, img_1m: Math.min(original, MEGABYTE), img_3m: Math.min(original, 3 * MEGABYTE) },
      downloads: {},
    };
    this.assets.set(asset.id, asset);
    return asset;
  }

  private sign(asset: Asset, stem: string, expires: number, origin: string): string {
    const path = `/dna/${asset.id}/bIcfc1CRkm4/XXX/${stem}.${asset.format === 'jpeg' ? 'jpg' : 'png'}`;
    const query = new URLSearchParams({
      credential: this.credential,
      expires: String(expires),
      allow_ip: '',
      allow_referer: '',
      signature: this.signature(path, String(expires)),
    });
    return `${origin}${path}?${query.toString()}`;
  }

  private signature(path: string, expires: string): string {
    return createHmac('sha1', this.secret).update(`${path}?${expires}`).digest('base64');
  }
}

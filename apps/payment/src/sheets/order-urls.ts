import { type Merchant, Merchants } from '@biz/merchant';
import { Addresses, ConfigError, KakaoOrigins, newId, sameSecret, Vault } from '@biz/platform';
import { Injectable } from '@nestjs/common';

export interface OrderUrls {
  approvalUrl: string;
  cancelUrl: string;
  failUrl: string;
}

/** KakaoPay's limit, the wrapper included. */
const MAX_URL = 255;
/** 16 bytes in base64url: the order's id, and as much of a keyed hash of it. */
const PART = 22;

/**
 * The addresses KakaoPay sends the buyer to.
 *
 * T3 comes without any authentication, so its address names the order and proves that we made it:
 * the id and a keyed hash of it, in the path, where a wrapper that appends parameters leaves it whole.
 */
@Injectable()
export class OrderUrlMaker {
  constructor(
    private readonly addresses: Addresses,
    private readonly origins: KakaoOrigins,
    private readonly merchants: Merchants,
    private readonly vault: Vault,
  ) {
    const problems = merchants.all.flatMap((merchant) => this.problemsOf(merchant));
    if (problems.length > 0) throw new ConfigError(problems);
  }

  urlsOf(merchant: Merchant, orderId: string): OrderUrls {
    const key = this.keyOf(orderId);
    const base = this.baseOf(merchant);
    return {
      approvalUrl: this.wrap(merchant, `${base}/order/callback/${key}`),
      cancelUrl: `${base}/order/cancel/${key}`,
      failUrl: `${base}/order/fail/${key}`,
    };
  }

  /** @returns `undefined` for a key we did not make */
  orderOf(key: string): string | undefined {
    if (key.length !== 2 * PART) return undefined;
    const bytes = Buffer.from(key.slice(0, PART), 'base64url').toString('hex');
    const id = bytes.replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/, '$1-$2-$3-$4-$5');
    return sameSecret(key, this.keyOf(id)) ? id : undefined;
  }

  private keyOf(orderId: string): string {
    const id = Buffer.from(orderId.replaceAll('-', ''), 'hex').toString('base64url');
    return id + this.vault.fingerprint(orderId, 'payment.order-url').slice(0, PART);
  }

  private baseOf(merchant: Merchant): string {
    const base = this.addresses.baseUrl('payment');
    return merchant.id === this.merchants.default.id ? base : `${base}/m/${merchant.secrets.pathKey}`;
  }

  /** Guide 6.2.1, approval_url 참고사항: without an ACL entry at KakaoPay the plugin's own address carries ours. */
  private wrap({ plugins }: Merchant, url: string): string {
    const wrapper = `${this.origins.talkPlugin}/kakaopay/callback?approval_url=`;
    switch (plugins.payment?.approvalUrl ?? 'wrapped') {
      case 'direct':
        return url;
      case 'wrapped':
        return wrapper + encodeURIComponent(url);
      case 'wrapped-twice':
        return wrapper + encodeURIComponent(encodeURIComponent(url));
    }
  }

  private problemsOf(merchant: Merchant): string[] {
    if (!merchant.plugins.payment) return [];
    const longest = Math.max(...Object.values(this.urlsOf(merchant, newId())).map((url: string) => url.length));
    return longest <= MAX_URL
      ? []
      : [
          `PUBLIC_BASE_URL_PAYMENT: merchant ${merchant.id} would need addresses of ${longest} characters, wrapper included; ` +
            `KakaoPay allows ${MAX_URL}. Use a shorter address or path key, or approvalUrl: 'direct'`,
        ];
  }
}

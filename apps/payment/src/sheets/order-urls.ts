import { KakaoAddresses, type Merchant, Merchants } from '@biz/merchant';
import { ConfigError, KakaoOrigins, newId, sameSecret, Vault } from '@biz/platform';
import { Injectable } from '@nestjs/common';

export interface OrderUrls {
  approvalUrl: string;
  cancelUrl: string;
  failUrl: string;
}

/** How a buyer can leave the payment screen without paying. */
export type Leaving = 'cancel' | 'fail';
type Purpose = 'approval' | Leaving;

/** An order when its addresses are made. */
interface Addressed {
  id: string;
  /** Its newest attempt. */
  attemptId: string | null;
}

/** KakaoPay's limit, the wrapper included. */
const MAX_URL = 255;
/** 16 bytes in base64url: an id, and as much of a keyed hash. */
const PART = 22;
const NO_ATTEMPT = '00000000-0000-0000-0000-000000000000';

/**
 * The addresses KakaoPay sends the buyer to.
 *
 * They come without any authentication, so each names its order and proves that we made it, for this purpose: ids and
 * a keyed hash of them, in the path, where a wrapper that appends parameters leaves them whole. The hash differs by
 * purpose, so that a leaked approval_url cancels nothing.
 *
 * cancel_url and fail_url name the newest attempt too. KakaoPay is given them before T2 begins the attempt that they may
 * end, so an address of a T1 that was called while the buyer was already paying does not end that payment.
 */
@Injectable()
export class OrderUrlMaker {
  constructor(
    private readonly addresses: KakaoAddresses,
    private readonly origins: KakaoOrigins,
    merchants: Merchants,
    private readonly vault: Vault,
  ) {
    const problems = merchants.all.flatMap((merchant) => this.problemsOf(merchant));
    if (problems.length > 0) throw new ConfigError(problems);
  }

  urlsOf(merchant: Merchant, { id, attemptId }: Addressed): OrderUrls {
    const base = this.addresses.customerBase('payment', merchant);
    const left = [id, attemptId ?? NO_ATTEMPT];
    return {
      approvalUrl: this.wrap(merchant, `${base}/order/callback/${this.keyOf('approval', [id])}`),
      cancelUrl: `${base}/order/cancel/${this.keyOf('cancel', left)}`,
      failUrl: `${base}/order/fail/${this.keyOf('fail', left)}`,
    };
  }

  /** The order of an approval_url. @returns `undefined` for a key we did not make for one */
  orderOf(key: string): string | undefined {
    return this.idsOf('approval', key, 1)?.[0];
  }

  /** The order of a cancel_url or fail_url, as it was at its T1. @returns `undefined` for a key we did not make for one */
  leftOrderOf(key: string, how: Leaving): Addressed | undefined {
    const [id, attemptId] = this.idsOf(how, key, 2) ?? [];
    if (id === undefined || attemptId === undefined) return undefined;
    return { id, attemptId: attemptId === NO_ATTEMPT ? null : attemptId };
  }

  private keyOf(purpose: Purpose, ids: readonly string[]): string {
    const named = ids.map((id) => Buffer.from(id.replaceAll('-', ''), 'hex').toString('base64url'));
    const hash = this.vault.fingerprint(ids.join(' '), `payment.order-url.${purpose}`).slice(0, PART);
    return named.join('') + hash;
  }

  private idsOf(purpose: Purpose, key: string, count: number): string[] | undefined {
    if (key.length !== (count + 1) * PART) return undefined;
    const ids = Array.from({ length: count }, (_, at) => idOf(key.slice(at * PART, (at + 1) * PART)));
    return sameSecret(key, this.keyOf(purpose, ids)) ? ids : undefined;
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
    const longest = Math.max(
      ...Object.values(this.urlsOf(merchant, { id: newId(), attemptId: null })).map((url: string) => url.length),
    );
    return longest <= MAX_URL
      ? []
      : [
          `PUBLIC_BASE_URL_PAYMENT: merchant ${merchant.id} would need addresses of ${longest} characters, wrapper included; ` +
            `KakaoPay allows ${MAX_URL}. Use a shorter address or path key, or approvalUrl: 'direct'`,
        ];
  }
}

const idOf = (part: string): string =>
  Buffer.from(part, 'base64url')
    .toString('hex')
    .replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/, '$1-$2-$3-$4-$5');

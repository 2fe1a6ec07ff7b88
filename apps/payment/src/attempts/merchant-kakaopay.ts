import { kakaoPay, KAKAOPAY_PRODUCTION, type KakaoPay } from '@biz/kakaopay';
import { type Merchant, Merchants } from '@biz/merchant';
import { KakaoOrigins, Outbound } from '@biz/platform';
import { Injectable } from '@nestjs/common';
import { PaymentConfig } from '../payment.config';

/** KakaoPay as one merchant calls it. */
export interface MerchantPay {
  readonly pay: KakaoPay;
  /** Goes into every call beside its cid. */
  readonly cidSecret?: string;
}

/** Which generation, address and key each merchant uses. */
@Injectable()
export class MerchantKakaoPay {
  private readonly known = new Map<string, MerchantPay>();

  constructor(
    private readonly merchants: Merchants,
    private readonly origins: KakaoOrigins,
    private readonly outbound: Outbound,
    private readonly config: PaymentConfig,
  ) {}

  of(merchantId: string): MerchantPay {
    let pay = this.known.get(merchantId);
    if (!pay) this.known.set(merchantId, (pay = this.make(this.merchants.get(merchantId))));
    return pay;
  }

  private make({ plugins, secrets }: Merchant): MerchantPay {
    const api = plugins.payment?.api ?? 'legacy';
    const pay = kakaoPay(api, this.outbound, {
      origin: this.origins.kakaopay ?? KAKAOPAY_PRODUCTION[api],
      key: (api === 'legacy' ? secrets.adminKey : secrets.paySecretKey) ?? '',
      timeoutMs: this.config.kakaopayTimeoutMs,
      secretKeyScheme: this.config.keyScheme,
    });
    return { pay, ...(secrets.cidSecret !== undefined && { cidSecret: secrets.cidSecret }) };
  }
}

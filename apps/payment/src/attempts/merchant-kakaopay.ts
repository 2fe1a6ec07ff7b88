import { type Contract, kakaoPay, KAKAOPAY_PRODUCTION, type KakaoPay } from '@biz/kakaopay';
import { contractOf, type Merchant, Merchants } from '@biz/merchant';
import { KakaoOrigins, Outbound } from '@biz/platform';
import { Injectable } from '@nestjs/common';
import { PaymentConfig } from '../payment.config';

/** KakaoPay as one merchant calls it. */
export interface MerchantPay {
  readonly pay: KakaoPay;
  /** What every call names: the CID of the payment, with the secret of that CID. */
  readonly contractOf: (cid: string) => Contract;
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
    return { pay, contractOf: (cid) => contractOf(secrets, cid) };
  }
}

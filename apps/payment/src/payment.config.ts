import { Variable } from '@biz/platform';
import { IsIn, IsInt, Max, Min } from 'class-validator';

/** The settings of one-click payment that no document of Kakao's fixes. */
export class PaymentConfig {
  @Variable('ORDER_TTL_SECONDS', { about: 'seconds an order can be paid after T1' })
  @IsInt()
  @Min(1)
  orderTtlSeconds: number = 900;

  @Variable('TID_TTL_SECONDS', { about: 'seconds a tid of KakaoPay lives' })
  @IsInt()
  @Min(1)
  tidTtlSeconds: number = 900;

  @Variable('KAKAOPAY_TIMEOUT_MS', { about: 'milliseconds one call to KakaoPay may take' })
  @IsInt()
  @Min(1)
  kakaopayTimeoutMs: number = 11_000;

  @Variable('KAKAOPAY_KEY_SCHEME', { about: 'word before the key of the open API' })
  @IsIn(['SECRET_KEY', 'DEV_SECRET_KEY'], { message: 'must be SECRET_KEY or DEV_SECRET_KEY' })
  keyScheme: string = 'SECRET_KEY';

  @Variable('SUBSCRIPTION_CHARGE_HOUR', { about: 'hour of the day in Seoul (0-23) at which subscriptions are charged' })
  @IsInt()
  @Min(0)
  @Max(23)
  subscriptionChargeHour: number = 9;
}

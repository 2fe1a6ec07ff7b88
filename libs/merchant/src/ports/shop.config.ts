import { Variable } from '@biz/platform';
import { IsInt, Min } from 'class-validator';

/** How patient we are with a merchant's own systems. */
export class ShopConfig {
  @Variable('SHOP_TIMEOUT_MS', {
    about: "milliseconds a call of Kakao's waits for a merchant's own products, sheets and policy",
  })
  @IsInt()
  @Min(1)
  timeoutMs: number = 2_500;
}

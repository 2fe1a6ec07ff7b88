import { IsInt, Min } from 'class-validator';
import { Variable } from '../config/variable';

/** How much may be open at a time: orders and drafts that can still be paid, captures that wait for Kakao. */
export class OpenLimitConfig {
  @Variable('OPEN_LIMIT_CUSTOMER', {
    about: 'open orders, and as many drafts, of one app user of one merchant; 0: no limit',
  })
  @IsInt()
  @Min(0)
  customer: number = 100;

  @Variable('OPEN_LIMIT_MERCHANT', {
    about: 'open orders, drafts and waiting captures of one merchant, each counted on its own; 0: no limit',
  })
  @IsInt()
  @Min(0)
  merchant: number = 500_000;
}

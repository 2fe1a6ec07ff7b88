import { Limit } from './limit';

/** How much may be open at a time: orders and drafts that can still be paid, captures that wait for Kakao. */
export class OpenLimitConfig {
  @Limit('OPEN_LIMIT_CUSTOMER', 'open orders, and as many drafts, of one app user of one merchant')
  customer: number = 100;

  @Limit('OPEN_LIMIT_MERCHANT', 'open orders, drafts and waiting captures of one merchant, each counted on its own')
  merchant: number = 500_000;
}

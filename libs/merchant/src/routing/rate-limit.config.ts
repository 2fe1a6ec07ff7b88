import { IsBoolean } from 'class-validator';
import { Limit, Variable } from '@biz/platform';

const perMinute = (what: string): string => `${what} a minute, by each instance`;

/**
 * How often Kakao-facing routes may be called. Each route is counted on its own.
 *
 * Kakao's few addresses call for all customers of all shops, so the limits of one caller are those of a whole flash
 * sale (docs/operations.md has the sums).
 */
export class RateLimitConfig {
  @Variable('RATE_LIMITS', { about: 'false switches every rate limit off' })
  @IsBoolean()
  enabled: boolean = true;

  @Limit('RATE_LIMIT_STATUS_CALLER', perMinute('T4 calls from one address'))
  statusCaller: number = 6_000_000;

  @Limit('RATE_LIMIT_STATUS_MERCHANT', perMinute('T4 calls for one merchant'))
  statusMerchant: number = 3_000_000;

  @Limit('RATE_LIMIT_CALLS_CALLER', perMinute("other calls of Kakao's servers from one address"))
  callsCaller: number = 600_000;

  @Limit('RATE_LIMIT_CALLS_MERCHANT', perMinute("other calls of Kakao's servers for one merchant"))
  callsMerchant: number = 300_000;

  @Limit('RATE_LIMIT_REDIRECTS_CALLER', perMinute('T3, cancel_url and fail_url from one address'))
  redirectsCaller: number = 120_000;

  @Limit('RATE_LIMIT_REDIRECTS_MERCHANT', perMinute('T3, cancel_url and fail_url for one merchant'))
  redirectsMerchant: number = 300_000;

  @Limit('RATE_LIMIT_LOGINS_CALLER', perMinute('begun and returning logins from one address'))
  loginsCaller: number = 1_200;

  @Limit('RATE_LIMIT_LOGINS_MERCHANT', perMinute('begun and returning logins for one merchant'))
  loginsMerchant: number = 60_000;

  @Limit('RATE_LIMIT_UNKNOWN_CALLER', perMinute('calls to unknown addresses and path keys from one address'))
  unknownCaller: number = 300;

  @Limit('RATE_LIMIT_REFUSED_CALLER', perMinute('4xx answers to one address for one merchant'))
  refusedCaller: number = 1_200;
}

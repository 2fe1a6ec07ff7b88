import { IsBoolean, IsInt, Min } from 'class-validator';
import { Variable } from '@biz/platform';

const about = (what: string): { about: string } => ({ about: `${what} a minute, by each instance; 0: no limit` });
const Limit = (): PropertyDecorator => (target, property) => {
  IsInt()(target, String(property));
  Min(0)(target, String(property));
};

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

  @Variable('RATE_LIMIT_STATUS_CALLER', about('T4 calls from one address'))
  @Limit()
  statusCaller: number = 6_000_000;

  @Variable('RATE_LIMIT_STATUS_MERCHANT', about('T4 calls for one merchant'))
  @Limit()
  statusMerchant: number = 3_000_000;

  @Variable('RATE_LIMIT_CALLS_CALLER', about("other calls of Kakao's servers from one address"))
  @Limit()
  callsCaller: number = 600_000;

  @Variable('RATE_LIMIT_CALLS_MERCHANT', about("other calls of Kakao's servers for one merchant"))
  @Limit()
  callsMerchant: number = 300_000;

  @Variable('RATE_LIMIT_REDIRECTS_CALLER', about('T3, cancel_url and fail_url from one address'))
  @Limit()
  redirectsCaller: number = 120_000;

  @Variable('RATE_LIMIT_REDIRECTS_MERCHANT', about('T3, cancel_url and fail_url for one merchant'))
  @Limit()
  redirectsMerchant: number = 300_000;

  @Variable('RATE_LIMIT_LOGINS_CALLER', about('begun and returning logins from one address'))
  @Limit()
  loginsCaller: number = 1_200;

  @Variable('RATE_LIMIT_LOGINS_MERCHANT', about('begun and returning logins for one merchant'))
  @Limit()
  loginsMerchant: number = 60_000;

  @Variable('RATE_LIMIT_UNKNOWN_CALLER', about('calls to unknown addresses and path keys from one address'))
  @Limit()
  unknownCaller: number = 300;

  @Variable('RATE_LIMIT_REFUSED_CALLER', about('4xx answers to one address for one merchant'))
  @Limit()
  refusedCaller: number = 1_200;
}

import { type CheckedConfig, type Environment, isProduction, Variable } from '@biz/platform';
import { IsArray, IsIn, IsInt, IsString, Min } from 'class-validator';

export const PRODUCTION_REFUSAL =
  'NODE_ENV: found production; the simulator plays Kakao and KakaoPay for development and must never run there';

/** How strict Kakao is played. Every default fits any merchant. */
export class SimulatorConfig implements CheckedConfig {
  @Variable('SIMULATOR_OTP_SECONDS', {
    about: 'seconds an OTP URL and the image URLs behind it work (guide: 10 minutes)',
  })
  @IsInt()
  @Min(1)
  otpSeconds: number = 600;

  @Variable('SIMULATOR_OTP_EXPIRED_STATUS', {
    about: 'status of an expired OTP URL: 410 or 404 (the guide names none)',
  })
  @IsIn([404, 410])
  otpExpiredStatus: number = 410;

  @Variable('SIMULATOR_TID_SECONDS', { about: 'seconds a KakaoPay tid can be approved' })
  @IsInt()
  @Min(1)
  tidSeconds: number = 900;

  @Variable('SIMULATOR_SID_MONTHLY_LIMIT', { about: 'charges of one SID a month before -752' })
  @IsInt()
  @Min(1)
  sidMonthlyLimit: number = 100;

  @Variable('SIMULATOR_PAY_LIMIT', { about: 'won of one payment before -797' })
  @IsInt()
  @Min(1)
  payLimit: number = 50_000_000;

  @Variable('SIMULATOR_PAY_GENERATION', { about: 'KakaoPay API that knows the tids: any, legacy or open' })
  @IsIn(['any', 'legacy', 'open'])
  payGeneration: 'any' | 'legacy' | 'open' = 'any';

  @Variable('SIMULATOR_REST_API_KEYS', { about: 'REST API keys that are valid; any when empty', secret: true })
  @IsArray()
  @IsString({ each: true })
  restApiKeys: string[] = [];

  @Variable('SIMULATOR_CLIENT_SECRET', {
    about: 'client secret that POST /oauth/token requires; not looked at when empty',
    secret: true,
  })
  @IsString()
  clientSecret: string = '';

  @Variable('SIMULATOR_ADMIN_KEYS', { about: 'admin keys that are valid; any when empty', secret: true })
  @IsArray()
  @IsString({ each: true })
  adminKeys: string[] = [];

  @Variable('SIMULATOR_PAY_SECRET_KEYS', { about: 'KakaoPay secret keys that are valid; any when empty', secret: true })
  @IsArray()
  @IsString({ each: true })
  paySecretKeys: string[] = [];

  @Variable('DEMO_SHOP_WEBHOOK_SECRET', { about: "secrets the shop's inbox verifies deliveries with", secret: true })
  @IsArray()
  @IsString({ each: true })
  webhookSecrets: string[] = [`whsec_${Buffer.from('biz-plugin-platform development').toString('base64')}`];

  @Variable('DEMO_SHOP_ADMIN_KEY', { about: 'admin key sent with the unlink webhook', secret: true })
  @IsString()
  adminKey: string = 'demo-shop-admin-key';

  @Variable('DEMO_SHOP_REST_API_KEY', { about: 'audience of signed events', secret: true })
  @IsString()
  restApiKey: string = 'demo-shop-rest-api-key';

  problems(env: Environment): string[] {
    return isProduction(env) ? [PRODUCTION_REFUSAL] : [];
  }
}

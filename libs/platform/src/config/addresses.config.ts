import { IsInt, IsOptional, IsUrl, Max, Min } from 'class-validator';
import { isProduction, Variable } from './variable';
import type { CheckedConfig, Environment } from './variable';

/** The programs of this platform, in the order in which a person meets them. */
export const APP_NAMES = ['profile', 'location', 'image', 'option', 'payment', 'sync', 'simulator'] as const;
export type AppName = (typeof APP_NAMES)[number];

const PORT = { about: 'port the app listens on' };
const BASE_URL = { about: 'address Kakao reaches the app at' };
const Port = (): PropertyDecorator => (target, property) => {
  IsInt()(target, String(property));
  Min(0)(target, String(property));
  Max(65_535)(target, String(property));
};
const Url = (): PropertyDecorator => (target, property) => {
  IsOptional()(target, String(property));
  IsUrl({ protocols: ['http', 'https'], require_protocol: true, require_tld: false })(target, String(property));
};

/** Where each app listens and where the world reaches it. */
export class Addresses {
  @Variable('PROFILE_PORT', PORT) @Port() profilePort: number = 3001;
  @Variable('LOCATION_PORT', PORT) @Port() locationPort: number = 3002;
  @Variable('IMAGE_PORT', PORT) @Port() imagePort: number = 3003;
  @Variable('OPTION_PORT', PORT) @Port() optionPort: number = 3004;
  @Variable('PAYMENT_PORT', PORT) @Port() paymentPort: number = 3005;
  @Variable('SYNC_PORT', PORT) @Port() syncPort: number = 3006;
  @Variable('SIMULATOR_PORT', PORT) @Port() simulatorPort: number = 3000;
  @Variable('PUBLIC_BASE_URL_PROFILE', BASE_URL) @Url() profileUrl?: string;
  @Variable('PUBLIC_BASE_URL_LOCATION', BASE_URL) @Url() locationUrl?: string;
  @Variable('PUBLIC_BASE_URL_IMAGE', BASE_URL) @Url() imageUrl?: string;
  @Variable('PUBLIC_BASE_URL_OPTION', BASE_URL) @Url() optionUrl?: string;
  @Variable('PUBLIC_BASE_URL_PAYMENT', BASE_URL) @Url() paymentUrl?: string;
  @Variable('PUBLIC_BASE_URL_SYNC', BASE_URL) @Url() syncUrl?: string;
  @Variable('PUBLIC_BASE_URL_SIMULATOR', BASE_URL) @Url() simulatorUrl?: string;

  port(app: AppName): number {
    return this[`${app}Port`];
  }

  /** Without a slash at the end. */
  baseUrl(app: AppName): string {
    return (this[`${app}Url`] ?? `http://127.0.0.1:${this.port(app)}`).replace(/(?<!\/)\/+$/, '');
  }

  /** Why an app may not serve real customers at its address: Kakao, KakaoPay and shops are told it. */
  productionProblems(app: AppName): string[] {
    const url = this[`${app}Url`];
    if (url?.startsWith('https://')) return [];
    const found = url === undefined ? 'nothing' : JSON.stringify(url);
    return [
      `PUBLIC_BASE_URL_${app.toUpperCase()}: found ${found}; production needs the https address Kakao reaches the app at`,
    ];
  }
}

const ORIGIN = /^https?:\/\/[^/?#@]+$/;

/** Names of this machine in a URL. */
export const LOOPBACK_HOSTS: ReadonlySet<string> = new Set(['localhost', '127.0.0.1', '[::1]']);

/**
 * The origins of Kakao's servers (scheme, host and port, no path).
 *
 * The simulator plays all of them in development; production knows Kakao's own.
 */
export class KakaoOrigins implements CheckedConfig {
  @Variable('KAKAO_TALK_PLUGIN_ORIGIN', { about: 'where OTP URLs may point' })
  @IsOptional()
  talkPlugin: string;

  @Variable('KAKAO_IMAGE_ORIGINS', { about: 'origins images may be downloaded from, comma-separated' })
  @IsOptional()
  image: string[];

  @Variable('KAKAOPAY_ORIGIN', { about: 'the payment API; unset in production: by the API generation of the merchant' })
  @IsOptional()
  kakaopay?: string;

  @Variable('KAKAO_AUTH_ORIGIN', { about: 'Kakao login' })
  @IsOptional()
  auth: string;

  @Variable('KAKAO_API_ORIGIN', { about: 'Kakao REST API' })
  @IsOptional()
  api: string;

  /** Who plays them; nobody in production. */
  simulator?: string;

  problems(env: Environment): string[] {
    const production = isProduction(env);
    const simulator = simulatorOrigin(env);
    if (!production) this.simulator = simulator;
    /* eslint-disable @typescript-eslint/no-unnecessary-condition -- unset until here: the defaults depend on NODE_ENV */
    this.talkPlugin ??= production ? 'https://talk-plugin.kakao.com' : simulator;
    this.image ??= production ? ['http://k.kakaocdn.net', 'https://k.kakaocdn.net'] : [simulator];
    this.kakaopay ??= production ? undefined : simulator;
    this.auth ??= production ? 'https://kauth.kakao.com' : simulator;
    this.api ??= production ? 'https://kapi.kakao.com' : simulator;
    /* eslint-enable @typescript-eslint/no-unnecessary-condition */
    const origins: [string, string | undefined][] = [
      ['KAKAO_TALK_PLUGIN_ORIGIN', this.talkPlugin],
      ['KAKAOPAY_ORIGIN', this.kakaopay],
      ['KAKAO_AUTH_ORIGIN', this.auth],
      ['KAKAO_API_ORIGIN', this.api],
      ...this.image.map((origin): [string, string] => ['KAKAO_IMAGE_ORIGINS', origin]),
    ];
    return origins.flatMap(([name, origin]) => {
      if (origin === undefined) return [];
      if (!ORIGIN.test(origin))
        return [
          `${name}: found ${JSON.stringify(origin)}; it must be an origin such as https://kapi.kakao.com, without a path`,
        ];
      if (production && origin.startsWith('http:') && name !== 'KAKAO_IMAGE_ORIGINS') {
        return [`${name}: found ${JSON.stringify(origin)}; production needs https`];
      }
      return [];
    });
  }
}

/** Origins that may stand in a network of ours: at a loopback or private address, where no other origin is called. */
export class NearOrigins implements CheckedConfig {
  @Variable('NEAR_ORIGINS', {
    about: 'origins of your own network that may be called at private addresses, comma-separated',
  })
  named: string[] = [];

  problems(): string[] {
    return this.named
      .filter((origin) => !ORIGIN.test(origin) || !URL.canParse(origin))
      .map(
        (origin) =>
          `NEAR_ORIGINS: found ${JSON.stringify(origin)}; it must be an origin such as https://shop.internal:8443, without a path`,
      );
  }

  /**
   * Whether an origin is near; in development also this machine, and the simulator wherever it runs.
   *
   * In production Kakao's origins are public unless NEAR_ORIGINS names them, or they were configured as this very machine.
   */
  gate(kakao: KakaoOrigins, production: boolean): (origin: string) => boolean {
    const isLoopback = (origin: string): boolean => LOOPBACK_HOSTS.has(new URL(origin).hostname);
    const { talkPlugin, image, kakaopay, auth, api, simulator } = kakao;
    const configured = [talkPlugin, ...image, auth, api, ...(kakaopay ? [kakaopay] : [])].filter(isLoopback);
    const played = simulator === undefined ? configured : [...configured, simulator];
    const near = new Set([...this.named, ...played].map((origin) => new URL(origin).origin));
    return (origin) => near.has(new URL(origin).origin) || (!production && isLoopback(origin));
  }
}

/** A dedicated line to Kakao (전용선, guide 4.1): its proxy is called in place of the servers of OTP URLs and images. */
export class KakaoLine implements CheckedConfig {
  @Variable('KAKAO_LINE_PROXY', {
    about: 'proxy of a dedicated line for OTP URLs and images, such as http://10.0.0.5:3128; empty: none',
  })
  proxy: string = '';

  problems(): string[] {
    if (this.proxy === '' || (ORIGIN.test(this.proxy) && this.proxy.startsWith('http:'))) return [];
    return [
      `KAKAO_LINE_PROXY: found ${JSON.stringify(URL.canParse(this.proxy) ? new URL(this.proxy).origin : 'no URL')}; it must be an origin such as http://10.0.0.5:3128, without user, password and path`,
    ];
  }

  /** @returns nothing without a line */
  to({ talkPlugin, image }: KakaoOrigins): { proxy: URL; origins: ReadonlySet<string> } | undefined {
    if (this.proxy === '') return undefined;
    return {
      proxy: new URL(this.proxy),
      origins: new Set([talkPlugin, ...image].map((origin) => new URL(origin).origin)),
    };
  }
}

function simulatorOrigin(env: Environment): string {
  const url = env.PUBLIC_BASE_URL_SIMULATOR;
  return url ? url.replace(/(?<!\/)\/+$/, '') : `http://127.0.0.1:${env.SIMULATOR_PORT ?? '3000'}`;
}

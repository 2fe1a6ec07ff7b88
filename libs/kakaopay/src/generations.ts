import type { Outbound } from '@biz/platform';
import { KakaoPay, type KakaoPayOptions } from './kakaopay';
import type { Fields } from './wire';

/** kapi.kakao.com: form-urlencoded, admin key, `{code, msg, extras}`. The guide links to this one. */
class LegacyKakaoPay extends KakaoPay {
  protected readonly basePath = '/v1/payment';

  protected headers() {
    return {
      Authorization: `KakaoAK ${this.options.key}`,
      'Content-Type': 'application/x-www-form-urlencoded;charset=utf-8',
    };
  }

  protected encode(fields: Record<string, string | number>) {
    return new URLSearchParams(
      Object.entries(fields).map(([name, value]): [string, string] => [name, String(value)]),
    ).toString();
  }

  protected readRefusal(body: Fields) {
    return refusal(body, 'code', 'msg');
  }
}

/** open-api.kakaopay.com: JSON, secret key, `{error_code, error_message, extras}`. */
class OpenKakaoPay extends KakaoPay {
  protected readonly basePath = '/online/v1/payment';

  constructor(
    outbound: Pick<Outbound, 'send'>,
    options: KakaoPayOptions,
    /** Some use `DEV_SECRET_KEY` for development keys; no document settles it. */
    private readonly scheme: string,
  ) {
    super(outbound, options);
  }

  protected headers() {
    return { Authorization: `${this.scheme} ${this.options.key}`, 'Content-Type': 'application/json' };
  }

  protected encode(fields: Record<string, string | number>) {
    return JSON.stringify(fields);
  }

  protected readRefusal(body: Fields) {
    return refusal(body, 'error_code', 'error_message');
  }
}

function refusal(body: Fields, codeName: string, messageName: string) {
  const code = body.wholeIfAny(codeName);
  if (code === undefined) return undefined;
  const userMessage = body.objectIfAny('extras')?.line('method_result_message') ?? '';
  return { code, message: body.line(messageName), ...(userMessage !== '' && { userMessage }) };
}

/** Which of the two approves a plugin's tid no document says: chosen per merchant. */
export type KakaoPayApi = 'legacy' | 'open';

export function kakaoPay(
  api: KakaoPayApi,
  outbound: Pick<Outbound, 'send'>,
  options: KakaoPayOptions & { readonly secretKeyScheme?: string },
): KakaoPay {
  return api === 'legacy'
    ? new LegacyKakaoPay(outbound, options)
    : new OpenKakaoPay(outbound, options, options.secretKeyScheme ?? 'SECRET_KEY');
}

/** Where each generation lives in production. */
export const KAKAOPAY_PRODUCTION: Record<KakaoPayApi, string> = {
  legacy: 'https://kapi.kakao.com',
  open: 'https://open-api.kakaopay.com',
};

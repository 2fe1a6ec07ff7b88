import { Addresses } from '@biz/platform';
import { Injectable } from '@nestjs/common';
import { checkCallback } from '../checks/answers';
import { violation, warning } from '../checks/violation';
import { SignedImages } from '../images/signed-images';
import { OtpAnswers } from '../otp/otp-answers';
import type { NewOtpOrder } from '../otp/otp.dto';
import { type Otp, otpPath, type OtpKind } from '../otp/otps';
import { OwnAddress } from '../own-address';
import type { ImageScenario, LocationScenario, ProfileScenario } from '../scenarios/scenario.dto';
import type { MerchantCall, Run } from '../scenarios/run';
import { Pace } from '../time/pace';
import { merchantUrl } from './merchant-urls';
import { until } from './until';

/** Faults that a merchant may take as final: such a picture never becomes one. */
const DOOMED = ['image-expired', 'image-wrong-type', 'image-too-large', 'otp-garbage'] as const;
/** Long enough to see that a merchant does not get what cannot be had. */
const HOPELESS_MS = 3_000;

/** profile, location, image: hands over an OTP URL and watches it being redeemed. */
@Injectable()
export class CallbackPlay {
  constructor(
    private readonly answers: OtpAnswers,
    private readonly images: SignedImages,
    private readonly address: OwnAddress,
    private readonly addresses: Addresses,
    private readonly pace: Pace,
  ) {}

  async play(
    run: Run,
    options: ProfileScenario & LocationScenario & ImageScenario,
    relayId: string | undefined,
  ): Promise<string> {
    const kind = run.kind as OtpKind;
    const otp = this.answers.make(this.order(kind, options, run), this.address.origin);
    run.facts.otpToken = otp.token;
    run.about(otp.token, ['otp']);
    const pictures = kind === 'image' ? this.pictures(otp, run) : [];

    const url = merchantUrl(options, this.addresses, 'callback', kind) + (options.plugin ? `/${options.plugin}` : '');
    const callback: MerchantCall = {
      what: '실행결과 콜백 (callback)',
      method: 'POST',
      url,
      headers: { ...(relayId && { 'X-Kakao-Plugin-Relay-Id': relayId }) },
      json: {
        otp: `${this.address.origin}${otpPath(otp)}`,
        ...(kind === 'location' && {
          extra: { app: { name: '플러그인 데모', [options.conpany ? 'conpany' : 'company']: 'wuhu wuhu' } },
        }),
      },
    };
    const first = run.call(callback, checkCallback);
    const second = run.has('callback-concurrent') ? run.call(callback, checkCallback) : undefined;
    const { status } = await first;
    await second;
    if (run.has('callback-twice')) await run.call(callback, checkCallback);
    if (status !== 200) return `refused-${status ?? 'no-answer'}`;
    return this.watch(run, otp, pictures);
  }

  private order(kind: OtpKind, options: ProfileScenario & LocationScenario & ImageScenario, run: Run): NewOtpOrder {
    const { shape, restApiKey, count, bytes, format } = options;
    return {
      kind,
      ...(shape && { shape }),
      ...(restApiKey && { restApiKey }),
      ...(run.has('otp-expired') && { seconds: 0 }),
      ...(kind === 'image' && {
        images: {
          count: count ?? 2,
          bytes: bytes ?? 400_000,
          format: format ?? 'jpeg',
          ...(run.has('image-expired') && { seconds: 0 }),
        },
      }),
    };
  }

  private pictures(otp: Otp, run: Run): string[] {
    const { secure_urls: urls } = otp.answer(undefined) as { secure_urls: Record<string, string>[] };
    const ids = urls.map(({ original = '' }) => new URL(original).pathname.split('/')[2] ?? '');
    ids.forEach((id, at) => {
      // A fault hits the first picture; the others show that it stays there.
      run.about(id, at === 0 ? ['image'] : []);
    });
    return ids;
  }

  private async watch(run: Run, otp: Otp, pictures: string[]): Promise<string> {
    const hopeless = run.has('otp-expired') || run.has('otp-4xx');
    const redeemed = await until(
      () => otp.redeemed > 0,
      hopeless ? this.pace.ms(HOPELESS_MS) : run.timeoutMs - run.elapsed(),
    );
    if (!redeemed) {
      if (!hopeless) {
        run.find(
          violation(
            'not-redeemed',
            `the OTP URL was not redeemed within ${run.timeoutMs / 1_000} s (it lives ten minutes)`,
          ),
        );
      }
      return 'not-redeemed';
    }
    if (otp.redeemed > 1) run.find(warning('redeemed-twice', `the OTP URL was redeemed ${otp.redeemed} times`));
    if ((otp.answer('v2') as { is_usable_user?: boolean }).is_usable_user === false) return 'unavailable';
    if (run.kind !== 'image') return 'delivered';
    const complete = (id: string): boolean => Object.keys(this.images.find(id)?.downloads ?? {}).length === 3;
    const doomed = DOOMED.some((fault) => run.has(fault));
    if (await until(() => pictures.every(complete), doomed ? this.pace.ms(HOPELESS_MS) : run.timeoutMs - run.elapsed()))
      return 'delivered';
    const missing = pictures.filter((id) => !complete(id)).length;
    if (!doomed)
      run.find(
        violation(
          'not-downloaded',
          `${missing} of ${pictures.length} pictures were not downloaded (original, img_1m, img_3m)`,
        ),
      );
    return 'not-downloaded';
  }
}

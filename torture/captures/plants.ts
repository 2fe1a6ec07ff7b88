import type { Patch } from '../plant';

export const CAPTURE_PLANTS = [
  'redeemed-too-early',
  'claim-for-ever',
  'no-dedupe',
  'answered-too-early',
  'one-callback-one-capture',
  'few-tries',
  'full-is-for-good',
  'half-a-file',
  'wrong-variant',
  'wrong-shop',
  'any-answer-is-thanks',
  'asks-again',
] as const;
export type CapturePlant = (typeof CAPTURE_PLANTS)[number];

/** Bugs that somebody could really write. */
export const CAPTURE_PATCHES: Record<CapturePlant, Patch> = {
  // The OTP is given up before its answer is held.
  'redeemed-too-early': {
    file: 'libs/capture/src/redeem/redemption.js',
    text: 'const { restApiKey } =',
    by: "await this.dataSource.query('UPDATE capture.captures SET sealed_otp = NULL WHERE id = $1', [capture.id]);\n        const { restApiKey } =",
  },
  // What a process claimed that died is never taken over.
  'claim-for-ever': {
    file: 'libs/capture/src/redeem/capture-claims.js',
    text: '(claimed_until IS NULL OR claimed_until <= $2)',
    by: "(claimed_until IS NULL OR claimed_until <= $2::timestamptz - interval '1 hour')",
  },
  // Every try of a delivery is another event to the shop.
  'no-dedupe': {
    file: 'libs/merchant/src/deliveries/delivery.worker.js',
    text: 'const event = { id, type,',
    by: 'const event = { id: (0, platform_1.newId)(), type,',
  },
  // The callback is answered while its INSERT is still under way.
  'answered-too-early': {
    file: 'libs/capture/src/intake/inbox.js',
    text: 'const stored = await (0, platform_1.withTimeout)((0, platform_1.throughBriefOutage)(() => this.store(row)), this.runtime.workWithinMs, platform_1.answeredTooLate);',
    by: "const stored = 'new';\n        this.store(row).catch(() => undefined);",
  },
  // What makes two callbacks the same is what never is.
  'one-callback-one-capture': {
    file: 'libs/capture/src/intake/inbox.js',
    text: 'this.vault.fingerprint(otp, capture_entity_1.OTP_CONTEXT)',
    by: 'this.vault.fingerprint(otp + (0, platform_1.newId)(), capture_entity_1.OTP_CONTEXT)',
  },
  // Tries are counted, not the time that is left.
  'few-tries': {
    file: 'libs/capture/src/schedule/retry-times.js',
    text: 'if (due <= last)',
    by: 'if (tries > 3)\n            return deadlineAt;\n        if (due <= last)',
  },
  // A store that is full is taken for a file that cannot be had.
  'full-is-for-good': {
    file: 'libs/capture/src/files/file-fetcher.js',
    text: 'if (!(error instanceof image_download_1.FileRefused) ||',
    by: "if (error instanceof image_download_1.StoreUnavailable)\n                error.failure = 'store-unavailable';\n            else if (!(error instanceof image_download_1.FileRefused) ||",
  },
  // A connection that ends early ends the file.
  'half-a-file': {
    file: 'libs/capture/src/files/image-download.js',
    text: 'await (0, promises_2.pipeline)(body, meter,',
    by: `await (0, promises_2.pipeline)((async function* () {
                try {
                    for await (const piece of body)
                        yield piece;
                }
                catch { }
            })(), meter,`,
  },
  // Two sizes of a picture are taken for each other.
  'wrong-variant': {
    file: 'libs/otp-client/src/answers/images.reader.js',
    text: "'3m': 'img_3m', '1m': 'img_1m'",
    by: "'3m': 'img_1m', '1m': 'img_3m'",
  },
  // Every event goes to the first shop.
  'wrong-shop': {
    file: 'libs/merchant/src/deliveries/delivery.worker.js',
    text: 'this.merchants.get(merchant)',
    by: 'this.merchants.all[0]',
  },
  // A shop that answers with an error has it, too.
  'any-answer-is-thanks': {
    file: 'libs/merchant/src/calls/event-sender.js',
    text: 'status >= 200 && status < 300',
    by: 'status >= 200',
  },
  // The first answers of Kakao are not believed.
  'asks-again': {
    file: 'libs/capture/src/redeem/redemption.js',
    text: 'return this.keep(capture, meaning ===',
    by: "if (capture.tries < 5)\n            throw new platform_1.NotYet('again');\n        return this.keep(capture, meaning ===",
  },
};

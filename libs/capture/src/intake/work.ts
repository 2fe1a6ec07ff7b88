import { defineJob } from '@biz/platform';
import type { Job } from '@biz/platform';
import type { OtpKind } from '@biz/otp-client';

/** Which of the three callback apps this is. */
export const CAPTURE_KIND = Symbol('CAPTURE_KIND');

/** Seconds before each further try of something that is over after ten minutes; what is left of them is used to the end. */
export const WITHIN_TEN_MINUTES = [1, 2, 4, 8, 15, 30, 60, 60, 60, 60, 60, 60, 60, 60, 60, 60, 60];

type OfCapture = Job<{ captureId: string }>;

/** Queues are per app, so that slow image downloads never stand in the way of somebody's OTP. */
const perKind = (name: string, schedule: number[], concurrency: number): Record<OtpKind, OfCapture> => ({
  profile: defineJob({ name: `capture.profile.${name}`, schedule, concurrency }),
  location: defineJob({ name: `capture.location.${name}`, schedule, concurrency }),
  image: defineJob({ name: `capture.image.${name}`, schedule, concurrency }),
});

/** Asks Kakao for what is behind an OTP address. Mostly waiting, so many may run at once. */
export const REDEEM = perKind('redeem', WITHIN_TEN_MINUTES, 16);

/** Fetches the images of one capture. */
export const DOWNLOAD: OfCapture = defineJob({
  name: 'capture.image.download',
  schedule: WITHIN_TEN_MINUTES,
  concurrency: 4,
});

/** Removes the files of an erased capture; only our own store can be in the way, so it is tried for days. */
export const ERASE_FILES: OfCapture = defineJob({
  name: 'capture.image.erase',
  schedule: [5, 60, 600, 3600, 3600, 21_600, 21_600, 86_400, 86_400, 86_400],
  concurrency: 2,
});

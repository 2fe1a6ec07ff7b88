import { defineJob } from '@biz/platform';
import type { Job } from '@biz/platform';

/** Removes the files of an erased capture; only our own store can be in the way, so it is tried for days. */
export const ERASE_FILES: Job<{ captureId: string }> = defineJob({
  name: 'capture.image.erase',
  schedule: [5, 60, 600, 3600, 3600, 21_600, 21_600, 86_400, 86_400, 86_400],
  concurrency: 2,
});

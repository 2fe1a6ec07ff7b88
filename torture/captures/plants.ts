import type { Patch } from '../plant';

export const CAPTURE_PLANTS = ['redeemed-too-early', 'claim-for-ever', 'no-dedupe'] as const;
export type CapturePlant = (typeof CAPTURE_PLANTS)[number];

/** Bugs that somebody could really write. */
export const CAPTURE_PATCHES: Record<CapturePlant, Patch> = {
  // The OTP is given up before its answer is held.
  'redeemed-too-early': {
    file: 'libs/capture/src/intake/redemption.js',
    text: 'const { restApiKey } =',
    by: "await this.dataSource.query('UPDATE capture.captures SET sealed_otp = NULL WHERE id = $1', [capture.id]);\n        const { restApiKey } =",
  },
  // What a process claimed that died is never taken over.
  'claim-for-ever': {
    file: 'libs/capture/src/schedule/redeemer.js',
    text: '(claimed_until IS NULL OR claimed_until <= $4)',
    by: "(claimed_until IS NULL OR claimed_until <= $4::timestamptz - interval '1 hour')",
  },
  // Every try of a delivery is another event to the shop.
  'no-dedupe': {
    file: 'libs/merchant/src/deliveries/delivery.worker.js',
    text: 'const event = {\n            id,',
    by: 'const event = {\n            id: (0, platform_1.newId)(),',
  },
};

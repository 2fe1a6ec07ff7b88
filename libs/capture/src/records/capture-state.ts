/** Where a capture stands. These words are API: never renamed. */
export const CAPTURE_STATES = [
  'pending',
  'redeemed',
  'delivered',
  'unavailable',
  'failed',
  'expired',
  'erased',
] as const;
export type CaptureState = (typeof CAPTURE_STATES)[number];

/** From where a state may be reached; a redeemed or delivered capture becomes pending again only for images that are still missing. */
export const REACHED_FROM: Record<CaptureState, readonly CaptureState[]> = {
  pending: ['failed', 'expired', 'redeemed', 'delivered'],
  redeemed: ['pending'],
  delivered: ['redeemed'],
  unavailable: ['pending'],
  failed: ['pending'],
  expired: ['pending'],
  erased: ['pending', 'redeemed', 'delivered', 'unavailable', 'failed', 'expired'],
};

/** Why nothing was captured; told to the shop and to operators. */
export const CAPTURE_FAILURES = [
  'refused-by-kakao',
  'unreadable-answer',
  'deadline-passed',
  'no-image-stored',
] as const;
export type CaptureFailure = (typeof CAPTURE_FAILURES)[number];

/** Where one file of an image capture stands. */
export const FILE_STATES = ['pending', 'stored', 'failed', 'erased'] as const;
export type FileState = (typeof FILE_STATES)[number];

/** From where a file's state may be reached; a failed one becomes pending again when an operator asks for it. */
export const FILE_REACHED_FROM: Record<FileState, readonly FileState[]> = {
  pending: ['failed'],
  stored: ['pending'],
  failed: ['pending'],
  erased: ['pending', 'stored', 'failed'],
};

/** Why one file is missing. */
export const FILE_FAILURES = [
  'origin-refused',
  'refused-by-kakao',
  'too-large',
  'not-an-image',
  'deadline-passed',
  'store-unavailable',
  'quota-exceeded',
] as const;
export type FileFailure = (typeof FILE_FAILURES)[number];

/** What was in the way of a file that is tried again. */
export const FILE_PROBLEMS = ['kakao-unavailable', 'store-unavailable'] as const;
export type FileProblem = (typeof FILE_PROBLEMS)[number];

/** As a constraint of the database says it. */
export const oneOf = (column: string, words: readonly string[]): string =>
  `${column} IN (${words.map((word) => `'${word}'`).join(', ')})`;

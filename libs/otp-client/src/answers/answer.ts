import type { OtpKind } from '../otp-url';
import { namesKakaoError } from '@biz/platform';
import { readObject, RefusedAnswer, UnreadableAnswer } from './fields';
import { readImages } from './images.reader';
import { readLocation } from './location.reader';
import { readProfile } from './profile.reader';

/**
 * What a 2xx answer of Kakao's is: a result of its kind, a refusal (an error inside a 200), or nothing that was understood,
 * such as an empty text, a page, or an error that does not last.
 */
export function meaningOf(kind: OtpKind, raw: string): 'result' | 'refused' | 'nothing' {
  try {
    if (kind === 'profile') readProfile(raw);
    else if (kind === 'location') readLocation(raw);
    else readImages(raw);
    return 'result';
  } catch (error) {
    if (error instanceof RefusedAnswer) return 'refused';
    if (error instanceof UnreadableAnswer) return 'nothing';
    // A fault of ours: the answer is kept as one, and read again when it is mended.
    return 'result';
  }
}

/** Whether an answer that was not understood is an object, and no error. */
export function mayHoldData(raw: string): boolean {
  try {
    return !namesKakaoError(readObject(raw));
  } catch {
    return false;
  }
}

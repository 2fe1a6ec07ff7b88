import { fields, notUnderstood, readObject, text } from './fields';

/** The three sizes Kakao offers of every picture. */
export const IMAGE_SIZES = ['original', '3m', '1m'] as const;
export type ImageSize = (typeof IMAGE_SIZES)[number];

const KEY: Record<ImageSize, string> = { original: 'original', '3m': 'img_3m', '1m': 'img_1m' };

/** Ten pictures at most (guide 4.1). */
const MOST_PICTURES = 10;

/** One address to download before it expires. */
export interface OfferedImage {
  /** 1 for the first picture the customer attached. */
  picture: number;
  size: ImageSize;
  url: string;
}

/** What a customer attached (이미지보안전송 플러그인), not yet downloaded. */
export interface OfferedImages {
  images: OfferedImage[];
  /** When the addresses stop working; absent when Kakao did not say, or not in a readable way. */
  expiresAt?: Date;
}

/** Reads the raw answer of an image OTP (guide 4.3). Addresses are not judged here: their origin is checked where they are fetched. */
export function readImages(raw: string): OfferedImages {
  const answer = readObject(raw);
  const pictures = answer.secure_urls;
  if (!Array.isArray(pictures)) throw notUnderstood(answer, 'secure_urls is missing');

  // More than Kakao promises is left in the raw answer: losing the ten promised ones would be worse.
  const images = pictures.slice(0, MOST_PICTURES).flatMap((value: unknown, at) =>
    IMAGE_SIZES.flatMap((size): OfferedImage[] => {
      const url = text(fields(value)?.[KEY[size]]);
      return url === undefined ? [] : [{ picture: at + 1, size, url }];
    }),
  );
  if (images.length === 0) throw notUnderstood(answer, 'secure_urls holds no address');

  const expiresAt = readTime(text(answer.expire) ?? '');
  return expiresAt ? { images, expiresAt } : { images };
}

/** A date with its time in ISO 8601, in this millennium. */
const ISO_TIME = /^(2\d{3}-\d\d-\d\d)[Tt ](\d\d:\d\d(?::\d\d(?:[.,]\d+)?)?) ?(?:[Zz]|([+-]\d\d)(?::?(\d\d))?)?$/;

/**
 * Kakao's times are UTC, also where the zone is left out.
 *
 * Anything else is no time: what `Date` makes of it would end the images before they were asked for.
 */
function readTime(value: string): Date | undefined {
  const [, day, time, hours, minutes = '00'] = ISO_TIME.exec(value) ?? [];
  if (day === undefined || time === undefined) return undefined;
  const at = new Date(`${day}T${time.replace(',', '.')}${hours === undefined ? 'Z' : `${hours}:${minutes}`}`);
  return Number.isNaN(at.getTime()) ? undefined : at;
}

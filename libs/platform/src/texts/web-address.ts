import { isVisibleLine } from './visible-line';

/** Of an address that Kakao shows (contract section 6). */
export const MAX_WEB_ADDRESS = 255;

/** An address that a customer may be led to: https, without user info, in one visible line; never what a browser runs, such as `javascript:`. */
export function isWebAddress(value: unknown): value is string {
  if (typeof value !== 'string' || value.length > MAX_WEB_ADDRESS || !/^https:\/\/\S+$/iu.test(value)) return false;
  if (!isVisibleLine(value) || !URL.canParse(value)) return false;
  const { username, password } = new URL(value);
  return username === '' && password === '';
}

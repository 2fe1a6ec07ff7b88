/** Of an address that Kakao shows (contract section 6). */
export const MAX_ADDRESS = 255;

/** An address that a customer may be led to: http or https, without user info, and nothing that a browser runs, such as `javascript:`. */
export function isWebAddress(value: unknown): value is string {
  if (typeof value !== 'string' || value.length > MAX_ADDRESS || !/^https?:\/\/[!-~\u0080-\u{10FFFF}]+$/iu.test(value))
    return false;
  if (!URL.canParse(value)) return false;
  const { username, password } = new URL(value);
  return username === '' && password === '';
}

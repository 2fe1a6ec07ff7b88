import { isUtf8 } from 'node:buffer';
import { decode } from 'iconv-lite';

/** The names under which the charsets of Korea and Unicode are sent; any other one counts as not named. */
const CHARSETS: Readonly<Record<string, string>> = {
  ...named('cp949', 'euc-kr', 'cp949', 'ms949', 'uhc', 'windows-949', 'x-windows-949', 'korean', 'ksc5601'),
  ...named('cp949', 'ks_c_5601-1987', 'ks_c_5601-1989', 'ksc_5601', 'ks_c_5601', 'cseuckr', 'ibm-949', 'ms_949'),
  ...named('utf-16le', 'utf-16', 'utf-16le'),
  ...named('utf-16be', 'utf-16be'),
};
/** What servers write that were told no charset: it is believed only of bytes that are no UTF-8. */
const UNTOLD: Readonly<Record<string, string>> = named('cp1252', 'iso-8859-1', 'latin1', 'windows-1252', 'us-ascii');

const CHARSET = /;\s*charset\s*=\s*"?([\w.:-]+)/i;
const REPLACED = '\uFFFD';
const LONE_SURROGATE = /\p{Surrogate}/u;

/** Bytes that are no text of the charset that was named, and no UTF-8 either. */
export class UnreadableText extends Error {
  override readonly name = 'UnreadableText';
}

/**
 * The text of bytes that somebody else wrote: by their byte order mark, by the charset of their content type, or as UTF-8.
 *
 * A mark is no part of the text. No byte is ever replaced by a question mark: what cannot be read is refused.
 * @throws UnreadableText
 */
export function textOf(bytes: Buffer, contentType = ''): string {
  const found = decoded(bytes, contentType);
  if (found === undefined) throw new UnreadableText('the bytes are no text of their charset');
  return found;
}

/** As `textOf`; bytes that cannot be read are kept, every one of them, as a `data:` URL, which no reader takes for an answer. */
export function textOrBytes(bytes: Buffer, contentType = ''): string {
  return (
    decoded(bytes, contentType) ?? `data:${contentType.replaceAll(/[\s,]/g, '')};base64,${bytes.toString('base64')}`
  );
}

function decoded(bytes: Buffer, contentType: string): string | undefined {
  if (bytes[0] === 0xef && bytes[1] === 0xbb && bytes[2] === 0xbf) return utf8(bytes.subarray(3));
  if (bytes[0] === 0xff && bytes[1] === 0xfe) return strictly(bytes.subarray(2), 'utf-16le');
  if (bytes[0] === 0xfe && bytes[1] === 0xff) return strictly(bytes.subarray(2), 'utf-16be');
  const name = contentType === '' ? undefined : CHARSET.exec(contentType)?.[1]?.toLowerCase();
  if (name === undefined || name === 'utf-8') return utf8(bytes);
  const [charset, untold] = [CHARSETS[name], UNTOLD[name]];
  return (
    (charset === undefined ? undefined : strictly(bytes, charset)) ??
    utf8(bytes) ??
    (untold === undefined ? undefined : decode(bytes, untold))
  );
}

const utf8 = (bytes: Buffer): string | undefined => (isUtf8(bytes) ? bytes.toString('utf8') : undefined);

/** The library replaces what it cannot read, and neither charset of Korea has that sign. */
function strictly(bytes: Buffer, charset: string): string | undefined {
  const text = decode(bytes, charset, { stripBOM: false });
  return text.includes(REPLACED) || LONE_SURROGATE.test(text) ? undefined : text;
}

function named(charset: string, ...names: string[]): Record<string, string> {
  return Object.fromEntries(names.map((name) => [name, charset]));
}

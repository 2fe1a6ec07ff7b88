import { pipeline, Readable } from 'node:stream';
import { stringify } from 'csv-stringify';

/** What a spreadsheet would run as a formula (OWASP, CSV injection), in Korean and Japanese ones in full width too, and what would be read back as defused. */
const FORMULA = /^'*[=+\-@\t\r\n＝＋－＠]/;

/** A text that no spreadsheet runs. */
export const defused = (text: string): string => (FORMULA.test(text) ? `'${text}` : text);

/** The text that `defused` was given. */
export const asTyped = (cell: string): string => (cell.startsWith("'") && FORMULA.test(cell) ? cell.slice(1) : cell);

/**
 * Rows as Excel opens them by a double click, written as they are read: UTF-8 with its mark, CRLF.
 *
 * @param rows of cells; a text that is not ours must be `defused`
 */
export function csvOf(rows: Iterable<string[]> | AsyncIterable<string[]>): Readable {
  const written = stringify({ bom: true, record_delimiter: 'windows', quoted_match: /[\r\n]/ });
  // Rows that end in an error cut the file off; whoever reads it is told.
  return pipeline(Readable.from(rows), written, () => undefined);
}

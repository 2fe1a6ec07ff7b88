import { isUtf8 } from 'node:buffer';
import { pipeline, Readable } from 'node:stream';
import { PayloadTooLargeException } from '@nestjs/common';
import { CsvError, parse } from 'csv-parse';
import { getDecoder } from 'iconv-lite';

/** A record of a CSV file, and the line it ends on. */
export interface CsvRecord {
  cells: string[];
  line: number;
}

/** A file that is no CSV from some line on. */
export class NoCsv extends Error {
  constructor(
    readonly line: number,
    message: string,
  ) {
    super(message);
  }
}

/** Of a file; 20,000 SKUs are about 2 MB. */
const MAX_BYTES = 16 * 1024 * 1024;
const LONGEST_LINE = 65_536;
const NEW_LINE = 0x0a;
/** What stands between cells, by the country and the format that Excel saves for. */
const DELIMITERS = [',', ';', '\t'];
/** Excel's own word for it, in a line above the titles. */
const SAID = /^\uFEFF?"?sep=([,;\t])/i;

/**
 * The records of a file as Excel saves it: UTF-8, with its mark or without, CP949, or UTF-16 with its mark; with commas,
 * semicolons or tabs between cells.
 *
 * @throws NoCsv
 */
export async function* recordsOf(body: AsyncIterable<Buffer>): AsyncGenerator<CsvRecord> {
  const rest = texts(body)[Symbol.asyncIterator]();
  const start = await firstLine(rest);
  const [, said] = SAID.exec(start) ?? [];
  const options = { bom: true, relax_column_count: true, skip_records_with_empty_values: true, info: true };
  const parser = parse({
    ...options,
    ...{ record_delimiter: ['\r\n', '\n', '\r'], max_record_size: LONGEST_LINE },
    ...{ delimiter: said ?? delimiterOf(start), from_line: said === undefined ? 1 : 2 },
  });
  // An error of the source becomes one of the parser; `pipe` alone would let it end the process.
  pipeline(Readable.from(following(start, rest), { objectMode: false }), parser, () => undefined);
  try {
    for await (const { record, info } of parser as AsyncIterable<{ record: string[]; info: { lines: number } }>) {
      if (record.some((cell) => cell.includes('\uFFFD'))) {
        throw new NoCsv(info.lines, 'holds a character that is neither UTF-8 nor CP949: save the file as CSV UTF-8');
      }
      yield { cells: record, line: info.lines };
    }
  } catch (error) {
    if (!(error instanceof CsvError)) throw error;
    const { lines } = error as unknown as { lines?: unknown };
    throw new NoCsv(typeof lines === 'number' ? lines : 1, `is no CSV: ${error.code}`);
  } finally {
    // Whoever stops early leaves nothing of the file in a connection that other requests follow on.
    for (let next = await rest.next(); next.done !== true;) next = await rest.next();
  }
}

/** The beginning of a file, its first line within. */
async function firstLine(rest: AsyncIterator<string>): Promise<string> {
  let start = '';
  while (!/[\r\n]/.test(start)) {
    const next = await rest.next();
    if (next.done === true) break;
    start += next.value;
    if (start.length > LONGEST_LINE) break;
  }
  return start;
}

async function* following(start: string, rest: AsyncIterator<string>): AsyncGenerator<string> {
  if (start !== '') yield start;
  for (let next = await rest.next(); next.done !== true; next = await rest.next()) yield next.value;
}

/** The one that stands between most titles. */
function delimiterOf(start: string): string {
  const [titles = ''] = start.split(/[\r\n]/, 1);
  const countIn = (each: string): number => titles.split(each).length;
  return DELIMITERS.toSorted((one, other) => countIn(other) - countIn(one))[0] ?? ',';
}

/** The titles are Korean, so the first line shows the encoding, where no mark does. */
async function* texts(body: AsyncIterable<Buffer>): AsyncGenerator<string> {
  const start: Buffer[] = [];
  const rest = bounded(body)[Symbol.asyncIterator]();
  for (let next = await rest.next(); next.done !== true; next = await rest.next()) {
    start.push(next.value);
    if (next.value.includes(NEW_LINE)) break;
  }
  const head = Buffer.concat(start);
  const end = head.indexOf(NEW_LINE);
  const encoding = markedEncoding(head) ?? (isUtf8(end < 0 ? head : head.subarray(0, end)) ? 'utf8' : 'cp949');
  const decoder = getDecoder(encoding);
  yield decoder.write(head);
  for (let next = await rest.next(); next.done !== true; next = await rest.next()) yield decoder.write(next.value);
  yield decoder.end() ?? '';
}

/** What Excel calls Unicode text is UTF-16. */
function markedEncoding([first, second]: Buffer): string | undefined {
  if (first === 0xff && second === 0xfe) return 'utf-16le';
  return first === 0xfe && second === 0xff ? 'utf-16be' : undefined;
}

async function* bounded(body: AsyncIterable<Buffer>): AsyncGenerator<Buffer> {
  let size = 0;
  for await (const chunk of body) {
    size += chunk.length;
    if (size > MAX_BYTES) throw new PayloadTooLargeException(`A file may have ${MAX_BYTES} bytes`);
    yield chunk;
  }
}

import { createInterface } from 'node:readline';
import type { Readable, Writable } from 'node:stream';

/** Where the log lines of the apps go: readable on a terminal, as they are (JSON) into a pipe or file. */
export async function logOutput(): Promise<Writable> {
  if (!process.stdout.isTTY) return process.stdout;
  const { default: pretty } = await import('pino-pretty');
  return pretty({ colorize: true, translateTime: 'SYS:HH:MM:ss.l', ignore: 'pid,hostname', sync: true });
}

/** Copies whole lines, so that those of several apps never mix. */
export function copyLines(from: Readable, to: Writable, prefix = ''): void {
  createInterface({ input: from }).on('line', (line) => to.write(`${prefix}${line}\n`));
}

/** Columns as wide as their widest cell. */
export function table(rows: string[][]): string {
  const widths = (rows[0] ?? []).map((_, column) => Math.max(...rows.map((row) => row[column]?.length ?? 0)));
  return rows
    .map((row) => `  ${row.map((cell, column) => cell.padEnd(widths[column] ?? 0)).join('   ')}`.trimEnd())
    .join('\n');
}

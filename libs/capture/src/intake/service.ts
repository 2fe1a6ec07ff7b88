import { toUSVString } from 'node:util';

const LONGEST_NAME = 200;

/** The service a location was sent from; the guide writes its company `conpany` in the table and `company` in the sample. */
export function readService(extra: unknown): { name?: string; company?: string } {
  const app = ((extra as { app?: unknown } | undefined)?.app ?? {}) as Record<string, unknown>;
  return { name: text(app.name), company: text(app.company) ?? text(app.conpany) };
}

/** No half of a character that takes two, sent so or cut in the middle: a database refuses it. */
const text = (value: unknown): string | undefined =>
  typeof value === 'string' && value !== '' && !value.includes('\0')
    ? toUSVString(value.slice(0, LONGEST_NAME))
    : undefined;

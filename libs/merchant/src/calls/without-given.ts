import { withoutShown } from '@biz/privacy';

/**
 * What a merchant's own code threw, as it may be logged: without what it quotes of what it was given, which is about the
 * customer. Where it was, and ids and amounts, stay.
 */
export function withoutGiven(thrown: unknown, given: object): Error {
  const facts = Object.entries(given) as [string, unknown][];
  const told = JSON.stringify(facts.filter(([name, value]) => !stays(name, value)).map(([, value]) => value));
  const cut = (text: string): string => withoutShown(text, told);
  const { name, message, stack = '' } = Error.isError(thrown) ? thrown : new Error(String(thrown));
  // Without its head, which repeats the message.
  const frames = stack.split('\n').filter((line) => /^ +at /.test(line));
  return Object.assign(new Error(cut(message)), { name: cut(name), stack: cut(frames.join('\n')) });
}

/** Words of ours, not of the customer: the merchant is a folder in each frame, and those of a relay id stand in many a message. */
const OURS = new Set(['merchant', 'kind', 'plugin', 'relay']);

const stays = (name: string, value: unknown): boolean =>
  typeof value === 'number' || OURS.has(name) || (/^id$|Id$/.test(name) && name !== 'appUserId');

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

/** The words of a relay id (its state, the shop's own reference) stand in many a message. */
const stays = (name: string, value: unknown): boolean =>
  typeof value === 'number' || name === 'relay' || (/^id$|Id$/.test(name) && name !== 'appUserId');

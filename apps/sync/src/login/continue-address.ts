import { Logger } from '@nestjs/common';

const logger = new Logger('ContinueAddress');

const MAX_LENGTH = 2_048;
/** The chat itself: the form in contract 7 and that of launch links. */
const CHAT = /^kakaotalk:\/\/bizplugin[/?]/;
/** Control characters, blanks and backslashes, which readers of addresses take out, trim or turn round, each in its own way. */
// eslint-disable-next-line no-control-regex -- control characters are what it looks for
const AMBIGUOUS = /[\u0000-\u0020\u007f-\u00a0\u2028\u2029\ufeff\\]/;

/**
 * Where a customer may be sent after a login; nothing when the address is not Kakao's (an open redirect).
 *
 * Compared letter by letter before any parser sees it, so that no two parsers can disagree about its host.
 *
 * @param talkPlugin KAKAO_TALK_PLUGIN_ORIGIN
 */
export function continueAddress(given: string, talkPlugin: string): string | undefined {
  if (given.length > MAX_LENGTH || AMBIGUOUS.test(given) || !URL.canParse(given)) return undefined;
  const url = new URL(given);
  if (url.username || url.password) return undefined;
  const known = CHAT.test(given) || (given.startsWith(`${talkPlugin}/`) && url.origin === new URL(talkPlugin).origin);
  return known ? url.href : undefined;
}

/**
 * The relay id of a launch link.
 *
 * An odd one is none: a customer who has agreed becomes a member, whatever a link says, and no text column holds a NUL.
 */
export const relayIdOf = (address: string): string | undefined => {
  const relayId = new URL(address).searchParams.get('relay_id');
  if (relayId === null || relayId === '') return undefined;
  if (relayId.length <= 255 && !relayId.includes('\0')) return relayId;
  logger.warn({ length: relayId.length }, 'the relay_id of a continue address is no relay id: left out');
  return undefined;
};

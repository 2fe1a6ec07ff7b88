import { ApiProperty, ApiPropertyOptional } from '@nestjs/swagger';
import { parseJson } from '@biz/platform';

/** What the sealed column is sealed for. */
export const USER_CONTEXT = 'capture.user';

/** What a chat bot says of a customer besides its own key (`userRequest.user.properties`); names in snake_case are read too. */
export class BotUserProperties {
  /** Kakao's number of the user in this app (회원번호), every digit kept; it comes when the bot is linked with the app */
  @ApiPropertyOptional({ example: '9007199254740993' })
  appUserId?: string;

  /** Key of the customer as a friend of the channel (카카오톡 채널 사용자 키) */
  @ApiPropertyOptional({ example: 'h3kT9Xq0aBcD' })
  plusfriendUserKey?: string;

  /** Key of the customer in this bot (봇 사용자 키) */
  @ApiPropertyOptional({ example: 'a1f3c8e2b7d94e6c5b2f8a7e3d1c9b4f6a2e8d7b' })
  botUserKey?: string;

  /** Whether the customer has added the channel as a friend (채널 친구 여부) */
  @ApiPropertyOptional({ example: true })
  isFriend?: boolean;
}

/** The customer who ran a plugin in a chat bot, as the bot knows them (`userRequest.user` of its payload). Absent means: not sent. */
export class BotUser extends BotUserProperties {
  /** The bot's key of the customer (사용자를 식별할 수 있는 key) */
  @ApiPropertyOptional({ example: 'a1f3c8e2b7d94e6c5b2f8a7e3d1c9b4f6a2e8d7b' })
  id?: string;

  /** What `id` is */
  @ApiPropertyOptional({ example: 'botUserKey' })
  type?: string;
}

/** The customer of a skill payload, as operators see them. */
export class ShownBotUser extends BotUser {
  /** What the chat bot said of the customer as it came, fields that are not named here included */
  @ApiProperty({ example: '{"id":"a1f3c8e2b7d9","type":"botUserKey","properties":{"appUserId":"9007199254740993"}}' })
  asSent: string;
}

/** Kakao says a few hundred characters; of more only what is read is kept. */
const LONGEST_USER = 4_096;

/** Longer texts are no key of Kakao's (70 characters at most), and no type. */
const LONGEST_KEY = 255;

/** Reads what was kept of a chat bot's user; Kakao writes names of properties in camelCase, in snake_case, or both. */
export function readBotUser(kept: string): BotUser {
  const user = fieldsOf(parseJson(kept));
  const properties = fieldsOf(user.properties);
  const isFriend = properties.isFriend ?? properties.is_friend;
  const read: BotUser = {
    id: key(user.id),
    type: key(user.type),
    appUserId: key(properties.appUserId) ?? key(properties.app_user_id) ?? key(user.app_user_id),
    plusfriendUserKey: key(properties.plusfriendUserKey) ?? key(properties.plusfriend_user_key),
    botUserKey: key(properties.botUserKey) ?? key(properties.bot_user_key),
    isFriend: typeof isFriend === 'boolean' ? isFriend : undefined,
  };
  return Object.fromEntries(Object.entries(read).filter(([, value]) => value !== undefined));
}

/**
 * What is kept of the customer that a skill payload names: `userRequest.user` as it came.
 *
 * @param appUserId the `app_user_id` that accompanied the plugin's result
 */
export function botUserToKeep(payload: unknown, appUserId: string | undefined): string | undefined {
  const { user } = fieldsOf(fieldsOf(payload).userRequest);
  const said = { ...fieldsOf(user), ...(appUserId !== undefined && { app_user_id: appUserId }) };
  if (Object.keys(said).length === 0) return undefined;
  const text = JSON.stringify(said);
  if (text.length <= LONGEST_USER) return text;
  const { id, type, ...properties } = readBotUser(text);
  return JSON.stringify({ id, type, properties });
}

/** Text, or a number digit for digit. */
function key(value: unknown): string | undefined {
  const text = typeof value === 'number' ? String(value) : value;
  return typeof text === 'string' && text !== '' && text.length <= LONGEST_KEY ? text : undefined;
}

const fieldsOf = (value: unknown): Record<string, unknown> =>
  typeof value === 'object' && value !== null && !Array.isArray(value) ? (value as Record<string, unknown>) : {};

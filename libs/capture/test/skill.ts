/** The customer as a chat bot names them in a payload: properties in both spellings, and one that has no field of ours. */
export const BOT_USER = {
  id: 'a1f3c8e2b7d94e6c5b2f8a7e3d1c9b4f6a2e8d7b',
  type: 'botUserKey',
  properties: {
    botUserKey: 'a1f3c8e2b7d94e6c5b2f8a7e3d1c9b4f6a2e8d7b',
    bot_user_key: 'a1f3c8e2b7d94e6c5b2f8a7e3d1c9b4f6a2e8d7b',
    plusfriendUserKey: 'h3kT9Xq0aBcD',
    plusfriend_user_key: 'h3kT9Xq0aBcD',
    appUserId: '9007199254740993',
    app_user_id: '9007199254740993',
    appUserStatus: 'REGISTERED',
    isFriend: true,
  },
};

/** The same as the shop and operators are told. */
export const TOLD_BOT_USER = {
  id: BOT_USER.id,
  type: 'botUserKey',
  appUserId: '9007199254740993',
  plusfriendUserKey: 'h3kT9Xq0aBcD',
  botUserKey: BOT_USER.id,
  isFriend: true,
};

/** A payload as a chat bot posts it to a skill. */
export const skillPayload = (action: object, user: object = BOT_USER): Record<string, unknown> => ({
  intent: { id: '5a56ec0008cc1461d75291f6', name: '배송지 받기' },
  userRequest: {
    timezone: 'Asia/Seoul',
    block: { id: '5a56ec0008cc1461d75291f6', name: '배송지 받기' },
    utterance: '{배송지',
    lang: 'kr',
    user,
  },
  contexts: [],
  bot: { id: '5a548e36aea1a43fa851ecd9', name: '데모봇' },
  action: { name: '배송지', clientExtra: null, id: '5e2fdc3d8192ac000154dd3b', ...action },
});

/** What an event does to a member here. Types that are not listed are recorded and change nothing. */
export type EventAction = 'unlink' | 'suspend' | 'resume' | 'forget-tokens';

const KAKAO = 'https://schemas.kakao.com/events/oauth/';
const RISC = 'https://schemas.openid.net/secevent/risc/event-type/';

/**
 * Kakao's account-state events (계정 상태 변경 웹훅), of the categories OAUTH, CAEP, RISC and KAKAO.
 *
 * Only recorded: user-linked, user-scope-consent, user-scope-withdraw, assurance-level-change, credential-change,
 * user-profile-changed. `account-purged` is RISC's word for a deleted account; Kakao says user-unlinked instead.
 */
const ACTIONS: ReadonlyMap<string, EventAction> = new Map<string, EventAction>([
  [`${KAKAO}user-unlinked`, 'unlink'],
  [`${KAKAO}tokens-revoked`, 'forget-tokens'],
  [`${RISC}account-purged`, 'unlink'],
  [`${RISC}account-disabled`, 'suspend'],
  [`${RISC}account-enabled`, 'resume'],
  [`${RISC}credential-compromise`, 'forget-tokens'],
  [`${RISC}sessions-revoked`, 'forget-tokens'],
]);

/** Senders differ in `http:` and `https:` before the same name. */
export const actionOf = (type: string): EventAction | undefined => ACTIONS.get(type.replace(/^http:/, 'https:'));

/** Ways in which the customer ended it; the others (`FORCED_ACCOUNT_DELETE`, `UNLINK_FROM_ADMIN`, `INCOMPLETE_SIGN_UP`) are Kakao's doing. */
const BY_MEMBER = new Set(['UNLINK_FROM_APPS', 'ACCOUNT_DELETE']);

export const actorOf = (referrerType: string): 'member' | 'kakao' => (BY_MEMBER.has(referrerType) ? 'member' : 'kakao');

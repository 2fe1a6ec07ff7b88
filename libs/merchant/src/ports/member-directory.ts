import type { Relay } from '../relay/relay';

/** A customer who is about to become a member by Kakao Sync, with what they agreed to hand over. */
export interface JoiningCustomer {
  /** Kakao's app user id (회원번호), digits. */
  appUserId: string;
  /** 연계정보: compare and forget it, never store or log it (guide 2.1); the platform keeps it nowhere. */
  ci?: string;
  name?: string;
  email?: string;
  /** Kakao has checked that the address is theirs, and it still is: only then it tells who they are. */
  emailVerified?: boolean;
  phoneNumber?: { raw: string; e164?: string };
  birthyear?: string;
  birthday?: string;
  relay?: Relay;
}

/**
 * `memberId`: the shop's own id of the member they already are. `userMatchUrl`: the shop is not sure, the customer is
 * to tell it on this page first; needs the setting `plugins.sync.userMatchOrigin`.
 */
export type MemberMatch = { memberId: string } | { userMatchUrl: string };

/** The members a shop has already. Without it every customer of Kakao Sync is a new member. */
export abstract class MemberDirectory {
  /**
   * The member of the shop this customer already is.
   *
   * Called before they join, at every login until it matched, and possibly twice, so it must be repeatable. They are
   * waiting: answer within a second. A thrown error is tried again; after ten minutes they join without a match.
   * @returns nothing when the shop does not know them
   */
  abstract match(customer: JoiningCustomer): Promise<MemberMatch | undefined>;
}

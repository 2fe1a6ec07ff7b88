import { Injectable, Logger } from '@nestjs/common';
import { MemberDirectory, Merchants, RelayIds, ShopAnswerRefused, ShopCalls } from '@biz/merchant';
import type { JoiningCustomer, MemberMatch, Merchant } from '@biz/merchant';
import { DataSource } from 'typeorm';
import type { Step } from '../kakao/step';
import type { KakaoUser } from '../members/kakao-account';
import { Member } from '../members/member.entity';
import type { MatchState } from '../members/member.entity';

/** With the calls to Kakao before it, far below the time a login is claimed for. */
const TIMEOUT_MS = 3_000;

/** What is known of the shop's own member, for the row and the shop's event. */
export interface Match {
  state: MatchState;
  shopMemberId?: string;
  /** Where the customer is sent before they go back to the chat. */
  userMatchUrl?: string;
}

/** Asks a shop which of its members a joining customer already is. */
@Injectable()
export class Matching {
  private readonly logger = new Logger(Matching.name);

  constructor(
    private readonly merchants: Merchants,
    private readonly calls: ShopCalls,
    private readonly relayIds: RelayIds,
    private readonly dataSource: DataSource,
  ) {}

  /** @returns `done` without a match when nobody is to be asked: no directory, or the member matched before */
  async match(
    merchant: Merchant,
    user: KakaoUser,
    login: { relayId: string | null; receivedAt: Date },
  ): Promise<Step<Match | undefined>> {
    const directory = this.merchants.port(merchant, MemberDirectory);
    if (!directory || (await this.isMatched(merchant.id, user.appUserId))) return { kind: 'done', value: undefined };
    const customer = this.customerOf(merchant, user, login);
    try {
      const answer = await this.calls.call(merchant.id, 'members', TIMEOUT_MS, customer, () =>
        directory.match(customer),
      );
      return readMatch(answer, merchant.plugins.sync?.userMatchOrigin);
    } catch (error) {
      if (error instanceof ShopAnswerRefused) {
        this.logger.error({ merchant: merchant.id, error }, 'the match of a member cannot be used');
        return { kind: 'refused', reason: 'UNREADABLE_MATCH' };
      }
      // The name alone: the shop's own words may quote the customer.
      const reason = error instanceof Error ? error.name : 'FAILED';
      this.logger.warn({ merchant: merchant.id, reason }, 'MemberDirectory failed');
      return { kind: 'later', reason: `DIRECTORY_FAILED ${reason.slice(0, 60)}` };
    }
  }

  private isMatched(merchant: string, appUserId: string): Promise<boolean> {
    return this.dataSource.manager.existsBy(Member, { merchant, appUserId, match: 'matched' });
  }

  private customerOf(
    merchant: Merchant,
    { appUserId, ci, account }: KakaoUser,
    { relayId, receivedAt }: { relayId: string | null; receivedAt: Date },
  ): JoiningCustomer {
    const { name, email, emailVerified, phoneNumber, birthyear, birthday } = account;
    const given = { ci, name, email, emailVerified, phoneNumber, birthyear, birthday };
    return {
      appUserId,
      ...Object.fromEntries(Object.entries(given).filter(([, value]) => value !== undefined)),
      ...(relayId !== null && { relay: this.relayIds.read(merchant.id, relayId, { at: receivedAt }) }),
    };
  }
}

function readMatch(answer: MemberMatch | undefined, origin: string | undefined): Step<Match> {
  if (answer === undefined) return { kind: 'done', value: { state: 'none' } };
  if ('memberId' in answer) return { kind: 'done', value: { state: 'matched', shopMemberId: answer.memberId } };
  const url = new URL(answer.userMatchUrl);
  if (url.origin !== origin || url.username !== '' || url.password !== '')
    return { kind: 'refused', reason: 'USER_MATCH_URL_REFUSED' };
  return { kind: 'done', value: { state: 'to-confirm', userMatchUrl: url.href } };
}

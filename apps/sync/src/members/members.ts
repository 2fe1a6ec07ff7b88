import { Injectable, NotFoundException } from '@nestjs/common';
import { Clock, newId, Vault } from '@biz/platform';
import { Deliveries } from '@biz/merchant';
import type { Merchant } from '@biz/merchant';
import { DataSource, In, MoreThan, Not } from 'typeorm';
import type { EntityManager } from 'typeorm';
import type { KakaoTokens } from '../kakao/kakao-login';
import type { Match } from '../matching/matching';
import type { ConsentActor } from './consent.entity';
import { recordTerms, withdrawAll } from './consents';
import type { KakaoUser, StoredAccount } from './kakao-account';
import { Member } from './member.entity';
import type { ToldTerms } from './service-terms';

export const ACCOUNT_CONTEXT = 'sync.members.account';
const TOKENS_CONTEXT = 'sync.members.tokens';

export interface Joining {
  merchant: Merchant;
  user: KakaoUser;
  /** Absent: Kakao did not say, so the history stays as it is. */
  terms?: ToldTerms;
  /** Absent: nobody was asked, so what was known stays. */
  match?: Match;
  tokens: KakaoTokens;
  relayId: string | null;
  /** When the login reached us. */
  receivedAt: Date;
}

export interface Ending {
  merchant: string;
  appUserId: string;
  /** Kakao's word for it. */
  reason: string;
  actor: ConsentActor;
  /** Kakao may tell of it later. */
  happenedAt: Date;
}

/** What is about the person; the shop's own id with it, since it leads to them. */
const ERASED = { account: null, tokens: null, match: null, shopMemberId: null };

const matchFacts = ({ state, shopMemberId }: Match): object => ({
  state,
  ...(shopMemberId !== undefined && { memberId: shopMemberId }),
});

/** The customers who joined a shop through Kakao Sync. */
@Injectable()
export class Members {
  constructor(
    private readonly vault: Vault,
    private readonly deliveries: Deliveries,
    private readonly clock: Clock,
    private readonly dataSource: DataSource,
  ) {}

  /** Everything that changes one user's membership takes its turn, also before there is a row to lock. */
  async lock(manager: EntityManager, merchant: string, appUserId: string): Promise<void> {
    await manager.query(`SELECT pg_advisory_xact_lock(hashtextextended($1, 0))`, [`${merchant} ${appUserId}`]);
  }

  /**
   * Creates the member, or links the login to the one there is; the shop hears `member.joined` when a membership begins.
   *
   * The caller holds `lock`.
   *
   * @returns the id of the member
   */
  async join(manager: EntityManager, joining: Joining): Promise<string> {
    const now = this.clock.now();
    const { merchant, user, terms } = joining;
    const known = await manager.findOneBy(Member, { merchant: merchant.id, appUserId: user.appUserId });
    const begins = !known || known.state === 'unlinked' || known.state === 'erased';
    const id = known?.id ?? (await this.create(manager, joining, now));
    if (known) await this.link(manager, known, joining, begins ? now : known.joinedAt);
    if (terms) await recordTerms(manager, id, terms, now);
    if (begins) await this.tellJoined(manager, id, joining, now);
    return id;
  }

  private async create(
    manager: EntityManager,
    { merchant, user, match, tokens, relayId, receivedAt }: Joining,
    now: Date,
  ): Promise<string> {
    const id = newId();
    await manager.insert(Member, {
      id,
      merchant: merchant.id,
      appUserId: user.appUserId,
      state: 'joined',
      relayId,
      ...(await this.sealed(merchant, user, tokens)),
      joinedAt: now,
      seenAt: receivedAt,
      endedAt: null,
      endReason: null,
      match: match?.state ?? null,
      shopMemberId: match?.shopMemberId ?? null,
      kakaoUnlink: null,
    });
    return id;
  }

  private async link(
    manager: EntityManager,
    { id, state }: Member,
    { merchant, user, match, tokens, relayId, receivedAt }: Joining,
    joinedAt: Date,
  ): Promise<void> {
    const { affected } = await manager.update(
      Member,
      { id, state },
      {
        state: 'joined',
        ...(await this.sealed(merchant, user, tokens)),
        ...(relayId !== null && { relayId }),
        joinedAt,
        seenAt: receivedAt,
        endedAt: null,
        endReason: null,
        kakaoUnlink: null,
        ...(match && { match: match.state, shopMemberId: match.shopMemberId ?? null }),
      },
    );
    if (affected !== 1) throw new Error(`member ${id} was changed without its lock`);
  }

  private async sealed(
    { plugins }: Merchant,
    { account, raw }: KakaoUser,
    tokens: KakaoTokens,
  ): Promise<{ account: string; tokens: string | null }> {
    const stored: StoredAccount = { account, raw };
    return {
      account: await this.vault.seal(JSON.stringify(stored), ACCOUNT_CONTEXT),
      tokens: plugins.sync?.keepTokens ? await this.vault.seal(JSON.stringify(tokens), TOKENS_CONTEXT) : null,
    };
  }

  private tellJoined(
    manager: EntityManager,
    id: string,
    { merchant, user, terms, match, relayId, receivedAt }: Joining,
    joinedAt: Date,
  ): Promise<void> {
    return this.deliveries.add(manager, {
      merchant: merchant.id,
      type: 'member.joined',
      subject: id,
      ...(relayId !== null && { relayId, relaySentAt: receivedAt }),
      data: {
        id,
        appUserId: user.appUserId,
        joinedAt,
        account: user.account,
        ...(match && { match: matchFacts(match) }),
        terms: (terms?.terms ?? [])
          .filter(({ agreed }) => agreed)
          .map(({ tag, version, required, agreedAt }) => ({ tag, version, required, agreedAt })),
      },
    });
  }

  /**
   * Ends a membership: personal data is erased, the fact is kept, the shop hears `member.unlinked` once.
   *
   * The caller holds `lock`.
   *
   * @returns whether there was something to end
   */
  async unlink(manager: EntityManager, { merchant, appUserId, reason, actor, happenedAt }: Ending): Promise<boolean> {
    const member = await manager.findOneBy(Member, { merchant, appUserId });
    if (!member) return false;
    const now = this.clock.now();
    const { affected } = await manager.update(
      Member,
      { id: member.id, state: Not('unlinked') },
      // What an operator erased had ended then, and logins from before that stay out.
      { state: 'unlinked', ...ERASED, endedAt: member.endedAt ?? happenedAt, endReason: reason },
    );
    if (affected !== 1) return false;
    await withdrawAll(manager, member.id, actor, now);
    await this.deliveries.erase(manager, merchant, member.id);
    await this.deliveries.add(manager, {
      merchant,
      type: 'member.unlinked',
      subject: member.id,
      data: {
        id: member.id,
        appUserId,
        ...(member.shopMemberId !== null && { memberId: member.shopMemberId }),
        reason,
        unlinkedAt: now,
      },
    });
    return true;
  }

  /** Kakao disabled the account, or enabled it again. */
  async suspend(manager: EntityManager, merchant: string, appUserId: string, suspended: boolean): Promise<boolean> {
    const [from, to] = suspended ? (['joined', 'suspended'] as const) : (['suspended', 'joined'] as const);
    const { affected } = await manager.update(
      Member,
      { merchant, appUserId, state: from },
      { state: to, ...(suspended && { tokens: null }) },
    );
    return affected === 1;
  }

  /** Throws away kept tokens that Kakao no longer takes. */
  async forgetTokens(manager: EntityManager, merchant: string, appUserId: string): Promise<boolean> {
    const { affected } = await manager
      .createQueryBuilder()
      .update(Member)
      .set({ tokens: null })
      .where('merchant = :merchant AND app_user_id = :appUserId AND tokens IS NOT NULL', { merchant, appUserId })
      .execute();
    return affected === 1;
  }

  /** Erases a member's personal data at an operator's word; the fact, the app user id and the consent history stay. */
  async erase(id: string): Promise<void> {
    await this.dataSource.transaction(async (manager) => {
      const member = await manager.findOneBy(Member, { id });
      if (!member) throw new NotFoundException('No such member');
      await this.lock(manager, member.merchant, member.appUserId);
      // Again, it also holds for the logins that came in between.
      const endedAt = this.clock.now();
      const { affected } = await manager.update(
        Member,
        { id, state: In(['joined', 'suspended', 'erased']) },
        { state: 'erased', ...ERASED, endedAt, endReason: 'operator' },
      );
      if (affected === 1) await this.deliveries.erase(manager, member.merchant, id);
      // Of a member already unlinked nothing is left to erase, and the shop is still owed the news.
      else await manager.update(Member, { id, state: 'unlinked' }, { endedAt });
    });
  }

  /** Whether an operator erased the member after this time: a login from before must not bring the data back. */
  erasedSince(manager: EntityManager, merchant: string, appUserId: string, since: Date): Promise<boolean> {
    return manager.existsBy(Member, {
      merchant,
      appUserId,
      state: In(['erased', 'unlinked']),
      endedAt: MoreThan(since),
    });
  }
}

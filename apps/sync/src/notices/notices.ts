import { Injectable, Logger } from '@nestjs/common';
import { Clock, newId, Vault } from '@biz/platform';
import { DataSource, MoreThan } from 'typeorm';
import type { EntityManager } from 'typeorm';
import type { ConsentActor } from '../members/consent.entity';
import { Member } from '../members/member.entity';
import { Members } from '../members/members';
import { actionOf, actorOf } from './event-types';
import { Notice } from './notice.entity';
import type { NoticeEffect } from './notice.entity';
import type { SecurityEvent, SecurityEventToken } from './security-events';

const USER_CONTEXT = 'sync.notices.user';
/**
 * An event this much older than the member's newest login speaks of an earlier membership.
 * Clocks differ and Kakao's times are whole seconds: in doubt the data goes.
 */
const OUTDATED_AFTER_MS = 10_000;

type NewNotice = Omit<Notice, 'id' | 'userKey' | 'effect' | 'receivedAt'> & { appUserId?: string };

/** What Kakao tells about accounts: recorded once, acted on once. */
@Injectable()
export class Notices {
  private readonly logger = new Logger(Notices.name);

  constructor(
    private readonly members: Members,
    private readonly vault: Vault,
    private readonly clock: Clock,
    private readonly dataSource: DataSource,
  ) {}

  /**
   * Applies an unlink call (연결 해제 웹훅), or an operator's; unknown users and repeated calls are fine.
   *
   * @param also what the same transaction does besides
   */
  async unlink(
    merchant: string,
    appUserId: string,
    referrerType: string,
    {
      actor = actorOf(referrerType),
      also,
    }: { actor?: ConsentActor; also?: (manager: EntityManager) => Promise<void> } = {},
  ): Promise<void> {
    const happenedAt = this.clock.now();
    const notice = {
      merchant,
      source: 'unlink',
      type: referrerType,
      jti: null,
      appUserId,
      unlinks: true,
      happenedAt,
    } as const;
    await this.apply(notice, async (manager) => {
      const ended = await this.members.unlink(manager, {
        merchant,
        appUserId,
        reason: referrerType,
        actor,
        happenedAt,
      });
      await also?.(manager);
      return ended ? 'unlinked' : 'nothing';
    });
  }

  /** Applies each event of a verified token; a token that came before changes nothing. */
  async receive(merchant: string, { jti, events }: SecurityEventToken): Promise<void> {
    for (const event of events) {
      const { type, appUserId, happenedAt } = event;
      const unlinks = actionOf(type) === 'unlink';
      await this.apply({ merchant, source: 'event', type, jti, appUserId, unlinks, happenedAt }, (manager) =>
        this.act(manager, merchant, event),
      );
    }
  }

  /** Whether the user was unlinked after this time: a login from before must not bring the member back. */
  async unlinkedSince(manager: EntityManager, merchant: string, appUserId: string, since: Date): Promise<boolean> {
    return manager.existsBy(Notice, {
      merchant,
      userKey: this.userKey(merchant, appUserId),
      unlinks: true,
      happenedAt: MoreThan(since),
    });
  }

  private async apply(
    { appUserId, ...notice }: NewNotice,
    act: (manager: EntityManager) => Promise<NoticeEffect>,
  ): Promise<void> {
    const { merchant, source, type } = notice;
    const row: Notice = {
      ...notice,
      id: newId(),
      userKey: appUserId === undefined ? null : this.userKey(merchant, appUserId),
      effect: 'recorded',
      receivedAt: this.clock.now(),
    };
    const effect = await this.dataSource.transaction(async (manager) => {
      if (appUserId !== undefined) await this.members.lock(manager, merchant, appUserId);
      const inserted = await manager
        .createQueryBuilder()
        .insert()
        .into(Notice)
        .values(row)
        .orIgnore()
        .returning('id')
        .execute();
      if ((inserted.raw as unknown[]).length === 0) return 'repeated';
      const done = await act(manager);
      if (done !== row.effect) await manager.update(Notice, { id: row.id }, { effect: done });
      return done;
    });
    this.logger.log({ merchant, source, type, effect, noticeId: row.id }, 'notice of Kakao');
  }

  private async act(
    manager: EntityManager,
    merchant: string,
    { type, appUserId, happenedAt }: SecurityEvent,
  ): Promise<NoticeEffect> {
    const action = actionOf(type);
    if (!action || appUserId === undefined) return 'recorded';
    const member = await manager.findOneBy(Member, { merchant, appUserId });
    if (!member || happenedAt.getTime() + OUTDATED_AFTER_MS < member.seenAt.getTime()) return 'nothing';
    switch (action) {
      case 'unlink': {
        const reason = type.slice(type.lastIndexOf('/') + 1);
        const ended = await this.members.unlink(manager, { merchant, appUserId, reason, actor: 'member', happenedAt });
        return ended ? 'unlinked' : 'nothing';
      }
      case 'suspend':
        return (await this.members.suspend(manager, merchant, appUserId, true)) ? 'suspended' : 'nothing';
      case 'resume':
        return (await this.members.suspend(manager, merchant, appUserId, false)) ? 'resumed' : 'nothing';
      case 'forget-tokens':
        return (await this.members.forgetTokens(manager, merchant, appUserId)) ? 'tokens-forgotten' : 'nothing';
    }
  }

  private userKey(merchant: string, appUserId: string): string {
    return this.vault.fingerprint(`${merchant} ${appUserId}`, USER_CONTEXT);
  }
}

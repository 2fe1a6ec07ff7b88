import { explainCode } from '@biz/kakaopay';
import { Clock } from '@biz/platform';
import { Injectable } from '@nestjs/common';
import { DataSource, IsNull, MoreThan, Not } from 'typeorm';
import type { EntityManager } from 'typeorm';
import { Attempt } from '../attempts/attempt.entity';
import { MerchantKakaoPay } from '../attempts/merchant-kakaopay';
import { Settlement } from '../attempts/settlement';
import { EvidenceLog } from '../evidence/evidence-log';
import { Order } from '../orders/order.entity';
import { Subscription } from '../subscriptions/subscription.entity';
import { Subscriptions } from '../subscriptions/subscriptions';

export const TAKEN = 'KakaoPay refused this charge, but has charged the SID since: look the payment up at KakaoPay';

/**
 * What a look at a charge without money came to. `none`: there is none, or a person has it now · `again`: KakaoPay does
 * not tell yet · `later`: a further try of the period comes first, and looks by itself
 */
export interface ChargeLook {
  readonly says: string;
  readonly next: 'none' | 'again' | 'later';
}

/**
 * Compares charges by SID that ended without money with `status`: without a tid there is nothing to ask `order` about.
 *
 * Only charges of ours approve a SID. So an approval since the first try of a period, when no later charge was decided
 * on, is money that KakaoPay took while it said that it did not.
 */
@Injectable()
export class ChargeLooks {
  constructor(
    private readonly dataSource: DataSource,
    private readonly subscriptions: Subscriptions,
    private readonly kakaopay: MerchantKakaoPay,
    private readonly evidence: EvidenceLog,
    private readonly settlement: Settlement,
    private readonly clock: Clock,
  ) {}

  /** Asks KakaoPay about the SID of a charge that has failed, and has a person look when it took money since. */
  async look(charge: Attempt): Promise<ChargeLook> {
    const { manager } = this.dataSource;
    const order = await manager.findOneByOrFail(Order, { id: charge.orderId });
    const subscription = await manager.findOneByOrFail(Subscription, { id: order.subscriptionId ?? '' });
    if (subscription.state === 'active' && order.period === subscription.periodsCharged + 1) {
      return { says: 'the next try of this period looks first', next: 'later' };
    }
    const { pay } = this.kakaopay.of(charge.merchant);
    const sentAt = this.clock.now();
    const answer = await pay.status(await this.subscriptions.sidOf(subscription));
    await this.evidence.lookedAtSid(charge, sentAt, answer);
    if (answer.kind === 'refused') {
      return { says: `status refused with ${answer.code}: ${explainCode(answer.code)}`, next: 'again' };
    }
    if (answer.kind !== 'answered') return { says: `status: ${answer.kind}`, next: 'again' };
    return this.conclude(charge, subscription.id, answer.value.lastApprovedAt);
  }

  /**
   * Before the first charge of a period, for those of periods before it that were let off: a new approval would hide one
   * of theirs.
   */
  async beforePeriod({ id, subscriptionId }: Order, lastApprovedAt: Date | undefined): Promise<void> {
    const charges = await this.dataSource.manager
      .createQueryBuilder(Attempt, 'a')
      .innerJoin(Order, 'o', 'o.id = a.orderId')
      .where('o.subscriptionId = :subscriptionId AND o.id <> :id', { subscriptionId, id })
      .andWhere(`a.compareAt IS NOT NULL AND a.state = 'failed' AND a.tid IS NULL`)
      .getMany();
    await Promise.all(charges.map((charge) => this.conclude(charge, subscriptionId ?? '', lastApprovedAt)));
  }

  /** Whether KakaoPay has approved the SID since the first try of this order, which it had refused. */
  async isTaken(manager: EntityManager, orderId: string, lastApprovedAt: Date | undefined): Promise<boolean> {
    if (lastApprovedAt === undefined) return false;
    const where = { orderId, calls: MoreThan(0) };
    const first = await manager.findOne(Attempt, { where, order: { id: 'ASC' } });
    return first !== null && lastApprovedAt > (first.approvedBefore ?? first.createdAt);
  }

  private async conclude(
    charge: Attempt,
    subscriptionId: string,
    lastApprovedAt: Date | undefined,
  ): Promise<ChargeLook> {
    if (lastApprovedAt === undefined) {
      return { says: 'status does not say when the SID was last charged', next: 'again' };
    }
    const says = `the SID was last charged at ${lastApprovedAt.toISOString()}`;
    const { manager } = this.dataSource;
    if (!(await this.isTaken(manager, charge.orderId, lastApprovedAt))) return { says, next: 'none' };
    // Each later charge was decided on after a look of its own: the approval is its.
    if (await this.isFollowed(manager, charge, subscriptionId)) return { says, next: 'none' };
    await this.settlement.review(charge, TAKEN, undefined, true);
    return { says: `${says}, after this charge was refused`, next: 'none' };
  }

  private isFollowed(manager: EntityManager, { id }: Attempt, subscriptionId: string): Promise<boolean> {
    return manager
      .createQueryBuilder(Attempt, 'a')
      .innerJoin(Order, 'o', 'o.id = a.orderId')
      .where('o.subscriptionId = :subscriptionId AND a.id > :id', { subscriptionId, id })
      .getExists();
  }
}

/** Payments that KakaoPay can be asked about: by their tid, or as a charge by the SID. */
export const CAN_BE_ASKED_ABOUT = [{ tid: Not(IsNull()) }, { tid: IsNull(), calls: MoreThan(0) }];

import type { OrderSheet } from '@biz/merchant';
import type { Environment } from '@biz/platform';
import { eventually, ManualClock } from '@biz/testing';
import type { StubRequest } from '@biz/testing';
import { DueCharges } from '../src/charges/due-charges';
import { atKstHour, daysAfter, kstDay } from '../src/charges/kst-day';
import { shop } from './shops';
import { type Delivered, World } from './world';

type Plan = NonNullable<OrderSheet['subscription']>;

interface SubscriptionSeen {
  id: string;
  state: string;
  partnerOrderId: string;
  periodsCharged: number;
  nextChargeOn?: string;
  nextAmount?: number;
  failedTries?: number;
  nextTryAt?: string;
  endReason?: string;
  charges: { period: number; partnerOrderId: string; state: string; totalAmount: number; paidAt?: string }[];
  history: { to: string; note: string }[];
}

export const MINUTE = 60_000;
export const DAY = 24 * 60 * MINUTE;

/** The payment app and a KakaoPay that both live by the clock of the test, and the subscriptions between them. */
export class Billing {
  private constructor(
    readonly world: World,
    readonly clock: ManualClock,
  ) {}

  static async start(env: Environment = {}): Promise<Billing> {
    const clock = new ManualClock('2027-01-31T01:00:00Z');
    const world = await World.start(env, clock);
    world.kakaopay.clock = clock;
    return new Billing(world, clock);
  }

  /** Leaves no subscription to charge: each test begins a long time after the one before. */
  async endAll(): Promise<void> {
    this.world.kakaopay.releaseApprovals();
    await this.world.database.query(
      `WITH compared AS (UPDATE payment.attempts SET compare_at = NULL WHERE tid IS NULL AND compare_at IS NOT NULL)
       UPDATE payment.subscriptions SET state = 'ended', charge_at = NULL WHERE state <> 'ended'`,
    );
  }

  async subscribe(
    plan: Partial<Plan> = {},
    { firstAmount = 4_900, prefix = '', lines = [{ name: '정기 이용권', quantity: 1 }] as OrderSheet['lines'] } = {},
  ): Promise<{ id: string; orderId: string; user: string }> {
    const today = kstDay(this.clock.now());
    shop.sheets.plan = () => ({
      lines,
      totalAmount: firstAmount,
      needsShipping: false,
      agreements: [{ company: '데모샵', title: '정기결제 동의' }],
      subscription: {
        message: '매달',
        billingCycle: '월',
        details: [
          { date: today, amount: firstAmount },
          { date: daysAfter(today, 10), amount: 10_000 },
        ],
        ends: 'never',
        ...plan,
      },
    });
    const { id: orderId, user } = await this.world.paidOrder('plan', { prefix });
    const [row] = await this.world.database.query<{ id: string }>(
      `SELECT id FROM payment.subscriptions WHERE order_id = $1`,
      [orderId],
    );
    return { id: row?.id ?? '', orderId, user };
  }

  async seen(id: string): Promise<SubscriptionSeen> {
    return (await this.world.operator(`subscriptions/${id}`)).body as SubscriptionSeen;
  }

  handOut(): Promise<void> {
    return this.world.app.get<DueCharges>(DueCharges).handOut();
  }

  async toDue(id: string): Promise<void> {
    const { nextChargeOn } = await this.seen(id);
    this.clock.set(atKstHour(nextChargeOn ?? '', 9));
    await this.handOut();
  }

  until(id: string, expected: Partial<SubscriptionSeen>): Promise<void> {
    return eventually(async () => {
      expect(await this.seen(id)).toMatchObject(expected);
    });
  }

  /** Deliveries come at least once; each is shown once. */
  events(id: string): Delivered[] {
    const told = this.world.delivered.filter(({ data }) => data.id === id);
    return [...new Map(told.map((each) => [JSON.stringify([each.type, each.data]), each])).values()];
  }

  told(id: string, type: string): Delivered[] {
    return this.events(id).filter((each) => each.type === type);
  }

  /** The order a period is charged by. */
  async orderOf(id: string, period: number): Promise<string> {
    return (await this.seen(id)).charges.find((each) => each.period === period)?.partnerOrderId ?? '';
  }

  /** Until KakaoPay has been asked for this user's money; the app may not have noted yet what it answered. */
  asked(user: string): Promise<void> {
    return eventually(() => {
      expect(this.callsFor(user)).not.toEqual([]);
    });
  }

  callsFor(user: string): StubRequest[] {
    return this.world.kakaopay.calls('subscription').filter((call) => call.form().get('partner_user_id') === user);
  }

  /** Waits for an expectation while time goes by: a charge that is not known is looked at again after a minute. */
  asTimeGoesBy<T>(expectation: () => T | Promise<T>): Promise<T> {
    return this.clock.advanceUntil(MINUTE / 6, expectation);
  }

  amounts(user: string): number[] {
    return this.world.kakaopay.chargesOf(user).map(({ amount }) => amount);
  }
}

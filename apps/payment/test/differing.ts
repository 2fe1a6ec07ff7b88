import { eventually, ManualClock } from '@biz/testing';
import { type OrderInHand, World } from './world';

export interface DifferenceSeen {
  id: string;
  partnerOrderId: string;
  state: string;
  kinds: string[];
  acts: string[];
  amount: number;
  line: string;
}

/** The payment app and a KakaoPay that says otherwise, both by the clock of the test. */
export class Differing {
  private constructor(
    readonly world: World,
    readonly clock: ManualClock,
  ) {}

  static async start(): Promise<Differing> {
    const clock = new ManualClock('2027-03-01T03:00:00Z');
    const world = await World.start({ TID_TTL_SECONDS: '10000000' }, clock);
    world.kakaopay.clock = clock;
    return new Differing(world, clock);
  }

  async of({ id }: OrderInHand): Promise<DifferenceSeen[]> {
    return ((await this.world.operator(`orders/${id}`)).body as { differences: DifferenceSeen[] }).differences;
  }

  async attemptsOf({ id }: OrderInHand): Promise<string[]> {
    return (await this.world.detail(id)).attempts.map(({ state }) => state);
  }

  until(order: OrderInHand, status: string): Promise<void> {
    return this.clock.advanceUntil(1_000, async () => {
      expect(await this.world.status(order)).toMatchObject({ order_status: status });
    });
  }

  async paid(kind = 'coffee'): Promise<OrderInHand> {
    const order = await this.world.orderAwaitingPayment(kind);
    await this.world.callback(order);
    await this.until(order, 'S');
    return order;
  }

  async failed(kind = 'coffee'): Promise<OrderInHand> {
    const order = await this.world.orderAwaitingPayment(kind);
    this.world.kakaopay.set(order.tid, { status: 'QUIT_PAYMENT' });
    await this.until(order, 'F');
    return order;
  }

  /** KakaoPay took its money all the same. */
  tookMoney({ tid }: OrderInHand, won = 13_500): void {
    this.world.kakaopay.set(tid, { status: 'SUCCESS_PAYMENT', charges: [won], total_amount: won });
  }

  wentBack(order: OrderInHand, won = 13_500): Promise<void> {
    return eventually(async () => {
      expect(await this.attemptsOf(order)).toEqual(['refunded']);
      expect(this.world.kakaopay.cancelled(order.tid)).toBe(won);
    });
  }

  giveUp(id: string, body: object): Promise<{ http: number; body: unknown }> {
    return this.world.operator(`differences/${id}/give-up`, { method: 'POST', body: JSON.stringify(body) });
  }
}

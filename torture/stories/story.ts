import { setTimeout as delay } from 'node:timers/promises';
import type { Random } from '../random';
import { innerPath, type Kakao, type Sheet } from '../world/kakao';
import type { Shop } from '../world/shop';
import type { Caller, Reply } from './caller';
import type { FaultTally } from './fault-tally';
import { orderPayFaults, orderRefundFaults } from './pay-faults';
import { type Plan, priceOf, type Try, type Wish } from './plan';
import { orderRefundScheme } from './schemes';

const ADDRESS = {
  base_address: '경기도 성남시 분당구 판교역로 235',
  detail_address: '6층',
  zone_code: '13494',
  receiver_name: '수령인',
  receiver_mobile_number: '01011112222',
};

const REFUND_SCHEMES = 0.6;
/** Longer than an operator takes to give a part back, and KakaoPay to do it. */
const SHOP_IS_BUSY_MS = 1_500;
/** A part is given back only when the shop was asked by then. */
const PART_WITHIN_MS = 8_000;
/** A buyer whose first payment the shop refuses waits for that; a slow machine takes longer. */
const REFUSED_WITHIN_MS = 20_000;

/** How often a call without an answer is made again; a T3 is often made only once. */
const PATIENCE = { t1: 80, t2: 12, t3: [1, 1, 8] } as const;

/** A try that was really made. */
export interface Tried {
  tid: string;
  plan: Try;
  /** When T3 with the right token was first answered {"status":200}. */
  acceptedAt?: number;
  t2At?: number;
  /** Kinds of KakaoPay's misbehaviour drawn for it. */
  faults: string[];
}

/** A cancel that an operator asked for, and every answer. */
export interface Wished {
  wish: Wish;
  replies: (Reply | undefined)[];
}

/** Whom a buyer deals with. */
export interface Parties {
  caller: Caller;
  kakao: Kakao;
  shop: Shop;
}

/** One buyer: plays its plan against whatever instances are up, and remembers all that happened. */
export class Story {
  readonly log: string[] = [];
  readonly tried: Tried[] = [];
  /** KakaoPay was told to refuse for good the repeat of a refund. */
  refundsRefused = false;
  readonly wished: Wished[] = [];
  /** What T4 said, each change once. */
  readonly shown: string[] = [];
  orderId?: string;
  over = false;
  private readonly caller: Caller;
  private readonly kakao: Kakao;
  private readonly shop: Shop;
  private sheet?: Sheet;
  private readonly begin = Date.now();

  constructor(
    readonly plan: Plan,
    private readonly sheetId: string,
    private readonly random: Random,
    private readonly faultsOf: (attempt: number) => Random,
    { caller, kakao, shop }: Parties,
    private readonly tally: FaultTally,
  ) {
    this.caller = caller;
    this.kakao = kakao;
    this.shop = shop;
  }

  async play(): Promise<void> {
    const { plan } = this;
    await delay(plan.startsAfterMs);
    await Promise.all(Array.from({ length: plan.t1Times }, () => this.t1()));
    if (!this.orderId || plan.abandons) return;
    const beside = [this.watch(), ...plan.wishes.map((wish) => this.ask(wish))];
    if (plan.refusal) beside.push(this.expectRefusal(this.orderId, plan.refusal.part));
    const tries: Promise<void>[] = [];
    for (const [at, each] of plan.tries.entries()) {
      if (at > 0) await this.t1();
      const attempt = this.pay(each, at);
      tries.push(attempt);
      if (each.hasty) await delay(this.random.int(0, 400));
      else {
        await attempt;
        if (at < plan.tries.length - 1) await this.until(['F', 'S', 'C'], plan.refusal ? REFUSED_WITHIN_MS : 2_500);
      }
    }
    await Promise.all(tries);
    await this.until(['S', 'F', 'C'], 2_000);
    this.over = true;
    await Promise.all(beside);
  }

  /** T4, at this moment. */
  async t4(): Promise<string | undefined> {
    const reply = await this.caller.untilAnswered(this.random, {
      method: 'GET',
      path: `${this.prefix}/order/status?order_id=${this.orderId ?? ''}`,
      headers: this.headers,
    });
    const data = reply?.body.data as { order_status?: string } | undefined;
    return data?.order_status ?? (reply && String(reply.body.status));
  }

  note(text: string): void {
    this.log.push(`${String(Date.now() - this.begin).padStart(6)} ms  ${text}`);
  }

  private get prefix(): string {
    return this.plan.merchant === 'counter' ? '' : `/m/${this.plan.merchant}`;
  }

  private get headers(): Record<string, string> {
    return { 'x-kakao-appuserid': this.plan.user };
  }

  private async t1(): Promise<void> {
    const reply = await this.caller.untilAnswered(
      this.random,
      {
        method: 'GET',
        path: `${this.prefix}/ordersheet?ordersheet_id=${this.sheetId}`,
        headers: this.headers,
      },
      PATIENCE.t1,
    );
    this.note(`T1 ${told(reply)}`);
    const data = reply?.body.data as Sheet | undefined;
    if (!data) return;
    this.sheet = data;
    this.orderId = String(data.partner_order_id);
  }

  private async pay(plan: Try, at: number): Promise<void> {
    const { sheet } = this;
    if (!sheet) return;
    const tid = await this.kakao.ready(sheet);
    const order = this.plan.refusal && at === 0 ? orderRefundFaults : orderPayFaults;
    const faults = order(this.kakao.faults, this.faultsOf(at), tid, this.tally);
    if (this.plan.refusal?.doubtful && at === 1) faults.push(this.nameAnotherAmount(tid));
    const tried: Tried = { tid, plan, faults };
    this.tried.push(tried);
    this.note(`ready ${tid}${faults.length > 0 ? `, KakaoPay will misbehave: ${faults.join(', ')}` : ''}`);
    const leaving = plan.leaves && !plan.leavesAfterT3 && this.leave(sheet, plan.leaves, plan.leavesAfterMs);
    const t2 = plan.t3BeforeT2 ? delay(300).then(() => this.t2(tried)) : this.t2(tried);
    if (!plan.t3BeforeT2) await t2;
    await delay(plan.doesAfterMs);
    await this.act(tried, sheet);
    await Promise.all([t2, leaving]);
  }

  /** KakaoPay's next answer to an approve names another amount than it takes. @returns the name of the fault */
  private nameAnotherAmount(tid: string): string {
    this.kakao.faults.add({ point: 'pay.approve', kind: 'wrong-amount', subject: tid });
    this.tally['pay.approve wrong-amount'] = (this.tally['pay.approve wrong-amount'] ?? 0) + 1;
    return 'pay.approve wrong-amount';
  }

  /** The shop refuses the first payment. @param part share of the price that an operator gives back before */
  private async expectRefusal(orderId: string, part: number | undefined): Promise<void> {
    this.shop.refuseFirst(orderId, part === undefined ? 0 : SHOP_IS_BUSY_MS);
    if (part === undefined) return;
    const giveUpAt = Date.now() + PART_WITHIN_MS;
    while (!this.shop.wasAsked(orderId) && Date.now() < giveUpAt) await delay(20);
    if (this.shop.wasAsked(orderId)) await this.ask({ afterMs: 0, share: part, times: 1, key: 'part-before-refusal' });
  }

  private async t2(tried: Tried): Promise<void> {
    const { plan, tid } = tried;
    await Promise.all(
      Array.from({ length: plan.t2Times }, async (_, at) => {
        await delay(at * plan.t2ApartMs);
        const call = {
          method: 'POST',
          path: `${this.prefix}/order/approve`,
          headers: this.headers,
          body: { partner_order_id: this.orderId, tid, ...(this.plan.kind === 'mug' && { shipping_address: ADDRESS }) },
        } as const;
        const reply = await this.caller.untilAnswered(this.random, call, PATIENCE.t2);
        if (reply?.http === 200 && reply.body.status === 200) tried.t2At ??= Date.now();
        this.note(`T2 ${tid} ${told(reply)}`);
      }),
    );
  }

  private async act(tried: Tried, sheet: Sheet): Promise<void> {
    const { plan, tid } = tried;
    if (plan.does === 'nothing') return;
    const payment = this.kakao.user(tid, plan.does);
    this.note(`the buyer does: ${plan.does}${payment ? '' : ', too late'}`);
    if (!payment) return;
    if (plan.does !== 'authenticate') {
      await this.leave(sheet, plan.does === 'quit' ? 'cancel' : 'fail', 0);
      return;
    }
    await delay(plan.t3AfterMs);
    if (plan.forged) await this.forge(payment.pgToken ?? '');
    const leaving = plan.leaves && plan.leavesAfterT3 && this.leave(sheet, plan.leaves, plan.leavesAfterMs);
    await Promise.all(
      Array.from({ length: plan.t3Times }, async (_, at) => {
        await delay(at * plan.t3ApartMs);
        const reply = await this.t3(payment.pgToken ?? '', plan.t3Posted);
        if (reply?.http === 200 && reply.body.status === 200) tried.acceptedAt ??= Date.now();
        this.note(`T3 ${tid} ${told(reply)}`);
      }),
    );
    await leaving;
  }

  private t3(token: string, posted: boolean, orderId = this.orderId): Promise<Reply | undefined> {
    const path = innerPath(String(this.sheet?.approval_url));
    const fields = { pg_token: token, partner_order_id: orderId ?? '', partner_user_id: this.plan.user };
    const call = posted
      ? ({ method: 'POST', path, body: fields } as const)
      : ({ method: 'GET', path: `${path}?${new URLSearchParams(fields).toString()}` } as const);
    return this.caller.untilAnswered(this.random, call, this.random.pick(PATIENCE.t3));
  }

  /** Neither may change anything, nor keep the right one from working. */
  private async forge(token: string): Promise<void> {
    this.note(`T3 with a wrong token ${told(await this.t3(`wrong-${this.random.int(0, 999)}`, false))}`);
    this.note(`T3 of another order ${told(await this.t3(token, false, '00000000-0000-7000-8000-000000000000'))}`);
  }

  /** @param sheet that KakaoPay was given its addresses from */
  private async leave(sheet: Sheet, how: 'cancel' | 'fail', afterMs: number): Promise<void> {
    await delay(afterMs);
    const url = String(how === 'cancel' ? sheet.cancel_url : sheet.fail_url);
    const reply = await this.caller.once(this.random, { method: 'GET', path: innerPath(url) });
    this.note(`the buyer leaves by ${how}_url ${told(reply)}`);
  }

  private async ask(wish: Wish): Promise<void> {
    await delay(wish.afterMs);
    const wished: Wished = { wish, replies: [] };
    this.wished.push(wished);
    const amount = wish.share === undefined ? undefined : Math.max(1, Math.floor(priceOf(this.plan) * wish.share));
    const path = `orders/${this.orderId ?? ''}/cancel`;
    this.spoilRefund();
    await Promise.all(
      Array.from({ length: wish.times }, async () => {
        for (let at = 0; at < 4; at++) {
          const reply = await this.caller.operator(
            this.random,
            path,
            { 'idempotency-key': wish.key },
            { reason: '고문', ...(amount !== undefined && { amount }) },
          );
          wished.replies.push(reply);
          this.note(
            `operator cancels ${amount ?? 'all'} (${wish.key}): ${reply ? `${reply.http} ${JSON.stringify(reply.body)}` : 'no answer'}`,
          );
          // Being approved just now: ask again in a moment.
          if (reply?.http !== 409) return;
          await delay(300);
        }
      }),
    );
  }

  /** Only of a payment that everybody knows of: before it, order would tell of money that is not there. */
  private spoilRefund(): void {
    const tid = this.tried.at(-1)?.tid;
    if (tid === undefined || this.shown.at(-1) !== 'S' || !this.random.chance(REFUND_SCHEMES)) return;
    const booked = this.kakao.booked().find((each) => each.tid === tid);
    if (!booked || booked.charges.length === 0) return;
    this.refundsRefused = true;
    orderRefundScheme(
      this.kakao.faults,
      this.random,
      { tid, givenBack: booked.refunds.reduce((sum, won) => sum + won, 0) },
      this.tally,
    );
    this.note(`KakaoPay will refuse the repeat of a refund of ${tid}`);
  }

  private async watch(): Promise<void> {
    while (!this.over) {
      const said = await this.t4();
      if (said !== undefined && said !== this.shown.at(-1)) {
        this.shown.push(said);
        this.note(`T4 ${said}`);
      }
      await delay(this.random.int(150, 350));
    }
  }

  private async until(states: string[], ms: number): Promise<void> {
    const giveUpAt = Date.now() + ms;
    while (!states.includes(this.shown.at(-1) ?? '') && Date.now() < giveUpAt) await delay(50);
  }
}

const told = (reply: Reply | undefined): string =>
  reply ? [reply.http, reply.body.status, reply.body.message].filter(Boolean).join(' ') : 'no answer';

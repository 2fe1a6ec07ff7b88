import { explainCode, meaningOf, type Answer, type PaymentOrder } from '@biz/kakaopay';
import { Merchants } from '@biz/merchant';
import { Clock, Jobs, newId, RuntimeConfig } from '@biz/platform';
import { Injectable, Logger } from '@nestjs/common';
import type { OnModuleInit } from '@nestjs/common';
import { DataSource } from 'typeorm';
import type { AttemptState } from '../attempts/attempt-status';
import { Attempt } from '../attempts/attempt.entity';
import { foreignFields } from '../attempts/compare';
import { COMPARED_AFTER, COMPARED_AGAIN_AFTER } from '../attempts/compare-later';
import { MerchantKakaoPay } from '../attempts/merchant-kakaopay';
import { type Charge, Settlement } from '../attempts/settlement';
import { ChargeLooks } from '../charges/charge-looks';
import { EvidenceLog } from '../evidence/evidence-log';
import { outcomeOf, saidIn } from '../evidence/said';
import { type Verdict, verdictOn } from '../evidence/verdict';
import { Order } from '../orders/order.entity';
import { DayComparison } from './day-comparison';
import { Differences } from './differences';
import { findingOf, type Heard, tookMoney } from './finding';

const EVERY_SECONDS = 30;
/** One run ends, and the next begins half a minute later, though more may be due. */
const RUN_MS = 300_000;
/** Looks under way at once, on one instance: none of them is urgent. */
const CONCURRENCY = 4;
const ENDED_WITHOUT_MONEY: readonly AttemptState[] = ['failed', 'expired'];
const NO_SUCH_TID = -721;

/** What a look at a payment without money came to. */
export interface FinalLook {
  readonly attempt: Attempt;
  /** Whether KakaoPay told how it stands. */
  readonly heard: Heard;
  /** KakaoPay's word, for people. */
  readonly says: string;
  readonly next: Next;
}

/**
 * `none`: the two are equal, or our records follow KakaoPay's word · `again`: KakaoPay does not tell yet ·
 * `later`: it is too early · `person`: they differ, and no work of ours mends it.
 */
type Next = 'none' | 'again' | 'later' | 'person';

/** Each takes one merchant's turn: $1 now, $2 the merchants, $3 seconds until the next try by tries so far, $4 how many. */
const CLAIM = `
  UPDATE payment.attempts a
     SET compares = a.compares + 1,
         compare_at = $1::timestamptz + make_interval(secs => ($3::float8[])[least(a.compares + 1, cardinality($3::float8[]))])
   WHERE a.id IN (
     SELECT due.id FROM unnest($2::text[]) AS m (merchant),
       LATERAL (SELECT id, compare_at, row_number() OVER (ORDER BY compare_at) AS turn
                  FROM (SELECT id, compare_at FROM payment.attempts
                         WHERE merchant = m.merchant AND compare_at <= $1 ORDER BY compare_at LIMIT $4) AS first) AS due
      ORDER BY due.turn, due.compare_at LIMIT $4)
     AND a.compare_at <= $1
  RETURNING a.id, a.compares`;

/**
 * Looks once more at each payment that ended without money: what KakaoPay took all the same goes back.
 *
 * An answer that lagged, a refusal that was none, or a fault of ours would otherwise keep the buyer's money for good.
 */
@Injectable()
export class FinalLooks implements OnModuleInit {
  private readonly logger = new Logger(FinalLooks.name);

  constructor(
    private readonly dataSource: DataSource,
    private readonly kakaopay: MerchantKakaoPay,
    private readonly merchants: Merchants,
    private readonly evidence: EvidenceLog,
    private readonly settlement: Settlement,
    private readonly charges: ChargeLooks,
    private readonly comparison: DayComparison,
    private readonly differences: Differences,
    private readonly jobs: Jobs,
    private readonly clock: Clock,
    private readonly runtime: RuntimeConfig,
  ) {}

  onModuleInit(): void {
    this.jobs.every('payment.final-looks', EVERY_SECONDS, () => this.run());
  }

  /** Looks at all that is due, in turn of the merchants. */
  async run(): Promise<void> {
    const until = performance.now() + RUN_MS;
    while (performance.now() < until) {
      const due = await this.claim();
      if (due.length === 0) return;
      await Promise.all(due.map((each) => this.lookOnce(each)));
    }
  }

  /**
   * Asks KakaoPay about one payment and does what its word calls for.
   *
   * @returns nothing for a payment that has not ended without money, or that KakaoPay was never asked for
   */
  async look(attemptId: string): Promise<FinalLook | undefined> {
    const { manager } = this.dataSource;
    const attempt = await manager.findOneByOrFail(Attempt, { id: attemptId });
    const { merchant, cid, tid } = attempt;
    if (!ENDED_WITHOUT_MONEY.includes(attempt.state)) return undefined;
    if (tid === null) return attempt.calls > 0 ? this.lookAtCharge(attempt) : undefined;
    const order = await manager.findOneByOrFail(Order, { id: attempt.orderId });
    const { pay, contractOf } = this.kakaopay.of(merchant);
    const sentAt = this.clock.now();
    const answer = await pay.order({ ...contractOf(cid), tid });
    await this.evidence.looked(attempt, sentAt, answer);
    const heard = heardIn(answer);
    if ('why' in heard) return { attempt, heard, says: heard.why, next: 'again' };
    const { says, next } = await this.conclude(attempt, order, answer, sentAt);
    return { attempt: await manager.findOneByOrFail(Attempt, { id: attempt.id }), heard, says, next };
  }

  private async lookAtCharge(attempt: Attempt): Promise<FinalLook> {
    const { says, next } = await this.charges.look(attempt);
    const heard: Heard = next === 'again' ? { why: says } : { word: 'no tid' };
    return { attempt: await this.dataSource.manager.findOneByOrFail(Attempt, { id: attempt.id }), heard, says, next };
  }

  private async conclude(
    attempt: Attempt,
    order: Order,
    answer: Answer<PaymentOrder>,
    sentAt: Date,
  ): Promise<{ says: string; next: Next }> {
    const said = answer.kind === 'answered' ? answer.value : undefined;
    const says = said?.status ?? explainCode(NO_SUCH_TID);
    const verdict = await this.verdictOn(attempt, order, answer, sentAt);
    switch (verdict.is) {
      case 'paid':
        await this.settlement.paid(attempt, verdict.said);
        return { says, next: (await this.hasMoved(attempt)) ? 'none' : 'again' };
      case 'given-back':
        await this.settlement.cancelledThere(attempt, verdict.said);
        return { says, next: (await this.hasMoved(attempt)) ? 'none' : 'again' };
      case 'person': {
        const charge = verdict.said ?? this.moneyIn(attempt, order, said);
        if (charge) await this.settlement.review(attempt, verdict.why, charge);
        return { says: `${says}: ${verdict.why}`, next: (await this.hasMoved(attempt)) ? 'none' : 'person' };
      }
      case 'not-paid':
        return { says, next: 'none' };
      case 'unknown':
        // A tid that KakaoPay does not know holds no money.
        return { says: `${says}: ${verdict.why}`, next: said === undefined ? 'none' : 'again' };
    }
  }

  /** Where a person once decided against an answer of approve, this look decides: it is the later word. */
  private async verdictOn(
    attempt: Attempt,
    order: Order,
    answer: Answer<PaymentOrder>,
    sentAt: Date,
  ): Promise<Verdict> {
    const payment = Object.assign({ partnerUserId: order.appUserId }, attempt);
    const now = this.clock.now();
    const verdict = verdictOn(payment, (await this.evidence.of(attempt)).evidence, now);
    if (verdict.is !== 'person') return verdict;
    const look = { id: newId(), operation: 'order', sentAt, outcome: outcomeOf(answer, saidIn) } as const;
    return verdictOn(payment, [look], now);
  }

  /** No document names the status, but KakaoPay took this payment's money. */
  private moneyIn(attempt: Attempt, order: Order, said: PaymentOrder | undefined): Charge | undefined {
    const own = said !== undefined && foreignFields(attempt, order.appUserId, said).length === 0;
    return own && meaningOf(said.status) === 'unknown' && tookMoney(said) ? saidIn(said) : undefined;
  }

  private async hasMoved({ id }: Attempt): Promise<boolean> {
    const { state } = await this.dataSource.manager.findOneByOrFail(Attempt, { id });
    return !ENDED_WITHOUT_MONEY.includes(state);
  }

  private async claim(): Promise<{ id: string; compares: number }[]> {
    const again = COMPARED_AGAIN_AFTER.map((seconds) => seconds * this.runtime.retryTimeScale);
    const merchants = this.merchants.all.map(({ id }) => id);
    const [due] = await this.dataSource.query<[{ id: string; compares: number }[], number]>(CLAIM, [
      ...[this.clock.now(), merchants, again, CONCURRENCY],
    ]);
    return due;
  }

  private async lookOnce({ id, compares }: { id: string; compares: number }): Promise<void> {
    try {
      const look = await this.look(id);
      if (look?.next === 'again' && compares <= COMPARED_AGAIN_AFTER.length) return;
      if (look?.next === 'later') {
        await this.lookLater(id, compares);
        return;
      }
      if (look && look.next !== 'none') await this.show(look);
      await this.done(id, compares);
    } catch (error) {
      this.logger.warn({ attemptId: id, compares, error }, 'a look at a payment that had ended failed');
    }
  }

  /** A person sees it among the differences. */
  async show({ attempt, heard }: FinalLook): Promise<void> {
    const ours = await this.comparison.ours(attempt.id);
    if (ours) await this.differences.record(findingOf(ours, heard));
  }

  /** One that came too early is no try. An hour later it may be time. */
  private async lookLater(id: string, compares: number): Promise<void> {
    await this.dataSource.query(`UPDATE payment.attempts SET compares = 0 WHERE id = $1 AND compares = $2`, [
      id,
      compares,
    ]);
  }

  /** A look that was asked for early is no substitute for the one in its time. Nothing happens to one that was made due meanwhile. */
  private async done(id: string, compares: number): Promise<void> {
    const early = COMPARED_AFTER * this.runtime.retryTimeScale;
    await this.dataSource.query(
      `UPDATE payment.attempts a SET compares = 0, compare_at = CASE
              WHEN a.state = ANY ($3) AND a.updated_at + make_interval(secs => $4) > $5
              THEN a.updated_at + make_interval(secs => $4) END
        WHERE id = $1 AND compares = $2`,
      [id, compares, ENDED_WITHOUT_MONEY, early, this.clock.now()],
    );
  }
}

function heardIn(answer: Answer<PaymentOrder>): Heard {
  switch (answer.kind) {
    case 'answered':
      return { word: answer.value };
    case 'refused':
      if (answer.code === NO_SUCH_TID) return { word: 'no such tid' };
      return { why: `refused with ${answer.code}: ${explainCode(answer.code)}` };
    case 'not-sent':
    case 'unknown':
      return { why: answer.kind };
  }
}

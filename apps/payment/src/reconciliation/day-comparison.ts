import { setTimeout as delay } from 'node:timers/promises';
import { cancelledOf, explainCode, meaningOf, type PaymentOrder } from '@biz/kakaopay';
import { RuntimeConfig } from '@biz/platform';
import { Injectable } from '@nestjs/common';
import { DataSource, In } from 'typeorm';
import { Attempt } from '../attempts/attempt.entity';
import { differences, foreignFields } from '../attempts/compare';
import { MerchantKakaoPay } from '../attempts/merchant-kakaopay';
import { Order } from '../orders/order.entity';
import { attemptsOfDay } from './attempts-of-day';

const DAY_MS = 86_400_000;
const CONCURRENCY = 8;
/** Seconds before each repeat of a question that KakaoPay did not answer. */
const ASK_AGAIN_AFTER = [1, 3, 10];
const NO_SUCH_TID = -721;

/** How one payment compares. */
export type Finding = { readonly partnerOrderId: string } & (
  | { readonly kind: 'equal' }
  /** @property line for people; no secret, nothing personal */
  | { readonly kind: 'differs' | 'not-asked'; readonly line: string }
);

interface Ours {
  attempt: Attempt;
  appUserId: string;
  /** Won given back, by our records. */
  givenBack: number;
}

/** The charge of a free period, or one by SID that never succeeded, has no tid to ask about. */
type Said = PaymentOrder | 'no such tid' | 'no tid';

/** Holds every payment of a day against KakaoPay's `order`; it changes nothing. */
@Injectable()
export class DayComparison {
  constructor(
    private readonly dataSource: DataSource,
    private readonly kakaopay: MerchantKakaoPay,
    private readonly runtime: RuntimeConfig,
  ) {}

  /** @param day `YYYY-MM-DD`, in Korea */
  async *of(day: string, merchant?: string): AsyncGenerator<Finding> {
    const since = new Date(`${day}T00:00:00+09:00`);
    const until = new Date(since.getTime() + DAY_MS);
    for await (const ids of attemptsOfDay(this.dataSource, since, until, merchant)) {
      const all = await this.load(ids);
      for (let n = 0; n < all.length; n += CONCURRENCY) {
        yield* await Promise.all(all.slice(n, n + CONCURRENCY).map((ours) => this.compare(ours)));
      }
    }
  }

  private async load(ids: string[]): Promise<Ours[]> {
    const { manager } = this.dataSource;
    const attempts = await manager.find(Attempt, { where: { id: In(ids) }, order: { id: 'ASC' } });
    const [orders, sums] = await Promise.all([
      manager.find(Order, {
        select: { id: true, appUserId: true },
        where: { id: In([...new Set(attempts.map(({ orderId }) => orderId))]) },
      }),
      manager.query<{ id: string; amount: number }[]>(
        `SELECT attempt_id AS id, sum(amount)::int AS amount FROM payment.refunds
          WHERE attempt_id = ANY ($1) AND state = 'done' GROUP BY attempt_id`,
        [ids],
      ),
    ]);
    const users = new Map(orders.map(({ id, appUserId }) => [id, appUserId]));
    const givenBack = new Map(sums.map(({ id, amount }) => [id, amount]));
    return attempts.map((attempt) => ({
      attempt,
      appUserId: users.get(attempt.orderId) ?? '',
      givenBack: givenBack.get(attempt.id) ?? 0,
    }));
  }

  private async compare(ours: Ours): Promise<Finding> {
    const { attempt } = ours;
    const partnerOrderId = attempt.orderId;
    const said = await this.ask(attempt);
    if ('why' in said) {
      return {
        kind: 'not-asked',
        partnerOrderId,
        line: `${describe(ours)} | KakaoPay could not be asked: ${said.why}`,
      };
    }
    const wrong = mismatches(ours, said.word);
    if (wrong.length === 0) return { kind: 'equal', partnerOrderId };
    return {
      kind: 'differs',
      partnerOrderId,
      line: `${describe(ours)} | KakaoPay ${show(said.word)} | ${wrong.join(', ')}`,
    };
  }

  private async ask({ merchant, cid, tid, state }: Attempt): Promise<{ word: Said } | { why: string }> {
    if (tid === null) return state === 'approving' ? { why: 'it has not told the tid' } : { word: 'no tid' };
    const { pay, contractOf } = this.kakaopay.of(merchant);
    for (let asked = 0; ; asked++) {
      const answer = await pay.order({ ...contractOf(cid), tid });
      if (answer.kind === 'answered') return { word: answer.value };
      if (answer.kind === 'refused') {
        if (answer.code === NO_SUCH_TID) return { word: 'no such tid' };
        return { why: `refused with ${answer.code}: ${explainCode(answer.code)}` };
      }
      const after = ASK_AGAIN_AFTER[asked];
      if (after === undefined) return { why: answer.kind };
      await delay(after * 1000 * this.runtime.retryTimeScale);
    }
  }
}

/** What is not as it must be, in words. */
function mismatches(ours: Ours, said: Said): string[] {
  const { attempt, appUserId, givenBack } = ours;
  if (attempt.state === 'review') return ['a person must decide'];
  const holdsMoney = ['paid', 'surplus', 'refunded'].includes(attempt.state) && (attempt.chargedAmount ?? 0) > 0;
  if (typeof said === 'string') return holdsMoney ? ['KakaoPay does not know it'] : [];
  const wrong = differences(asCharged(attempt), appUserId, said);
  if (!holdsMoney) {
    const foreign = foreignFields(attempt, appUserId, said).map((field) => `${field} differs`);
    return tookMoney(said) || isUnexpected(attempt, said) ? ['status differs', ...foreign] : foreign;
  }
  return [
    ...(tookMoney(said) ? [] : ['status differs']),
    ...wrong.map((field) => `${field} differs`),
    ...(cancelledOf(said) === givenBack ? [] : ['the amount given back differs']),
  ];
}

/** What KakaoPay should say: what it took, when that is known. */
function asCharged(attempt: Attempt): Attempt {
  return Object.assign(new Attempt(), attempt, {
    totalAmount: attempt.chargedAmount ?? attempt.totalAmount,
    taxFreeAmount: attempt.chargedTaxFree ?? attempt.taxFreeAmount,
    vatAmount: attempt.chargedVat ?? attempt.vatAmount,
  });
}

function tookMoney({ status, amount, approvedAt }: PaymentOrder): boolean {
  switch (meaningOf(status)) {
    case 'paid':
      return amount.total > 0;
    case 'cancelled':
      return true;
    case 'unknown':
      return approvedAt !== undefined && amount.total > 0;
    case 'wait':
    case 'authenticated':
    case 'sid-issued':
    case 'failed':
      return false;
  }
}

/** Without money a payment still waits at both ends or is over at both; a SID belongs to one that was approved. */
function isUnexpected({ state }: Attempt, { status }: PaymentOrder): boolean {
  const meaning = meaningOf(status);
  const waits = state === 'waiting' || state === 'approving';
  const approved = state === 'paid' || state === 'surplus' || state === 'refunded';
  return (waits && meaning === 'failed') || approved !== (meaning === 'sid-issued' || meaning === 'paid');
}

function describe({ attempt, givenBack }: Ours): string {
  const { orderId, merchant, state } = attempt;
  const { totalAmount, taxFreeAmount, vatAmount } = asCharged(attempt);
  return `${orderId} ${merchant} ${state} ${won(totalAmount, taxFreeAmount, vatAmount, givenBack)}`;
}

function show(said: Said): string {
  if (typeof said === 'string') return said;
  const { status, amount } = said;
  return `${status} ${won(amount.total, amount.taxFree, amount.vat, cancelledOf(said) ?? 'unknown')}`;
}

const won = (total: number, taxFree: number, vat: number, back: number | string): string =>
  `${total} (tax-free ${taxFree}, VAT ${vat}, given back ${back})`;

import type { Outbound } from '@biz/platform';
import { parseJson, shortLine } from '@biz/platform';
import {
  readApproval,
  readCancellation,
  readInactivation,
  readIssuedSid,
  readOrder,
  readSubscriptionStatus,
} from './readers';
import type { Approval, Cancellation, Inactivation, IssuedSid, PaymentOrder, SubscriptionStatus } from './readers';
import { Fields, present } from './wire';

/**
 * Every call ends in one of four ways; only `answered` and `refused` say what KakaoPay did.
 *
 * - `refused`: a 4xx with KakaoPay's error body. Nothing was done by this call.
 * - `not-sent`: the request never left (connection refused, name not found). Safe to repeat.
 * - `unknown`: time-out, reset, 5xx, unreadable 200. Neither success nor failure: read `order`.
 */
export type Answer<T> =
  | { readonly kind: 'answered'; readonly value: T }
  | { readonly kind: 'refused'; readonly code: number; readonly message: string; readonly userMessage?: string }
  | { readonly kind: 'not-sent'; readonly reason: string }
  /** @property issued a SID that a 200 named, whose rest could not be read: nothing else will ever name it */
  | { readonly kind: 'unknown'; readonly reason: string; readonly issued?: IssuedSid };

/** KakaoPay's limit on names. */
const MAX_NAME = 100;

export interface Contract {
  /** 가맹점 코드, 10 characters. */
  readonly cid: string;
  readonly cidSecret?: string;
}

export interface ApproveRequest extends Contract {
  readonly tid: string;
  readonly partnerOrderId: string;
  readonly partnerUserId: string;
  readonly pgToken: string;
  /** In won, as in ready: KakaoPay refuses when it differs. */
  readonly totalAmount: number;
}

export interface OrderRequest extends Contract {
  readonly tid: string;
}

export interface CancelRequest extends Contract {
  readonly tid: string;
  readonly amount: number;
  readonly taxFreeAmount: number;
  readonly vatAmount?: number;
  /** What can still be cancelled, this request included: KakaoPay refuses when it disagrees, which guards against a double refund. */
  readonly availableAmount: number;
  readonly payload?: string;
}

export interface SubscriptionRequest extends Contract {
  readonly sid: string;
  /** New for every charge. */
  readonly partnerOrderId: string;
  /** The first payment's: another is refused with −753. */
  readonly partnerUserId: string;
  readonly itemName: string;
  readonly itemCode?: string;
  readonly quantity: number;
  readonly totalAmount: number;
  readonly taxFreeAmount: number;
  readonly vatAmount?: number;
}

export interface SidRequest extends Contract {
  readonly sid: string;
}

export interface KakaoPayOptions {
  readonly origin: string;
  /** The admin key (legacy) or the secret key (open). */
  readonly key: string;
  readonly timeoutMs: number;
}

type RefusedBody = Omit<Extract<Answer<never>, { kind: 'refused' }>, 'kind'>;

/** KakaoPay as a merchant sees it, in plain words; the two generations of its API differ only in the four abstract members. */
export abstract class KakaoPay {
  constructor(
    private readonly outbound: Pick<Outbound, 'send'>,
    protected readonly options: KakaoPayOptions,
  ) {}

  protected abstract readonly basePath: string;
  protected abstract headers(): Record<string, string>;
  protected abstract encode(fields: Record<string, string | number>): string;
  protected abstract readRefusal(body: Fields): RefusedBody | undefined;

  /** Takes the money. Not repeatable blindly: after `unknown` read `order` first. */
  approve(request: ApproveRequest): Promise<Answer<Approval>> {
    return this.post(
      'approve',
      {
        ...contract(request),
        tid: request.tid,
        partner_order_id: request.partnerOrderId,
        partner_user_id: request.partnerUserId,
        pg_token: request.pgToken,
        total_amount: request.totalAmount,
      },
      readApproval,
    );
  }

  /** The truth about one tid. Reading changes nothing. */
  order(request: OrderRequest): Promise<Answer<PaymentOrder>> {
    return this.post('order', { ...contract(request), tid: request.tid }, readOrder);
  }

  /** Gives money back. There is no idempotency key: before a repeat compare `order`'s cancelled amount. */
  cancel(request: CancelRequest): Promise<Answer<Cancellation>> {
    return this.post(
      'cancel',
      {
        ...contract(request),
        tid: request.tid,
        cancel_amount: request.amount,
        cancel_tax_free_amount: request.taxFreeAmount,
        cancel_vat_amount: request.vatAmount,
        cancel_available_amount: request.availableAmount,
        payload: request.payload,
      },
      readCancellation,
    );
  }

  /** Charges a subscription again without the buyer. */
  subscription(request: SubscriptionRequest): Promise<Answer<Approval>> {
    return this.post(
      'subscription',
      {
        ...contract(request),
        sid: request.sid,
        partner_order_id: request.partnerOrderId,
        partner_user_id: request.partnerUserId,
        item_name: shortLine(request.itemName, MAX_NAME),
        item_code: request.itemCode,
        quantity: request.quantity,
        total_amount: request.totalAmount,
        tax_free_amount: request.taxFreeAmount,
        vat_amount: request.vatAmount,
      },
      readApproval,
    );
  }

  /** Ends a subscription key; repeating it is harmless. */
  inactive(request: SidRequest): Promise<Answer<Inactivation>> {
    return this.manage('inactive', request, readInactivation);
  }

  status(request: SidRequest): Promise<Answer<SubscriptionStatus>> {
    return this.manage('status', request, readSubscriptionStatus);
  }

  /** An answer about another SID says nothing about this one. No document promises that an answer names it. */
  private async manage<T extends Inactivation | SubscriptionStatus>(
    path: string,
    request: SidRequest,
    read: (body: Fields) => T,
  ): Promise<Answer<T>> {
    const fields = { ...contract(request), sid: request.sid };
    const answer = await this.post(`manage/subscription/${path}`, fields, read);
    if (answer.kind !== 'answered') return answer;
    const { cid = request.cid, sid = request.sid } = answer.value;
    if (cid === request.cid && sid === request.sid) return answer;
    return { kind: 'unknown', reason: 'KakaoPay answered about another SID' };
  }

  private async post<T>(
    path: string,
    fields: Record<string, string | number | undefined>,
    read: (body: Fields) => T,
  ): Promise<Answer<T>> {
    const outcome = await this.outbound.send({
      method: 'POST',
      url: `${this.options.origin}${this.basePath}/${path}`,
      headers: this.headers(),
      body: this.encode(present(fields)),
      timeoutMs: this.options.timeoutMs,
    });
    if (outcome.kind !== 'answered') return outcome;
    return this.interpret(outcome.status, outcome.body, read);
  }

  private interpret<T>(status: number, body: string, read: (body: Fields) => T): Answer<T> {
    if (status === 200) {
      let fields: Fields;
      try {
        fields = Fields.of(parseJson(body));
      } catch {
        return { kind: 'unknown', reason: 'unreadable 200: no JSON object' };
      }
      try {
        return { kind: 'answered', value: read(fields) };
      } catch (error) {
        const issued = readIssuedSid(fields);
        return { kind: 'unknown', reason: `unreadable 200: ${(error as Error).message}`, ...(issued && { issued }) };
      }
    }
    if (status >= 400 && status < 500) {
      try {
        const refused = this.readRefusal(Fields.of(parseJson(body)));
        if (refused) return { kind: 'refused', ...refused };
      } catch {
        // Falls through: a 4xx that is not KakaoPay's says nothing about the payment.
      }
    }
    return { kind: 'unknown', reason: `HTTP ${status}` };
  }
}

function contract(request: Contract) {
  return { cid: request.cid, cid_secret: request.cidSecret };
}

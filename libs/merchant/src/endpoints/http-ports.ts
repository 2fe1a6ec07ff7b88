import { parseJson } from '@biz/platform';
import { Fulfilment } from '../ports/fulfilment';
import type { PaidOrder } from '../ports/fulfilment';
import { MemberDirectory } from '../ports/member-directory';
import type { JoiningCustomer, MemberMatch } from '../ports/member-directory';
import { OrderPolicy } from '../ports/order-policy';
import type { OrderPermission, OrderToPay } from '../ports/order-policy';
import { OrderSheetSource } from '../ports/order-sheet-source';
import type { Buyer, OrderSheet } from '../ports/order-sheet-source';
import type { AnswerCache } from './answer-cache';
import type { ShopAnswer, ShopClient, ShopQuestion } from './shop-client';

/** T1 gives up earlier (SHOP_TIMEOUT_MS); this is when the line is closed. */
const BUYER_WAITS_MS = 10_000;
const FULFIL_MS = 30_000;

/** What a cached 404 is kept as: no JSON of a shop is empty. */
const NOTHING = '';

/** `order-sheet.load`: 200 with an order sheet, or 404. */
export class HttpOrderSheets extends OrderSheetSource {
  constructor(
    private readonly client: ShopClient,
    private readonly cache: AnswerCache,
  ) {
    super();
  }

  async load(orderSheetId: string, buyer: Buyer): Promise<OrderSheet | undefined> {
    const question: ShopQuestion = {
      type: 'order-sheet.load',
      data: { orderSheetId, buyer },
      timeoutMs: BUYER_WAITS_MS,
    };
    const text = await answerTo(this.client, this.cache, question);
    if (text === NOTHING) return undefined;
    return readJson(question, text) as OrderSheet;
  }
}

/** `order-policy.check`: 200 with `{"permission": "allowed" | "closed" | "restricted" | "sold-out"}`. */
export class HttpOrderPolicy extends OrderPolicy {
  constructor(
    private readonly client: ShopClient,
    private readonly cache: AnswerCache,
  ) {
    super();
  }

  async check(buyer: Buyer, order?: OrderToPay): Promise<OrderPermission> {
    const data = { buyer, ...(order && { order }) };
    const question: ShopQuestion = { type: 'order-policy.check', data, timeoutMs: BUYER_WAITS_MS };
    // A shop that sets goods aside hears of each order, whatever it let the platform keep.
    const text = order
      ? textOf(question, await this.client.ask(question))
      : await answerTo(this.client, this.cache, question);
    const answer: unknown = readJson(question, text);
    // With all its fields, so that one that is not known is told.
    return answer as OrderPermission;
  }
}

/** `order.fulfil`: 2xx is done; `{"refused": "…"}` gives the money back. */
export class HttpFulfilment extends Fulfilment {
  constructor(private readonly client: ShopClient) {
    super();
  }

  async fulfil(order: PaidOrder): Promise<{ refused: string } | undefined> {
    const question: ShopQuestion = {
      type: 'order.fulfil',
      data: { ...order },
      id: `fulfil-${order.partnerOrderId}`,
      timeoutMs: FULFIL_MS,
    };
    const { status, body } = await this.client.ask(question);
    if (status < 200 || status > 299) throw new Error(`order.fulfil: the shop answered ${status}`);
    return body.trim() === '' ? undefined : (readJson(question, body) as { refused: string });
  }
}

/** `member.match`: 200 with `{"memberId": "…"}` or `{"userMatchUrl": "…"}`, or 404. Nothing is cached: the question holds a CI. */
export class HttpMemberDirectory extends MemberDirectory {
  constructor(private readonly client: ShopClient) {
    super();
  }

  async match(customer: JoiningCustomer): Promise<MemberMatch | undefined> {
    const question: ShopQuestion = { type: 'member.match', data: { customer }, timeoutMs: BUYER_WAITS_MS };
    const { status, body } = await this.client.ask(question);
    if (status === 404) return undefined;
    if (status !== 200) throw new Error(`member.match: the shop answered ${status}`);
    return readJson(question, body) as MemberMatch;
  }
}

/** @returns the text of a 200, NOTHING for a 404 */
async function answerTo(client: ShopClient, cache: AnswerCache, question: ShopQuestion): Promise<string> {
  const key = JSON.stringify([client.merchant.id, question.type, question.data]);
  const kept = cache.get(key);
  if (kept !== undefined) return kept;
  const answer = await client.ask(question);
  const text = textOf(question, answer);
  cache.keep(key, text, answer.cacheControl);
  return text;
}

function textOf({ type }: ShopQuestion, { status, body }: ShopAnswer): string {
  if (status === 404 && type === 'order-sheet.load') return NOTHING;
  if (status !== 200 || body.trim() === '') throw new Error(`${type}: the shop answered ${status}`);
  return body;
}

/** Any JSON object: what stands in it is judged where the answers of all shops are (`CheckedPorts`). */
function readJson({ type }: ShopQuestion, text: string): object {
  let value: unknown;
  try {
    value = parseJson(text);
  } catch {
    throw new Error(`${type}: the shop answered no JSON`);
  }
  if (typeof value !== 'object' || value === null || Array.isArray(value))
    throw new Error(`${type}: the shop answered no object`);
  return value;
}

import { Fulfilment } from '../ports/fulfilment';
import type { PaidOrder } from '../ports/fulfilment';
import { MemberDirectory } from '../ports/member-directory';
import type { JoiningCustomer, MemberMatch } from '../ports/member-directory';
import { OrderPolicy } from '../ports/order-policy';
import type { OrderPermission } from '../ports/order-policy';
import { orderSheetFault } from '../ports/order-sheet-fault';
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
    const sheet = readJson(text) as OrderSheet;
    const fault = orderSheetFault(sheet);
    if (fault) throw new Error(`order-sheet.load: the shop's order sheet cannot be paid: ${fault}`);
    return pick(sheet);
  }
}

/** `order-policy.check`: 200 with `{"permission": "allowed" | "closed" | "restricted"}`. */
export class HttpOrderPolicy extends OrderPolicy {
  constructor(
    private readonly client: ShopClient,
    private readonly cache: AnswerCache,
  ) {
    super();
  }

  async check(buyer: Buyer): Promise<OrderPermission> {
    const question: ShopQuestion = { type: 'order-policy.check', data: { buyer }, timeoutMs: BUYER_WAITS_MS };
    const { permission } = readJson(await answerTo(this.client, this.cache, question)) as { permission?: unknown };
    if (permission === 'allowed' || permission === 'closed' || permission === 'restricted') return permission;
    throw new Error('order-policy.check: permission is neither allowed nor closed nor restricted');
  }
}

/** `order.fulfil`: 2xx is done; `{"refused": "…"}` gives the money back. */
export class HttpFulfilment extends Fulfilment {
  constructor(private readonly client: ShopClient) {
    super();
  }

  async fulfil(order: PaidOrder): Promise<{ refused: string } | undefined> {
    const { status, body } = await this.client.ask({
      type: 'order.fulfil',
      data: { ...order },
      id: `fulfil-${order.partnerOrderId}`,
      timeoutMs: FULFIL_MS,
    });
    if (status < 200 || status > 299) throw new Error(`order.fulfil: the shop answered ${status}`);
    const { refused } = (body.trim() === '' ? {} : readJson(body)) as { refused?: unknown };
    if (refused === undefined || refused === null) return undefined;
    if (typeof refused !== 'string' || refused === '' || refused.length > 200)
      throw new Error('order.fulfil: refused must be a text of 200 characters at most');
    return { refused };
  }
}

/** `member.match`: 200 with `{"memberId": "…"}` or `{"userMatchUrl": "…"}`, or 404. Nothing is cached: the question holds a CI. */
export class HttpMemberDirectory extends MemberDirectory {
  constructor(private readonly client: ShopClient) {
    super();
  }

  async match(customer: JoiningCustomer): Promise<MemberMatch | undefined> {
    const { status, body } = await this.client.ask({
      type: 'member.match',
      data: { customer },
      timeoutMs: BUYER_WAITS_MS,
    });
    if (status === 404) return undefined;
    if (status !== 200) throw new Error(`member.match: the shop answered ${status}`);
    const { memberId, userMatchUrl } = readJson(body) as { memberId?: unknown; userMatchUrl?: unknown };
    if (typeof memberId === 'string') return { memberId };
    if (typeof userMatchUrl === 'string') return { userMatchUrl };
    throw new Error('member.match: neither memberId nor userMatchUrl is there');
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

function readJson(text: string): object {
  let value: unknown;
  try {
    // In many languages an absent field is written as null.
    value = JSON.parse(text, (_key, each: unknown) => each ?? undefined);
  } catch {
    throw new Error('the shop answered no JSON');
  }
  if (typeof value !== 'object' || value === null || Array.isArray(value))
    throw new Error('the shop answered no object');
  return value;
}

/** An order sheet is kept with its order: what it does not have, is not kept. */
function pick({ lines, agreements, productUrls, subscription, ...sheet }: OrderSheet): OrderSheet {
  const { totalAmount, taxFreeAmount, vatAmount, itemCode, needsShipping, repeatable } = sheet;
  return {
    lines: lines.map(({ name, quantity, productId, sku }) => ({
      ...{ name, quantity },
      ...(productId !== undefined && { productId }),
      ...(sku !== undefined && { sku }),
    })),
    ...{ totalAmount, needsShipping },
    ...(taxFreeAmount !== undefined && { taxFreeAmount }),
    ...(vatAmount !== undefined && { vatAmount }),
    ...(itemCode !== undefined && { itemCode }),
    ...(repeatable !== undefined && { repeatable }),
    ...(agreements && {
      agreements: agreements.map(({ company, title, url }) => ({ company, title, ...(url !== undefined && { url }) })),
    }),
    ...(productUrls && { productUrls }),
    ...(subscription && {
      subscription: {
        message: subscription.message,
        billingCycle: subscription.billingCycle,
        details: subscription.details.map(({ date, amount, taxFreeAmount: free }) => ({
          ...{ date, amount },
          ...(free !== undefined && { taxFreeAmount: free }),
        })),
      },
    }),
  };
}

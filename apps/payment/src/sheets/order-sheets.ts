import { type DraftNow, Drafts, type PayableDraft, type StockLine } from '@biz/commerce';
import {
  type Buyer,
  Goods,
  type Merchant,
  Merchants,
  OrderPolicy,
  type OrderSheet,
  orderSheetFault,
  OrderSheetSource,
  type OrderToPay,
  ShopBusy,
  ShopCalls,
  ShopConfig,
  vatOf,
} from '@biz/merchant';
import { Clock, Refusal, shortLine } from '@biz/platform';
import { Injectable, Logger } from '@nestjs/common';
import { DataSource } from 'typeorm';
import type { SheetTerms } from '../orders/order.entity';
import { draftSheet } from './draft-sheet';

/** An order sheet made ready for KakaoPay. */
export interface PricedSheet {
  itemName: string;
  itemCode: string | null;
  quantity: number;
  totalAmount: number;
  taxFreeAmount: number;
  vatAmount: number;
  useShipping: boolean;
  terms: SheetTerms;
  stockLines: StockLine[];
  draftId: string | null;
}

/** What T1 learned of a sheet. */
export interface LoadedSheet extends PricedSheet {
  /** Once its order is over, the buyer may have another. */
  repeatable: boolean;
}

export const SOLD_OUT = '주문 상품이 품절되었습니다.';
const NOTHING_TO_PAY = '결제할 금액이 없는 주문입니다.';
/** KakaoPay's limit on names, codes and ids. */
const MAX_TEXT = 100;
export const NOT_NOW = '주문 정보를 불러오지 못했습니다. 잠시 후 다시 시도해 주세요.';

/** What the merchant says about a sheet and its buyer: by its ports, else by the drafts of the option plugin. */
@Injectable()
export class OrderSheets {
  private readonly logger = new Logger(OrderSheets.name);

  constructor(
    private readonly merchants: Merchants,
    private readonly drafts: Drafts,
    private readonly goods: Goods,
    private readonly dataSource: DataSource,
    private readonly calls: ShopCalls,
    private readonly config: ShopConfig,
    private readonly clock: Clock,
  ) {}

  hasPolicy(merchant: Merchant): boolean {
    return this.merchants.port(merchant, OrderPolicy) !== undefined;
  }

  /**
   * @param order that is about to be paid: the shop may set its goods aside
   * @returns whether the shop has the goods
   * @throws Refusal 301 closed, 401 restricted
   */
  async checkPermission(merchant: Merchant, buyer: Buyer, order?: OrderToPay): Promise<boolean> {
    const policy = this.merchants.port(merchant, OrderPolicy);
    if (!policy) return true;
    const given = { ...buyer, ...order };
    const permission = await this.ask(merchant, 'OrderPolicy', given, () => policy.check(buyer, order));
    if (permission === 'closed') throw new Refusal(301);
    if (permission === 'restricted') throw new Refusal(401);
    return permission !== 'sold-out';
  }

  /** @returns `undefined` when there is no such sheet, or it is not this buyer's */
  async load(merchant: Merchant, sheetId: string, buyer: Buyer): Promise<LoadedSheet | undefined> {
    const source = this.merchants.port(merchant, OrderSheetSource);
    const own = source && (await this.ask(merchant, 'OrderSheetSource', buyer, () => source.load(sheetId, buyer)));
    if (own) return { ...priced(own), repeatable: own.repeatable === true };
    const draft = await this.drafts.find(merchant.id, sheetId);
    if (draft === undefined || draft.state === 'paid') return undefined;
    if (draft.appUserId !== undefined && draft.appUserId !== buyer.appUserId) return undefined;
    if (draft.state === 'expired' && !(await this.isBeingPaid(merchant, draft.id, buyer))) return undefined;
    // The shop's own offer, so no fault of anybody's: a selection that only asks, or that is free.
    if (draft.productKind === 'non-commerce') throw new Refusal(500, NOTHING_TO_PAY);
    const now = await this.asOfNow(merchant, draft, buyer);
    const sheet = draftSheet(now, buyer.zipCode);
    if (sheet.totalAmount === 0) throw new Refusal(500, NOTHING_TO_PAY);
    const fault = orderSheetFault(sheet, this.clock.now());
    if (fault) {
      this.logger.error({ merchant: merchant.id, sheetId, fault }, 'a draft that nobody can pay');
      throw new Refusal(500);
    }
    return { ...priced(sheet), stockLines: now.lines, draftId: now.id, repeatable: false };
  }

  /**
   * A draft priced again: at once when its product is still the one it was priced by, else by the product as it is now.
   *
   * @throws Refusal 500 in the customer's words when what was chosen costs another sum, is gone or is sold out; what is
   * being paid already stands
   */
  private async asOfNow(merchant: Merchant, draft: DraftNow, buyer: Buyer): Promise<PayableDraft> {
    if (draft.unchanged && !draft.short) return draft;
    if (await this.isBeingPaid(merchant, draft.id, buyer)) return draft;
    if (draft.unchanged) throw new Refusal(500, SOLD_OUT);
    const offer = await this.goods.find(merchant, draft.productId);
    if (offer === undefined) throw new Refusal(300);
    const result = await this.drafts.priceAgain(draft, offer);
    if (result.ok) return result.draft;
    const { id: draftId, productId } = draft;
    this.logger.log({ merchant: merchant.id, draftId, productId, problems: result.problems }, 'draft refused');
    throw new Refusal(500, result.problems[0]?.message);
  }

  /** Its order holds goods and an amount that the buyer has agreed to. */
  private async isBeingPaid(merchant: Merchant, sheetId: string, { appUserId }: Buyer): Promise<boolean> {
    const found = await this.dataSource.query<unknown[]>(
      `SELECT FROM payment.orders
        WHERE merchant = $1 AND sheet_id = $2 AND app_user_id = $3 AND state IN ('pending', 'approving')`,
      [merchant.id, sheetId, appUserId],
    );
    return found.length > 0;
  }

  /** The merchant's own systems may be slow or down; Kakao is answered all the same. */
  private async ask<T>(merchant: Merchant, port: string, given: object, work: () => Promise<T>): Promise<T> {
    try {
      return await this.calls.call(merchant.id, 'orders', this.config.timeoutMs, given, work);
    } catch (error) {
      // One line for each of thousands of refusals would be one more load.
      if (!(error instanceof ShopBusy))
        this.logger.error({ merchant: merchant.id, port, error }, 'a port of the merchant failed');
      throw new Refusal(500, NOT_NOW);
    }
  }
}

function priced(sheet: OrderSheet): PricedSheet {
  const taxFreeAmount = sheet.taxFreeAmount ?? 0;
  const vatAmount = sheet.vatAmount ?? vatOf(sheet.totalAmount, taxFreeAmount);
  const { agreements, productUrls, shippingAmount, subscription, lines } = sheet;
  return {
    itemName: itemNameOf(lines),
    itemCode: sheet.itemCode ?? null,
    quantity: lines.reduce((sum, { quantity }) => sum + quantity, 0),
    totalAmount: sheet.totalAmount,
    taxFreeAmount,
    vatAmount,
    useShipping: sheet.needsShipping,
    terms: {
      lines,
      ...(shippingAmount !== undefined && { shippingAmount }),
      ...(agreements?.length && { agreements }),
      ...(productUrls?.length && { productUrls }),
      ...(subscription && { subscription }),
    },
    stockLines: lines.flatMap(({ productId, sku, quantity }) =>
      productId === undefined ? [] : [{ productId, sku: sku ?? productId, quantity }],
    ),
    draftId: null,
  };
}

/** Several goods are gathered in one line (1줄로 취합한다): `첫 상품 외 N`. */
function itemNameOf(lines: readonly { name: string }[]): string {
  const rest = lines.length > 1 ? ` 외 ${lines.length - 1}` : '';
  return shortLine(lines[0]?.name ?? '', MAX_TEXT - rest.length) + rest;
}

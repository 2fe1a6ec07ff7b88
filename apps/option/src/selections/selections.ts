import { Drafts, priceSelection, Refusals } from '@biz/commerce';
import type { Draft, NewRefusal, Offer, Selection } from '@biz/commerce';
import { Deliveries, Goods } from '@biz/merchant';
import type { Merchant, OptionType } from '@biz/merchant';
import { Refusal } from '@biz/platform';
import { Injectable, Logger } from '@nestjs/common';
import { DataSource } from 'typeorm';

/** Who selected, as far as Kakao says, and where. */
export interface Customer {
  appUserId?: string;
  relayId?: string;
  /** 옵션타입 of the plugin; unless given it has products of both. */
  type?: OptionType;
}

/** The guide names no code for it, so it is told as 500 with a message. */
export const unknownProduct = (): Refusal => new Refusal(500, '판매하지 않는 상품입니다.');

/** Whether a plugin of this 옵션타입 was registered to show a product. */
export const isOfType = ({ product }: Offer, type: OptionType | undefined): boolean =>
  type === undefined || product.kind === type;

/** A body of 256 KB can be wrong in thousands of places. */
const MAX_LOGGED = 100;

/** Turns what a customer chose into a draft order. */
@Injectable()
export class Selections {
  private readonly logger = new Logger(Selections.name);

  constructor(
    private readonly dataSource: DataSource,
    private readonly goods: Goods,
    private readonly drafts: Drafts,
    private readonly refusals: Refusals,
    private readonly deliveries: Deliveries,
  ) {}

  /**
   * Checks and prices a selection, keeps it as a draft and tells the shop, once however often it comes.
   *
   * @returns the draft's id
   * @throws {Refusal} with the first problem, nothing stored
   */
  async accept(merchant: Merchant, selection: Selection, { appUserId, relayId, type }: Customer): Promise<string> {
    const offer = await this.goods.find(merchant, selection.productId);
    if (offer === undefined || !isOfType(offer, type)) throw unknownProduct();
    const { product, left, version } = offer;
    const result = priceSelection(product, selection, left);
    if (!result.ok) {
      await this.keep({ merchantId: merchant.id, productId: product.id, relayId, problems: result.problems });
      throw new Refusal(500, result.problems[0]?.message);
    }
    // What a shop counts itself is not ours to reserve.
    const priced = version === null ? { ...result.priced, lines: [] } : result.priced;
    return this.dataSource.transaction(async (manager) => {
      const { draft, created } = await this.drafts.store(manager, {
        merchantId: merchant.id,
        appUserId,
        relayId,
        product,
        productVersion: version,
        priced,
        retainDays: merchant.plugins.option?.retainDays,
      });
      if (created) {
        const event = {
          merchant: merchant.id,
          type: 'option.selected',
          subject: draft.id,
          relayId,
          data: factsOf(draft),
        } as const;
        await this.deliveries.add(manager, event);
      }
      return draft.id;
    });
  }

  /** For the log and the operator; the customer is answered in any case. */
  private async keep({ merchantId, productId, relayId, problems }: NewRefusal): Promise<void> {
    const told = { merchant: merchantId, product: productId, relayId, problemCount: problems.length };
    this.logger.log({ ...told, problems: problems.slice(0, MAX_LOGGED) }, 'selection refused');
    try {
      await this.refusals.add({ merchantId, productId, relayId, problems });
    } catch (error) {
      this.logger.warn({ ...told, error }, 'a refused selection could not be kept');
    }
  }
}

/** What the shop learns of a selection. */
function factsOf(draft: Draft): Record<string, unknown> {
  const { id, appUserId, productId, productName, productKind, quantity, total, useShipping, chosen, expiresAt } = draft;
  const { taxFreeAmount } = draft;
  return {
    id,
    ...(appUserId !== undefined && { appUserId }),
    productId,
    productName,
    productKind,
    quantity,
    total,
    taxFreeAmount,
    useShipping,
    chosen,
    expiresAt: expiresAt.toISOString(),
  };
}

import { acceptProduct, countedStock, ProductRefused, Products } from '@biz/commerce';
import type { Offer } from '@biz/commerce';
import { Refusal } from '@biz/platform';
import { Injectable, Logger } from '@nestjs/common';
import { ShopBusy, ShopCalls } from '../calls/shop-calls';
import { ProductSource } from '../ports/product-source';
import { ShopConfig } from '../ports/shop.config';
import { Merchants } from '../registry/merchants';
import type { Merchant } from '../registry/merchant';

const NOT_READABLE = '상품 정보를 불러오지 못했습니다. 잠시 후 다시 시도해 주세요.';

/** A merchant's products: its own catalogue's, else those in the commerce tables. */
@Injectable()
export class Goods {
  private readonly logger = new Logger(Goods.name);

  constructor(
    private readonly merchants: Merchants,
    private readonly products: Products,
    private readonly calls: ShopCalls,
    private readonly config: ShopConfig,
  ) {}

  /**
   * A product by the shop's id or the one Kakao knows, as it can be chosen from now.
   *
   * @throws {Refusal} 500 when the merchant's catalogue fails, is late, or answers what the guide forbids
   */
  async find(merchant: Merchant, id: string): Promise<Offer | undefined> {
    const source = this.merchants.port(merchant, ProductSource);
    const own = source && (await this.ask(merchant, source, id));
    return own ?? this.products.find(merchant.id, id);
  }

  private async ask(merchant: Merchant, source: ProductSource, id: string): Promise<Offer | undefined> {
    try {
      const given: unknown = await this.calls.call(merchant.id, 'products', this.config.timeoutMs, { id }, () =>
        source.load(id),
      );
      // What a search in a database finds when it finds nothing.
      if (given === undefined || given === null) return undefined;
      const product = acceptProduct(given);
      if (id === product.id || id === product.kakaoId) return { product, left: countedStock(product), version: null };
      throw new ProductRefused(product.id, [{ path: 'id', message: 'is not the product that was asked for' }]);
    } catch (error) {
      if (error instanceof ShopBusy) throw new Refusal(500, NOT_READABLE);
      const problems = error instanceof ProductRefused ? error.problems : undefined;
      const told = problems === undefined ? { error } : { problems };
      this.logger.error({ merchant: merchant.id, port: 'ProductSource', ...told }, 'a port of the merchant failed');
      throw new Refusal(500, NOT_READABLE);
    }
  }
}

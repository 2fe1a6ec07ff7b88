import type { Product } from '@biz/commerce';

/** Where a shop's products come from when it keeps them itself. Without it, the commerce tables hold them. */
export abstract class ProductSource {
  /**
   * What can be chosen of a product now, and how much of it is left.
   *
   * Called at every T1 and T2 of the option plugin and when a draft is paid, so it must be quick and repeatable. The
   * answer passes the same checks as a saved product; one that breaks a rule never reaches Kakao. Stock is the shop's
   * own: it is shown and checked, not reserved, so `Fulfilment` has the last word.
   * @returns `undefined` for a product it does not have: the commerce tables are asked then
   */
  abstract load(productId: string): Promise<Product | undefined>;
}

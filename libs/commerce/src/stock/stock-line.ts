/** So many pieces of one stock. */
export interface StockLine {
  productId: string;
  /** The stock's name within the product; the product's own id when it is counted as a whole. */
  sku: string;
  quantity: number;
}

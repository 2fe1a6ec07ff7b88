import type { StockLine } from '../stock/stock-line';
import type { GroupKind } from '../products/product.dto';

/** What a customer chose, as option T2 tells it; prices and extra are those T1 showed. */
export interface Selection {
  productId: string;
  price?: number;
  /** Pieces of the product; its default when absent. */
  quantity?: number;
  answers: Answer[];
}

/** One chosen option, or one filled-in form; a group with several choices has several. */
export interface Answer {
  groupId: string;
  optionId?: string;
  addPrice?: number;
  /** Pieces of this option; the product's when absent. */
  quantity?: number;
  extra?: string;
  text?: string;
}

/** An answer as it was understood: what the shop and the operator read. */
export interface Chosen {
  groupId: string;
  group: string;
  kind: GroupKind;
  optionId?: string;
  option?: string;
  addPrice?: number;
  quantity?: number;
  extra?: string;
  text?: string;
}

/** A selection that may be ordered. */
export interface Priced {
  quantity: number;
  /** Won. */
  total: number;
  /** The part of it that is tax-free. */
  taxFreeAmount: number;
  /** In the order of the product's groups, so that equal selections are equal. */
  chosen: Chosen[];
  /** What has to be taken from stock; empty when nothing of it is counted. */
  lines: StockLine[];
}

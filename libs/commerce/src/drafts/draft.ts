import type { Product, ProductKind } from '../products/product.dto';
import type { Chosen, Priced } from '../selection/selection';
import type { StockLine } from '../stock/stock-line';

/** What a product says about its payment; a draft keeps it, so that it can be priced without the product. */
export type DraftTerms = Pick<Product, 'shipping' | 'agreements' | 'productUrls'>;

export type DraftState = 'open' | 'paid' | 'expired';

/** A temporary order (임시 주문), without what the customer answered. */
export interface PayableDraft {
  /** What option T2 answers in `data`, and payment T1 gets as `ordersheet_id`. */
  id: string;
  merchantId: string;
  /** Only an open draft may be paid; anything else is 300 in payment. */
  state: DraftState;
  appUserId?: string;
  relayId?: string;
  productId: string;
  /** The product as it was priced; absent when it has to be priced again in any case. */
  productVersion?: number;
  productName: string;
  productKind: ProductKind;
  quantity: number;
  /** Won, options included. */
  total: number;
  /** The part of it that is tax-free. */
  taxFreeAmount: number;
  /** What payment needs beside the goods, as the product has it. */
  terms: DraftTerms;
  /** What to reserve; empty when nothing of it is counted. */
  lines: StockLine[];
  useShipping: boolean;
  createdAt: Date;
  expiresAt: Date;
  paidAt?: Date;
  /** The order that paid it. */
  orderRef?: string;
}

export interface Draft extends PayableDraft {
  /** Absent once erased. */
  chosen?: Chosen[];
  eraseAt: Date;
  erasedAt?: Date;
}

/** A draft beside the goods as they are now. */
export interface DraftNow extends PayableDraft {
  /** The product is word for word the one that was priced. */
  unchanged: boolean;
  /** Of something chosen less is left than was chosen, and pieces that its own order holds are not there either. */
  short: boolean;
}

/** A priced selection, and whose it is. */
export interface NewDraft {
  merchantId: string;
  appUserId?: string;
  relayId?: string;
  product: Product;
  productVersion: number | null;
  priced: Priced;
  /** For how many days after its end the answers are kept; 30, unless said. */
  retainDays?: number;
}

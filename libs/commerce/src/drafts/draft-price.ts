import type { Product } from '../products/product.dto';
import { shippingFee } from '../products/shipping-fee';
import type { DraftTerms, PayableDraft } from './draft';

/** What a draft costs, in won. */
export interface DraftPrice {
  /** Part of the total. */
  shippingFee: number;
  /** Shipping included. */
  totalAmount: number;
  taxFreeAmount: number;
}

/**
 * What a draft costs when it is sent to a postal code; the only place where shipping is added.
 *
 * @param zipCode of the address; without it no area counts
 */
export function draftPrice(
  {
    total,
    taxFreeAmount,
    useShipping,
    terms: { shipping },
  }: Pick<PayableDraft, 'total' | 'taxFreeAmount' | 'useShipping' | 'terms'>,
  zipCode?: string,
): DraftPrice {
  const fee = shipping !== undefined && useShipping ? shippingFee(shipping, total, zipCode) : 0;
  return {
    shippingFee: fee,
    totalAmount: total + fee,
    taxFreeAmount: taxFreeAmount + (shipping?.taxFree === true ? fee : 0),
  };
}

export function termsOf({ shipping, agreements, productUrls }: Product): DraftTerms {
  return { ...(shipping && { shipping }), ...(agreements && { agreements }), ...(productUrls && { productUrls }) };
}

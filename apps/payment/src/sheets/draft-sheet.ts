import { draftPrice, type PayableDraft } from '@biz/commerce';
import type { OrderSheet } from '@biz/merchant';

/** The order sheet of a draft, priced for a postal code. */
export function draftSheet(draft: PayableDraft, zipCode: string | undefined): OrderSheet {
  const { productId, productName, quantity, useShipping, terms } = draft;
  const { totalAmount, taxFreeAmount, shippingFee } = draftPrice(draft, zipCode);
  return {
    lines: [{ name: productName, quantity }],
    totalAmount,
    ...(useShipping && terms.shipping && { shippingAmount: shippingFee }),
    taxFreeAmount,
    itemCode: productId,
    needsShipping: useShipping,
    ...(terms.agreements && { agreements: terms.agreements }),
    ...(terms.productUrls && { productUrls: terms.productUrls }),
  };
}

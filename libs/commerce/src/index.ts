export { CommerceModule } from './commerce.module';
export { commerceSchema } from './commerce.schema';
export { Drafts } from './drafts/drafts';
export type { Draft, DraftNow, DraftState, DraftTerms, NewDraft, PayableDraft } from './drafts/draft';
export { draftPrice } from './drafts/draft-price';
export type { DraftPrice } from './drafts/draft-price';
export { choice, choices, combination, date, integer, numbers, pathId, text } from './products/product-builders';
export type { OptionInput, Question, Sku } from './products/product-builders';
export { acceptProduct, checkProduct, MAX_OPTIONS, ProductRefused } from './checker/product-checker';
export type { Problem } from '@biz/platform';
export {
  GROUP_KINDS,
  Product,
  ProductGroup,
  ProductOption,
  ProductSubGroup,
  LeadsTo,
  PRODUCT_KINDS,
} from './products/product.dto';
export type { GroupKind, ProductKind } from './products/product.dto';
export { ProductAgreement, ShippingArea, ShippingRule } from './products/product-terms.dto';
export { CountedLeft } from './products/left';
export type { Left, SkuPlaces } from './products/left';
export { countedStock, skuOf, withStock } from './products/product-stock';
export { ProductChanged, Products } from './products/products';
export type { Catalogue, Offer, SaveOptions, StoredProduct } from './products/products';
export { Refusals } from './refusals/refusals';
export type { NewRefusal } from './refusals/refusals';
export { priceSelection } from './selection/price-selection';
export type { PricedSelection } from './selection/price-selection';
export type { Answer, Chosen, Priced, Selection } from './selection/selection';
export { Stock } from './stock/stock';
export type { ReserveResult, Shortage, StockLevel } from './stock/stock';
export type { StockLine } from './stock/stock-line';

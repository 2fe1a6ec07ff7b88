import type { SchemaOwner } from '@biz/platform';
import { DraftRow } from './drafts/draft.entity';
import { Commerce1795000000000 } from './migrations/1795000000000-commerce';
import { Held1795500200000 } from './migrations/1795500200000-held';
import { ProductVersions1795530100000 } from './migrations/1795530100000-product-versions';
import { Refusals1795530200000 } from './migrations/1795530200000-refusals';
import { CommerceJourney1795545000000 } from './migrations/1795545000000-journey';
import { DraftsErased1795925000000 } from './migrations/1795925000000-drafts-erased';
import { ProductRow } from './products/product.entity';
import { RefusalRow } from './refusals/refusal.entity';
import { ReservationRow } from './stock/reservation.entity';
import { StockRow } from './stock/stock.entity';

/** Products, stock and drafts: what option and payment share. */
export const commerceSchema: SchemaOwner = {
  schema: 'commerce',
  entities: [ProductRow, StockRow, ReservationRow, DraftRow, RefusalRow],
  migrations: [
    Commerce1795000000000,
    Held1795500200000,
    ProductVersions1795530100000,
    Refusals1795530200000,
    CommerceJourney1795545000000,
    DraftsErased1795925000000,
  ],
  sealed: [{ table: 'commerce.drafts', key: 'id', column: 'chosen_sealed' }],
};

import { FIVE_YEARS } from '@biz/platform';
import type { SchemaOwner } from '@biz/platform';
import { DraftRow } from './drafts/draft.entity';
import { Commerce1795000000000 } from './migrations/1795000000000-commerce';
import { Held1795500200000 } from './migrations/1795500200000-held';
import { ProductVersions1795530100000 } from './migrations/1795530100000-product-versions';
import { Refusals1795530200000 } from './migrations/1795530200000-refusals';
import { CommerceJourney1795545000000 } from './migrations/1795545000000-journey';
import { DraftsErased1795925000000 } from './migrations/1795925000000-drafts-erased';
import { CommercePurge1796010300000 } from './migrations/1796010300000-purge';
import { DraftsOpen1796030100000 } from './migrations/1796030100000-drafts-open';
import { DraftTerms1796050000000 } from './migrations/1796050000000-draft-terms';
import { ProductRow } from './products/product.entity';
import { RefusalRow } from './refusals/refusal.entity';
import { REFUSAL_DAYS } from './refusals/refusals';
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
    CommercePurge1796010300000,
    DraftsOpen1796030100000,
    DraftTerms1796050000000,
  ],
  published: ['journey(text, text, integer)'],
  sealed: [{ table: 'commerce.drafts', key: 'id', column: 'chosen_sealed' }],
  purges: [
    { table: 'commerce.drafts', days: 60, since: 'erased_at', where: 't.paid_at IS NULL' },
    { table: 'commerce.drafts', days: FIVE_YEARS, since: 'paid_at', where: 't.erased_at IS NOT NULL' },
    {
      table: 'commerce.reservations',
      key: ['merchant_id', 'order_ref'],
      days: 90,
      since: 'settled_at',
      where: `t.state IN ('released', 'returned')`,
    },
    {
      table: 'commerce.reservations',
      key: ['merchant_id', 'order_ref'],
      days: FIVE_YEARS,
      since: 'settled_at',
      where: `t.state = 'committed'`,
    },
    { table: 'commerce.refusals', key: ['merchant_id', 'id'], days: REFUSAL_DAYS, since: 'created_at' },
  ],
};

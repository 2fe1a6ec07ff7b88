/** What a person does about a difference. */
export type DifferenceAct = 'reconcile' | 'accept-or-refund' | 'give-up';

interface Kind {
  /** As it is printed. */
  readonly says: string;
  /** `reconcile` and `accept-or-refund` mend it; where KakaoPay must be asked by a person, its outcome is a `give-up`. */
  readonly act: DifferenceAct;
}

/**
 * Every kind of difference between our records and KakaoPay's word about a payment (docs/operations.md has the table).
 *
 * An amount that differs is mended by taking KakaoPay's word; an identity that differs never is.
 */
export const DIFFERENCE_KINDS = {
  'in-review': { says: 'a person must decide', act: 'accept-or-refund' },
  'money-there': { says: 'status differs', act: 'reconcile' },
  'money-missing': { says: 'status differs', act: 'give-up' },
  status: { says: 'status differs', act: 'reconcile' },
  'status-free': { says: 'status differs', act: 'give-up' },
  'unknown-tid': { says: 'KakaoPay does not know it', act: 'give-up' },
  cid: { says: 'cid differs', act: 'give-up' },
  tid: { says: 'tid differs', act: 'give-up' },
  partner_order_id: { says: 'partner_order_id differs', act: 'give-up' },
  partner_user_id: { says: 'partner_user_id differs', act: 'give-up' },
  total: { says: 'total differs', act: 'reconcile' },
  tax_free: { says: 'tax_free differs', act: 'reconcile' },
  vat: { says: 'vat differs', act: 'reconcile' },
  'given-back-there': { says: 'the amount given back differs', act: 'reconcile' },
  'given-back-here': { says: 'the amount given back differs', act: 'give-up' },
  'given-back-unsaid': { says: 'the amount given back differs', act: 'give-up' },
  'not-asked': { says: 'KakaoPay could not be asked', act: 'reconcile' },
  'refund-given-up': { says: 'the refund of money that belongs to no order was given up', act: 'give-up' },
} as const satisfies Record<string, Kind>;

export type DifferenceKind = keyof typeof DIFFERENCE_KINDS;

export const DIFFERENCE_KIND_NAMES = Object.keys(DIFFERENCE_KINDS) as DifferenceKind[];

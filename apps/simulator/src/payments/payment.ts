export const PAYMENT_STATUSES = [
  'READY',
  'SEND_TMS',
  'OPEN_PAYMENT',
  'SELECT_METHOD',
  'ARS_WAITING',
  'AUTH_PASSWORD',
  'ISSUED_SID',
  'SUCCESS_PAYMENT',
  'PART_CANCEL_PAYMENT',
  'CANCEL_PAYMENT',
  'FAIL_AUTH_PASSWORD',
  'QUIT_PAYMENT',
  'FAIL_PAYMENT',
  'ZID_CERTIFICATE',
] as const;
export type PaymentStatus = (typeof PAYMENT_STATUSES)[number];

/** The user is still on the payment screen. */
export const ON_SCREEN: readonly PaymentStatus[] = [
  'READY',
  'SEND_TMS',
  'OPEN_PAYMENT',
  'SELECT_METHOD',
  'ARS_WAITING',
];

export interface Amount {
  total: number;
  tax_free: number;
  vat: number;
  point: number;
  discount: number;
  green_deposit: number;
}

export interface PaymentAction {
  aid: string;
  at: Date;
  amount: number;
  /** Parts of a cancel. */
  taxFree?: number;
  vat?: number;
  type: 'PAYMENT' | 'CANCEL' | 'ISSUED_SID';
  payload?: string;
}

/** One tid. Amounts in won. */
export interface Payment {
  tid: string;
  cid: string;
  cidSecret?: string;
  status: PaymentStatus;
  partnerOrderId: string;
  partnerUserId: string;
  itemName: string;
  itemCode?: string;
  quantity: number;
  amount: Amount;
  cancelled: Amount;
  method: 'CARD' | 'MONEY';
  /** What the merchant answered in T1 or sent to ready. */
  urls: { approval: string; cancel: string; fail: string };
  /** Set once the user has authenticated. */
  pgToken?: string;
  sid?: string;
  createdAt: Date;
  expiresAt: Date;
  approvedAt?: Date;
  canceledAt?: Date;
  actions: PaymentAction[];
}

/** A standing permission to charge (정기결제). */
export interface Subscription {
  sid: string;
  cid: string;
  partnerUserId: string;
  itemName: string;
  method: 'CARD' | 'MONEY';
  status: 'ACTIVE' | 'INACTIVE';
  createdAt: Date;
  lastApprovedAt: Date;
  inactivatedAt?: Date;
  /** Times of the charges after the first. */
  charges: Date[];
}

export const noAmount = (): Amount => ({ total: 0, tax_free: 0, vat: 0, point: 0, discount: 0, green_deposit: 0 });

/** What may still be cancelled. */
export function remaining({ amount, cancelled }: Payment): Amount {
  return {
    total: amount.total - cancelled.total,
    tax_free: amount.tax_free - cancelled.tax_free,
    vat: amount.vat - cancelled.vat,
    point: 0,
    discount: 0,
    green_deposit: amount.green_deposit - cancelled.green_deposit,
  };
}

/** VAT of an amount whose merchant names none (guide 6.2: rounded half up). */
export function defaultVat(total: number, taxFree: number): number {
  return Math.round((total - taxFree) / 11);
}

import type { Amounts } from '@biz/kakaopay';
import type { Attempt } from './attempt.entity';

/** What an attempt is, as far as KakaoPay's answers name it. */
export type Expected = Pick<Attempt, 'cid' | 'tid' | 'orderId' | 'totalAmount' | 'taxFreeAmount' | 'vatAmount'>;

/** What KakaoPay says a payment is, in an approval as in an order. */
export interface Snapshot {
  readonly cid: string;
  readonly tid: string;
  readonly partnerOrderId: string;
  readonly partnerUserId: string;
  readonly amount: Amounts;
}

/** What tells one payment from another. */
export type ForeignField = 'cid' | 'tid' | 'partner_order_id' | 'partner_user_id';
export type Field = ForeignField | 'total' | 'tax_free' | 'vat';

/** The names of everything in which KakaoPay's word differs from what the order was when T2 came. */
export function differences(attempt: Expected, partnerUserId: string, said: Snapshot): Field[] {
  const amounts: [Field, number, number][] = [
    ['total', said.amount.total, attempt.totalAmount],
    ['tax_free', said.amount.taxFree, attempt.taxFreeAmount],
    ['vat', said.amount.vat, attempt.vatAmount],
  ];
  return [...foreignFields(attempt, partnerUserId, said), ...namesOf(amounts)];
}

/** The names of what tells another payment from this one; the amounts do not. */
export function foreignFields(attempt: Expected, partnerUserId: string, said: Snapshot): ForeignField[] {
  return namesOf<ForeignField, string>([
    ['cid', said.cid, attempt.cid],
    // A charge by SID learns its tid from the answer.
    ['tid', said.tid, attempt.tid ?? said.tid],
    ['partner_order_id', said.partnerOrderId, attempt.orderId],
    ['partner_user_id', said.partnerUserId, partnerUserId],
  ]);
}

const namesOf = <Name extends Field, T>(pairs: [Name, T, T][]): Name[] =>
  pairs.filter(([, theirs, ours]) => theirs !== ours).map(([name]) => name);

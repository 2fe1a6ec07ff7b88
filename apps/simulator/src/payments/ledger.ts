import { Injectable } from '@nestjs/common';
import type { Payment, PaymentAction } from './payment';

export interface LedgerEntry {
  at: Date;
  tid: string;
  cid: string;
  aid: string;
  type: PaymentAction['type'];
  /** Won. */
  amount: number;
  partnerOrderId: string;
  partnerUserId: string;
  itemName: string;
  sid?: string;
}

const KEPT = 20_000;

/** What was really charged and given back, whatever the merchant was told. */
@Injectable()
export class Ledger {
  private entries: LedgerEntry[] = [];

  write(payment: Payment, action: PaymentAction): void {
    const { tid, cid, partnerOrderId, partnerUserId, itemName, sid } = payment;
    const { at, aid, type, amount } = action;
    this.entries.push({
      at,
      tid,
      cid,
      aid,
      type,
      amount,
      partnerOrderId,
      partnerUserId,
      itemName,
      ...(sid && { sid }),
    });
    if (this.entries.length > KEPT) this.entries = this.entries.slice(-KEPT);
  }

  find(
    filter: { tid?: string | undefined; partnerOrderId?: string | undefined; sid?: string | undefined } = {},
  ): LedgerEntry[] {
    return this.entries.filter(
      (entry) =>
        (filter.tid === undefined || entry.tid === filter.tid) &&
        (filter.partnerOrderId === undefined || entry.partnerOrderId === filter.partnerOrderId) &&
        (filter.sid === undefined || entry.sid === filter.sid),
    );
  }

  clear(): void {
    this.entries = [];
  }
}

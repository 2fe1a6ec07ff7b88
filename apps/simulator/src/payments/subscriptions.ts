import { randomBytes } from 'node:crypto';
import { Injectable } from '@nestjs/common';
import { SimulatorConfig } from '../simulator.config';
import { SimulatedTime, seoulDateTime } from '../time/simulated-time';
import { BoundedMap } from '../wire/bounded-map';
import { Cids } from './cids';
import { PayError } from '../pay/pay-error';
import type { PayRequest } from '../pay/pay-request';
import type { Payment, Subscription } from './payment';

/** SIDs: issued by the first payment, charged by the merchant later (정기결제). */
@Injectable()
export class Subscriptions {
  private readonly bySid = new BoundedMap<Subscription>(5_000);

  constructor(
    private readonly cids: Cids,
    private readonly time: SimulatedTime,
    private readonly config: SimulatorConfig,
  ) {}

  issue(payment: Payment, at: Date): Subscription {
    const subscription: Subscription = {
      sid: `S${at.getTime().toString(16)}${randomBytes(5).toString('hex')}`.slice(0, 20).padEnd(20, '0'),
      cid: payment.cid,
      partnerUserId: payment.partnerUserId,
      itemName: payment.itemName,
      method: payment.method,
      status: 'ACTIVE',
      createdAt: at,
      lastApprovedAt: at,
      charges: [],
    };
    this.bySid.set(subscription.sid, subscription);
    return subscription;
  }

  /** @throws PayError when the SID may not be charged by this request */
  chargeable(request: PayRequest): Subscription {
    const subscription = this.own(request);
    if (subscription.status === 'INACTIVE') throw new PayError(-751);
    if (request.text('partner_user_id', 100) !== subscription.partnerUserId) throw new PayError(-753);
    const month = seoulDateTime(this.time.now()).slice(0, 7);
    const thisMonth = subscription.charges.filter((at) => seoulDateTime(at).startsWith(month)).length;
    if (thisMonth >= this.config.sidMonthlyLimit) throw new PayError(-752);
    return subscription;
  }

  charged(subscription: Subscription, at: Date): void {
    subscription.charges.push(at);
    subscription.lastApprovedAt = at;
  }

  inactivate(request: PayRequest): Subscription {
    const subscription = this.own(request);
    if (subscription.status === 'ACTIVE') {
      subscription.status = 'INACTIVE';
      subscription.inactivatedAt = this.time.now();
    }
    return subscription;
  }

  own(request: PayRequest): Subscription {
    const cid = request.text('cid', 10);
    if (!this.cids.check(cid, request.optionalText('cid_secret', 24)).subscription) throw new PayError(-731);
    const subscription = this.bySid.get(request.text('sid', 20));
    if (!subscription) throw new PayError(-750);
    if (subscription.cid !== cid) throw new PayError(-731);
    return subscription;
  }

  list(): Subscription[] {
    return [...this.bySid.values()];
  }

  clear(): void {
    this.bySid.clear();
  }
}

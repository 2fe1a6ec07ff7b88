import { Injectable } from '@nestjs/common';
import { PayError } from '../pay/pay-error';

export interface Cid {
  cid: string;
  subscription: boolean;
  /** Required in every call when set. */
  secret?: string;
}

const TEST_CIDS: Cid[] = [
  { cid: 'TC0ONETIME', subscription: false },
  { cid: 'TCSUBSCRIP', subscription: true },
];

/** The shops KakaoPay knows: its two test CIDs, and what a scenario's T1 brought. */
@Injectable()
export class Cids {
  private known = new Map(TEST_CIDS.map((each) => [each.cid, each]));

  register(cid: Cid): void {
    if (!TEST_CIDS.some((test) => test.cid === cid.cid)) this.known.set(cid.cid, cid);
  }

  /** @throws PayError −731 or −733 */
  check(cid: string, secret: string | undefined): Cid {
    const found = this.known.get(cid);
    if (!found) throw new PayError(-731);
    if (found.secret !== undefined && found.secret !== secret) throw new PayError(-733);
    return found;
  }

  clear(): void {
    this.known = new Map(TEST_CIDS.map((each) => [each.cid, each]));
  }
}

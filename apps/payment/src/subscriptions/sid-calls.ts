import { chargeRefusal, explainCode, type SidRequest } from '@biz/kakaopay';
import { Clock, NotYet, Vault } from '@biz/platform';
import { Injectable } from '@nestjs/common';
import { MerchantKakaoPay } from '../attempts/merchant-kakaopay';

const SID_CONTEXT = 'payment.subscriptions.sid';

/** A SID as it is stored. */
export interface SealedSid {
  readonly merchant: string;
  readonly cid: string;
  readonly sealed: string;
}

/** Seconds before each repeat of a call that ends a SID, over two days. */
export const END_AFTER = [1, 2, 5, 10, 30, 60, 300, 900, 3600, 7200, 14_400, 28_800, 28_800, 28_800, 57_600];

/** KakaoPay refused a call about a SID for a reason that is no end of it. */
class SidRefusal extends Error {
  override name = 'SidRefusal';
}

/** Seals SIDs, and calls KakaoPay about them. */
@Injectable()
export class SidCalls {
  constructor(
    private readonly kakaopay: MerchantKakaoPay,
    private readonly vault: Vault,
    private readonly clock: Clock,
  ) {}

  /** Before the transaction: sealing takes a moment. */
  seal(sid: string): Promise<string> {
    return this.vault.seal(sid, SID_CONTEXT);
  }

  open(sealed: string): Promise<string> {
    return this.vault.open(sealed, SID_CONTEXT);
  }

  /** What every call about a SID names. */
  async requestOf({ merchant, cid, sealed }: SealedSid): Promise<SidRequest> {
    const { contractOf } = this.kakaopay.of(merchant);
    return { ...contractOf(cid), sid: await this.open(sealed) };
  }

  /**
   * Makes a SID inactive at KakaoPay.
   *
   * @returns when and how it ended there
   * @throws NotYet when KakaoPay does not say, SidRefusal when it refuses; asking again is harmless: a SID that is inactive already is −751
   */
  async end(sid: SealedSid): Promise<{ endedAt: Date; note: string }> {
    const request = await this.requestOf(sid);
    const answer = await this.kakaopay.of(sid.merchant).pay.inactive(request);
    switch (answer.kind) {
      case 'answered': {
        const { status, inactivatedAt = this.clock.now() } = answer.value;
        if (status !== 'INACTIVE') throw new NotYet(`inactive: KakaoPay says ${status}`);
        return { endedAt: inactivatedAt, note: 'inactive at KakaoPay' };
      }
      case 'refused':
        if (chargeRefusal(answer.code) === 'ended') {
          return { endedAt: this.clock.now(), note: `KakaoPay: ${explainCode(answer.code)}` };
        }
        throw new SidRefusal(`inactive refused with ${answer.code}: ${explainCode(answer.code)}`);
      case 'not-sent':
      case 'unknown':
        throw new NotYet(`inactive: ${answer.kind} ${answer.reason}`);
    }
  }
}

/** Why the last try to end a SID failed, as people are told. */
export const whyNotEnded = (error: unknown): string =>
  error instanceof NotYet || error instanceof SidRefusal ? error.message : 'the work itself failed; the log says why';

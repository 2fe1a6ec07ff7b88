import { explainCode, meaningOf, type PaymentOrder } from '@biz/kakaopay';
import { Clock } from '@biz/platform';
import { Injectable, ServiceUnavailableException } from '@nestjs/common';
import type { Attempt } from '../attempts/attempt.entity';
import { MerchantKakaoPay } from '../attempts/merchant-kakaopay';
import { EvidenceLog } from '../evidence/evidence-log';

const NO_SUCH_TID = -721;

/**
 * What KakaoPay says now about the money of one attempt.
 *
 * - `charged`: it is there, though a part may be cancelled
 * - `sid-issued`: a SID and no money
 * - `given-back`: it was there, and all of it was cancelled
 * - `nothing`: no money, and none can come
 * - `open`: the buyer may still pay
 * - `unclear`: a status that no document names, with a trace of money
 */
export type Word = { readonly status: string } & (
  | { readonly kind: 'charged' | 'sid-issued' | 'given-back' | 'unclear'; readonly said: PaymentOrder }
  | { readonly kind: 'nothing' | 'open'; readonly said?: PaymentOrder }
);

/** Asks KakaoPay for a person who is about to decide. */
@Injectable()
export class KakaoPayWord {
  constructor(
    private readonly kakaopay: MerchantKakaoPay,
    private readonly evidence: EvidenceLog,
    private readonly clock: Clock,
  ) {}

  /** @throws ServiceUnavailableException when KakaoPay does not say; then nothing is decided */
  async about(attempt: Attempt, tid: string): Promise<Word> {
    const { merchant, cid, expiresAt } = attempt;
    const { pay, contractOf } = this.kakaopay.of(merchant);
    const sentAt = this.clock.now();
    const answer = await pay.order({ ...contractOf(cid), tid });
    // A tid that a person named is not the attempt's yet.
    if (tid === attempt.tid) await this.evidence.looked(attempt, sentAt, answer);
    const over = expiresAt <= this.clock.now();
    if (answer.kind === 'answered') return wordOf(answer.value, over);
    if (answer.kind === 'refused' && answer.code === NO_SUCH_TID) {
      return { kind: over ? 'nothing' : 'open', status: explainCode(answer.code) };
    }
    const why = answer.kind === 'refused' ? `${answer.code}: ${explainCode(answer.code)}` : answer.kind;
    throw new ServiceUnavailableException(`KakaoPay does not say how this payment stands (${why}); try again`);
  }
}

function wordOf(said: PaymentOrder, over: boolean): Word {
  const { status } = said;
  switch (meaningOf(status)) {
    case 'paid':
      return { kind: 'charged', status, said };
    case 'sid-issued':
      return { kind: 'sid-issued', status, said };
    case 'cancelled':
      if (said.cancelledAmount === undefined) return { kind: 'unclear', status, said };
      return { kind: said.cancelledAmount >= said.amount.total ? 'given-back' : 'charged', status, said };
    case 'failed':
      return { kind: 'nothing', status, said };
    case 'wait':
    case 'authenticated':
      return { kind: over ? 'nothing' : 'open', status, said };
    case 'unknown':
      if (hasMoney(said)) return { kind: 'unclear', status, said };
      return { kind: over ? 'nothing' : 'open', status, said };
  }
}

/** No document names the status, but what comes with it tells of a charge. */
const hasMoney = ({ approvedAt, availableAmount, cancelledAmount, actions }: PaymentOrder): boolean =>
  approvedAt !== undefined ||
  (availableAmount ?? 0) > 0 ||
  (cancelledAmount ?? 0) > 0 ||
  actions.some(({ type }) => type === 'PAYMENT');

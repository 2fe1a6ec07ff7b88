import { Addresses } from '@biz/platform';
import { Injectable } from '@nestjs/common';
import { type MerchantAnswer, readEnvelope } from '../checks/answers';
import { chooseOptions } from '../checks/choose-options';
import { isFields } from '../checks/fields';
import { checkDraft, checkOptions } from '../checks/options';
import { type Finding, warning } from '../checks/violation';
import type { MerchantCall, Run } from '../scenarios/run';
import type { OptionScenario } from '../scenarios/scenario.dto';
import { merchantUrl } from './merchant-urls';
import { callerHeaders } from './caller';

/** T1 options, a valid choice, T2 selection (guide 5.2). */
@Injectable()
export class OptionPlay {
  constructor(private readonly addresses: Addresses) {}

  async play(run: Run, options: OptionScenario, relayId: string | undefined): Promise<string> {
    const productId = options.productId ?? '10013529';
    const headers = callerHeaders(run, relayId);
    const url = merchantUrl(options, this.addresses, 'options', 'option');
    const t1 = await run.call(
      {
        what: 'T1 옵션조회 (options)',
        method: 'GET',
        url: `${url}?id=${encodeURIComponent(productId)}`,
        headers,
      },
      judged(checkOptions),
    );
    const { status, data } = readEnvelope(t1);
    if (status !== 200 || !isFields(data)) return `refused-${status}`;

    const selection = options.selection ?? chooseOptions(data, run.now(), options.quantity);
    const t2: MerchantCall = {
      what: 'T2 옵션선택 (selection)',
      method: 'POST',
      url: merchantUrl(options, this.addresses, 'option', 'option'),
      headers,
      json: selection,
    };
    const judge = judged(checkDraft);
    const answers = run.has('t2-concurrent')
      ? await Promise.all([run.call(t2, judge), run.call(t2, judge)])
      : [await run.call(t2, judge)];
    if (run.has('t2-twice')) answers.push(await run.call(t2, judge));
    const drafts = answers.map(readEnvelope);
    const [first] = drafts;
    if (first?.status !== 200) return `refused-${first?.status ?? 0}`;
    if (new Set(drafts.map((draft) => draft.data)).size > 1) {
      run.find(warning('second-draft', 'the same selection of the same user and relay id gave another order id'));
    }
    run.facts.draftId = first.data;
    return 'chosen';
  }
}

/** The envelope first, then what a success holds. */
export function judged(check: (data: unknown) => Finding[]): (answer: MerchantAnswer) => Finding[] {
  return (answer) => {
    const { status, data, message, findings } = readEnvelope(answer);
    if (status === 200) return [...findings, ...check(data)];
    const silent = status !== 0 && !message;
    return silent ? [...findings, warning('no-message', `status ${status} without a message for the user`)] : findings;
  };
}

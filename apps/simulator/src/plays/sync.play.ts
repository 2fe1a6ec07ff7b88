import { randomUUID } from 'node:crypto';
import { Addresses } from '@biz/platform';
import { Injectable } from '@nestjs/common';
import { type MerchantAnswer, speedOf } from '../checks/answers';
import { type Finding, shown, violation } from '../checks/violation';
import { Accounts } from '../login/accounts';
import { SigningKeys } from '../login/signing-key';
import { OwnAddress } from '../own-address';
import type { Run } from '../scenarios/run';
import type { SyncScenario } from '../scenarios/scenario.dto';
import { SimulatorConfig } from '../simulator.config';
import { withQuery } from '../screen/wrapped-url';
import { Pace } from '../time/pace';
import { newAppUserId } from './caller';
import { merchantUrl } from './merchant-urls';
import { until } from './until';

const APP_ID = '249344';
/** A merchant exchanges the code before it answers; this is for one that does it after. */
const EXCHANGE_MS = 2_000;
/** Our own app tells its shop within moments. */
const DELIVERY_MS = 5_000;
const UNLINKED = 'https://schemas.kakao.com/events/oauth/user-unlinked';

/** The plugin redirect, and what Kakao tells of an account later (contract, section 7). */
@Injectable()
export class SyncPlay {
  constructor(
    private readonly addresses: Addresses,
    private readonly accounts: Accounts,
    private readonly keys: SigningKeys,
    private readonly address: OwnAddress,
    private readonly config: SimulatorConfig,
    private readonly pace: Pace,
  ) {}

  async play(run: Run, options: SyncScenario): Promise<string> {
    const steps = options.steps ?? ['join'];
    const userId = run.appUserId;
    run.facts.userId = userId;
    run.about(userId);
    let outcome = 'joined';
    if (steps.includes('join')) outcome = await this.join(run, options, userId);
    // News of the joining may be erased by leaving: let it be delivered first.
    if (options.target === undefined && steps.length > 1) {
      await until(() => run.delivered, this.pace.ms(DELIVERY_MS));
    }
    if (steps.includes('events')) outcome = await this.event(run, options, userId, outcome);
    if (steps.includes('unlink')) outcome = await this.unlink(run, options, userId, outcome);
    return outcome;
  }

  private async join(run: Run, options: SyncScenario, userId: string): Promise<string> {
    const redirect = merchantUrl(options, this.addresses, 'redirect', 'sync');
    const code = this.accounts.createCode({
      userId: BigInt(/^\d+$/.test(userId) ? userId : newAppUserId()),
      redirectUri: redirect,
      ...(options.shape && { shape: options.shape }),
      ...(run.has('code-expired') && { seconds: 0 }),
    });
    run.about(code.code, ['token', 'me', 'terms']);
    const target = options.continueTo ?? `kakaotalk://bizplugin/continue?task=${run.id.slice(0, 8)}`;
    const url = withQuery(redirect, {
      ...(run.has('user-denies')
        ? { error: 'access_denied', error_description: 'User denied access' }
        : { code: code.code }),
      ...(target && { continue: target }),
      ...(options.state && { state: options.state }),
    });
    const call = { what: '플러그인 Redirect URI', method: 'GET', url, from: 'talk' as const };
    const judge = (answer: MerchantAnswer): Finding[] => checkRedirect(answer, target);
    const answer = await run.call(call, judge);
    const { status } = answer;
    if (run.has('redirect-twice')) await run.call(call, judge);
    if (run.has('user-denies')) return 'denied';
    // An answer that is right tells of an exchange to come, however slow the machine; after another there will be none.
    const isHopeless = run.has('code-expired') || judge(answer).length > 0;
    if (await until(() => code.used, isHopeless ? this.pace.ms(EXCHANGE_MS) : run.timeoutMs - run.elapsed()))
      return status === 302 || target === '' ? 'joined' : `refused-${status ?? 0}`;
    if (!run.has('code-expired')) {
      run.find(violation('no-token', 'the authorization code was never exchanged at POST /oauth/token'));
    }
    return 'not-joined';
  }

  private async event(run: Run, options: SyncScenario, userId: string, outcome: string): Promise<string> {
    const iat = Math.floor(run.now().getTime() / 1_000);
    const token = await this.keys.sign({
      iss: this.address.origin,
      aud: this.config.restApiKey,
      iat,
      toe: iat,
      jti: randomUUID(),
      sub: userId,
      events: { [UNLINKED]: { app_id: APP_ID } },
    });
    const url = merchantUrl(options, this.addresses, 'events', 'sync');
    const text = { type: 'application/secevent+jwt', body: token };
    const judge = ({ status }: MerchantAnswer): Finding[] =>
      status === 202
        ? []
        : [violation('event-status', `a signed event is answered 202, found ${status ?? 'nothing'} (contract 7)`)];
    await run.call({ what: '계정 상태 변경 웹훅 (signed event)', method: 'POST', url, text, from: 'kakao' }, judge);
    return outcome;
  }

  private async unlink(run: Run, options: SyncScenario, userId: string, outcome: string): Promise<string> {
    const url = merchantUrl(options, this.addresses, 'unlink', 'sync');
    const body = new URLSearchParams({ app_id: APP_ID, user_id: userId, referrer_type: 'UNLINK_FROM_APPS' }).toString();
    const text = { type: 'application/x-www-form-urlencoded', body };
    const headers = { authorization: `KakaoAK ${this.config.adminKey}` };
    const judge = (answer: MerchantAnswer): Finding[] => [
      ...speedOf(answer),
      ...(answer.status === 200
        ? []
        : [violation('unlink-status', `the unlink webhook is answered 200, found ${answer.status ?? 'nothing'}`)]),
    ];
    const { status } = await run.call(
      { what: '연결 끊기 웹훅 (unlink)', method: 'POST', url, headers, text, from: 'kakao' },
      judge,
    );
    return status === 200 ? 'unlinked' : outcome;
  }
}

function checkRedirect(answer: MerchantAnswer, target: string): Finding[] {
  const findings = speedOf(answer);
  if (answer.failure !== undefined) return findings;
  if (target === '') {
    return answer.status === 200
      ? findings
      : [...findings, violation('redirect', `found HTTP ${answer.status ?? 0}, must be 200`)];
  }
  if (answer.status !== 302) {
    return [...findings, violation('redirect', `must be 302 to continue, found HTTP ${answer.status ?? 0}`)];
  }
  return answer.location === target
    ? findings
    : [...findings, violation('redirect', `Location must be ${shown(target)}, found ${shown(answer.location)}`)];
}

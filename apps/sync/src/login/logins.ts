import { Injectable, Logger } from '@nestjs/common';
import type { BeforeApplicationShutdown, OnModuleInit } from '@nestjs/common';
import { Addresses, Clock, defineJob, Jobs, newId, NotYet, ofOneMerchant, parseOwnJson, Vault } from '@biz/platform';
import { Merchants } from '@biz/merchant';
import type { Merchant, Relay } from '@biz/merchant';
import { DataSource, IsNull, LessThan } from 'typeorm';
import type { EntityManager } from 'typeorm';
import type { KakaoUser } from '../members/kakao-account';
import { Matching } from '../matching/matching';
import type { Match } from '../matching/matching';
import { Members } from '../members/members';
import { type ToldTerms, whyUntold } from '../members/service-terms';
import { Notices } from '../notices/notices';
import { redirectUriOf } from '../sync-plugin';
import { SyncConfig } from '../sync.config';
import { KakaoLogin } from '../kakao/kakao-login';
import type { KakaoTokens } from '../kakao/kakao-login';
import type { Step } from '../kakao/step';
import { Failures } from './failures';
import type { SyncStep } from './failure.entity';
import { insertUnlessFull } from './insert-login';
import { Login } from './login.entity';
import { within } from './within';

/**
 * Finishes a login that its request could not: Kakao was slow, or the process died.
 * Seconds before each retry, for as long as a code lives (ten minutes).
 */
const FINISH_LOGIN = defineJob<{ loginId: string; merchant: string }>({
  name: 'sync.finish-login',
  schedule: [1, 2, 5, 10, 20, 40, 80, 120, 150, 150],
  concurrency: 8,
  share: ofOneMerchant(3),
});
/** The first look: by then most logins are done, and one that Kakao's servers failed is due again. */
const LOOK_AFTER_SECONDS = 1;
/**
 * One call to Kakao. Longer than the customer waits, because an exchange that is cut off may have used the code up:
 * its answer is worth more than another try.
 */
const CALL_TIMEOUT_MS = 8_000;
/** Longer than a worker can take: the exchange, then user and terms side by side. */
const CLAIM_MS = 30_000;
/** More logins wait for Kakao than may at a time. */
const FULL = 'TOO_MANY_WAITING';

const CODE_CONTEXT = 'sync.logins.code';
const REFUSED_CONTEXT = 'sync.logins.refused';
const VERIFIER_CONTEXT = 'sync.logins.verifier';
const TOKENS_CONTEXT = 'sync.logins.tokens';

/** How far a login has come. */
interface Advance {
  /** If not, it may be tried again. */
  settled: boolean;
  /** Where the shop wants the customer first. */
  userMatchUrl?: string;
}

export interface ReturnedCode {
  code: string;
  relayId?: string;
  belowPathKey: boolean;
  /** PKCE verifier of a login we started. */
  verifier?: string;
  /** Begun by us, or with a relay id that we issued; any other code may be a caller's invention. */
  isExpected: boolean;
}

/** Turns what Kakao's consent screen sends back into a member. */
@Injectable()
export class Logins implements OnModuleInit, BeforeApplicationShutdown {
  private readonly logger = new Logger(Logins.name);
  /** Logins whose customers have already gone back to the chat. */
  private readonly afterwards = new Set<Promise<unknown>>();
  private stopping = false;

  constructor(
    private readonly kakao: KakaoLogin,
    private readonly matching: Matching,
    private readonly members: Members,
    private readonly notices: Notices,
    private readonly failures: Failures,
    private readonly merchants: Merchants,
    private readonly addresses: Addresses,
    private readonly config: SyncConfig,
    private readonly jobs: Jobs,
    private readonly vault: Vault,
    private readonly clock: Clock,
    private readonly dataSource: DataSource,
  ) {}

  onModuleInit(): void {
    this.jobs.work(
      FINISH_LOGIN,
      ({ loginId }, { last }) => this.finish(loginId, last),
      ({ loginId }) => this.settle(this.dataSource.manager, loginId, { state: 'failed' }).then(() => undefined),
    );
  }

  async beforeApplicationShutdown(): Promise<void> {
    this.stopping = true;
    await Promise.all(this.afterwards);
  }

  /**
   * Stores a code and waits for the member up to the callback's budget; Kakao's answers are taken after that too.
   *
   * The same code again, also at the same moment, changes nothing. Never fails for a fault of Kakao's.
   *
   * @returns the page of the shop where the customer is to say who they are, when it is known in time
   */
  async receive(merchant: Merchant, returned: ReturnedCode): Promise<string | undefined> {
    const received = performance.now();
    const stored = await this.store(merchant, returned);
    if (!stored) return undefined;
    const { login, jobId } = stored;
    const work = this.advance(login, false, returned.isExpected ? undefined : jobId).then(
      ({ userMatchUrl }) => userMatchUrl,
      (error: unknown) => {
        this.logger.error({ loginId: login.id, error }, 'login left to durable work');
        return undefined;
      },
    );
    if (this.stopping) return work;
    this.afterwards.add(work);
    void work.finally(() => this.afterwards.delete(work));
    return within(this.config.callbackBudgetMs - (performance.now() - received), work);
  }

  /**
   * Counts a return that leads to no member, most often of a customer who did not agree. Any caller can make one, so it is
   * a login of its own once for each relay id that we issued, as a journey shows it, and else a count.
   */
  async refuse(merchant: Merchant, { reason, relay }: { reason: string; relay?: Relay }): Promise<void> {
    const failed = { merchant: merchant.id, step: 'consent', reason } as const;
    if (relay?.state === 'issued') {
      const now = this.clock.now();
      const login: Login = {
        ...unfinished(merchant.id, relay.id, now),
        id: newId(),
        codeKey: this.vault.fingerprint(relay.id, `${REFUSED_CONTEXT} ${merchant.id}`),
        state: 'refused',
        belowPathKey: false,
        settledAt: now,
      };
      const isNew = await this.dataSource.transaction(async (manager) => {
        const inserted = await manager
          .createQueryBuilder()
          .insert()
          .into(Login)
          .values(login)
          .orIgnore()
          .returning('id')
          .execute();
        if ((inserted.raw as unknown[]).length === 0) return false;
        await this.failures.recordOf(manager, login.id, failed);
        return true;
      });
      if (isNew) return;
    }
    await this.failures.count(this.dataSource, { ...failed, relayId: relay?.id });
  }

  private async store(
    merchant: Merchant,
    { code, relayId, belowPathKey, verifier }: ReturnedCode,
  ): Promise<{ login: Login; jobId: string } | undefined> {
    const now = this.clock.now();
    const login: Login = {
      ...unfinished(merchant.id, relayId, now),
      id: newId(),
      codeKey: this.vault.fingerprint(code, `${CODE_CONTEXT} ${merchant.id}`),
      state: 'pending',
      belowPathKey,
      code: await this.vault.seal(code, CODE_CONTEXT),
      verifier: verifier === undefined ? null : await this.vault.seal(verifier, VERIFIER_CONTEXT),
      claimedUntil: new Date(now.getTime() + CLAIM_MS),
    };
    const { isFull, jobId } = await this.dataSource.transaction(async (manager) => {
      const stored = await insertUnlessFull(manager, login);
      if (!stored.isNew) return { ...stored, jobId: undefined };
      const wait = { afterSeconds: LOOK_AFTER_SECONDS };
      return {
        ...stored,
        jobId: await this.jobs.add(FINISH_LOGIN, { loginId: login.id, merchant: merchant.id }, manager, wait),
      };
    });
    if (isFull)
      await this.failures.count(this.dataSource, { merchant: merchant.id, step: 'exchange', reason: FULL, relayId });
    return jobId === undefined ? undefined : { login, jobId };
  }

  private async finish(loginId: string, last: boolean): Promise<void> {
    const now = this.clock.now();
    const claim = { claimedUntil: new Date(now.getTime() + CLAIM_MS) };
    const free = { id: loginId, state: 'pending' as const };
    const { affected } = await this.dataSource.manager.update(
      Login,
      [
        { ...free, claimedUntil: IsNull() },
        { ...free, claimedUntil: LessThan(now) },
      ],
      claim,
    );
    const login = await this.dataSource.manager.findOneBy(Login, { id: loginId });
    if (login?.state !== 'pending') return;
    if (affected === 0) throw new NotYet('another worker has it');
    const { settled } = await this.advance(login, last);
    if (!settled) throw new NotYet('Kakao has not answered');
  }

  /**
   * @param last no try follows this one
   * @param jobOfUnexpected at the first try of a code that a caller may have invented: the job that would go on with it
   */
  private async advance(login: Login, last: boolean, jobOfUnexpected?: string): Promise<Advance> {
    const merchant = this.merchants.get(login.merchant);
    const exchange = await this.tokensOf(login, merchant);
    if (exchange.kind === 'refused' && jobOfUnexpected !== undefined) {
      return this.forget(login, exchange.reason, jobOfUnexpected);
    }
    if (exchange.kind !== 'done') return this.stop(login, 'exchange', exchange);
    const tokens = exchange.value;
    const [user, terms] = await Promise.all([
      this.kakao.user(tokens, CALL_TIMEOUT_MS),
      this.kakao.terms(tokens, CALL_TIMEOUT_MS),
    ]);
    if (user.kind !== 'done') return this.stop(login, 'user', user);
    if (terms.kind === 'later' && !last) return this.stop(login, 'terms', terms);
    // A customer who agreed is a member, also when Kakao does not tell to which terms.
    const untold = terms.kind === 'done' ? whyUntold(terms.value) : terms.reason;
    if (untold !== undefined) await this.failed(this.dataSource.manager, login, 'terms', untold);
    const match = await this.matching.match(merchant, user.value, login);
    if (match.kind === 'later' && !last) return this.stop(login, 'match', match);
    if (match.kind !== 'done') await this.failed(this.dataSource.manager, login, 'match', match.reason);
    const matched: Match | undefined = match.kind === 'done' ? match.value : { state: 'failed' };
    await this.join(login, {
      merchant,
      tokens,
      user: user.value,
      ...(matched && { match: matched }),
      ...(terms.kind === 'done' && terms.value !== 'untold' && { terms: terms.value }),
    });
    return { settled: true, userMatchUrl: matched?.userMatchUrl };
  }

  /** The code is used up by the exchange, so the tokens are kept before anything else is asked. */
  private async tokensOf(login: Login, merchant: Merchant): Promise<Step<KakaoTokens>> {
    if (login.tokens) {
      const kept = parseOwnJson(await this.vault.open(login.tokens, TOKENS_CONTEXT)) as KakaoTokens;
      return { kind: 'done', value: kept };
    }
    if (!login.code) return { kind: 'refused', reason: 'NO_CODE' };
    const code = await this.vault.open(login.code, CODE_CONTEXT);
    const answer = await this.kakao.exchange(
      merchant,
      {
        code,
        redirectUri: redirectUriOf(this.addresses, merchant, login.belowPathKey),
        ...(login.verifier && { verifier: await this.vault.open(login.verifier, VERIFIER_CONTEXT) }),
      },
      CALL_TIMEOUT_MS,
    );
    if (answer.kind === 'done') {
      const tokens = await this.vault.seal(JSON.stringify(answer.value), TOKENS_CONTEXT);
      await this.dataSource.manager.update(
        Login,
        { id: login.id, state: 'pending' },
        { tokens, code: null, verifier: null },
      );
    }
    return answer;
  }

  /**
   * Counts a code that Kakao refused, instead of keeping it: it may be invented, and one of a customer fails for all of
   * them alike, which the count shows. Once a try had no answer the login is kept: that exchange may have used the code up.
   */
  private async forget({ id, merchant, relayId }: Login, reason: string, jobId: string): Promise<Advance> {
    await this.dataSource.transaction(async (manager) => {
      const { affected } = await manager.delete(Login, { id, state: 'pending' });
      if (affected === 0) return;
      await this.jobs.remove(FINISH_LOGIN, jobId, manager);
      await this.failures.count(manager, { merchant, step: 'exchange', reason, ...(relayId !== null && { relayId }) });
    });
    return { settled: true };
  }

  private async stop(
    login: Login,
    step: SyncStep,
    { kind, reason }: { kind: string; reason: string },
  ): Promise<Advance> {
    return this.dataSource.transaction(async (manager) => {
      await this.failed(manager, login, step, reason);
      if (kind === 'refused') return { settled: await this.settle(manager, login.id, { state: 'failed' }) };
      await manager.update(Login, { id: login.id, state: 'pending' }, { claimedUntil: null });
      return { settled: false };
    });
  }

  private async join(
    login: Login,
    found: { merchant: Merchant; tokens: KakaoTokens; user: KakaoUser; match?: Match; terms?: ToldTerms },
  ): Promise<void> {
    const { merchant, user } = found;
    await this.dataSource.transaction(async (manager) => {
      await this.members.lock(manager, merchant.id, user.appUserId);
      const ended = await this.endedMeanwhile(manager, merchant.id, user.appUserId, login.receivedAt);
      if (ended) {
        await this.failed(manager, login, 'join', ended);
        await this.settle(manager, login.id, { state: 'failed' });
        return;
      }
      if (!(await this.settle(manager, login.id, { state: 'joined' }))) return;
      const memberId = await this.members.join(manager, {
        ...found,
        relayId: login.relayId,
        receivedAt: login.receivedAt,
      });
      await manager.update(Login, { id: login.id }, { memberId });
      this.logger.log({ merchant: merchant.id, loginId: login.id, memberId }, 'joined');
    });
  }

  /** Whoever ended the membership while the login was on its way has the last word. */
  private async endedMeanwhile(
    manager: EntityManager,
    merchant: string,
    appUserId: string,
    since: Date,
  ): Promise<string | undefined> {
    if (await this.notices.unlinkedSince(manager, merchant, appUserId, since)) return 'UNLINKED_MEANWHILE';
    if (await this.members.erasedSince(manager, merchant, appUserId, since)) return 'ERASED_MEANWHILE';
    return undefined;
  }

  /** Ends a login, unless it already ended; its secrets go. */
  private async settle(
    manager: EntityManager,
    id: string,
    { state }: { state: 'joined' | 'failed' },
  ): Promise<boolean> {
    const { affected } = await manager.update(
      Login,
      { id, state: 'pending' },
      { state, code: null, verifier: null, tokens: null, claimedUntil: null, settledAt: this.clock.now() },
    );
    return affected === 1;
  }

  private async failed(manager: EntityManager, { id, merchant }: Login, step: SyncStep, reason: string): Promise<void> {
    await this.failures.recordOf(manager, id, { merchant, step, reason });
  }
}

const unfinished = (
  merchant: string,
  relayId: string | undefined,
  now: Date,
): Omit<Login, 'id' | 'state' | 'belowPathKey'> => ({
  merchant,
  codeKey: null,
  relayId: relayId ?? null,
  code: null,
  verifier: null,
  tokens: null,
  claimedUntil: null,
  memberId: null,
  receivedAt: now,
  settledAt: null,
});

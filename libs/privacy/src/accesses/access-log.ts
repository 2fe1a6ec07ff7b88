import { Inject, Injectable, Logger } from '@nestjs/common';
import type { OnModuleInit } from '@nestjs/common';
import { afterCommit, APP_NAME, Clock, Jobs, Vault } from '@biz/platform';
import type { AppName } from '@biz/platform';
import { DataSource } from 'typeorm';
import type { EntityManager } from 'typeorm';
import { Access, AccessEnds } from './access.entity';
import { Chain, linesOf, Walk } from './access-chain';
import type { Ends } from './access-chain';
import { withoutShown } from './access-reason';
import type { AccessReason } from './access-reason';

/**
 * 개인정보의 안전성 확보조치 기준 제8조: two years where sensitive or many people's data is handled. The newest line of those
 * that are over; years are counted by the database, which refuses to delete what is younger.
 */
const LAST_OVER = `
  SELECT max(seq) AS last FROM privacy.accesses
   WHERE seq < coalesce((SELECT min(seq) FROM privacy.accesses WHERE at >= $1::timestamptz - interval '2 years'), $2)`;
const DAY_SECONDS = 86_400;

/** A look at personal data that is about to happen. */
export interface NewAccess extends AccessReason {
  merchant: string;
  /** Id of the capture or the member. */
  subject: string;
  what: 'details' | 'file' | 'member' | 'addresses';
  /** Id of the file. */
  part?: string;
  /** The data itself, each part as JSON: the log holds nothing of it, whatever the reason says. */
  shown?: readonly string[];
}

/** The access log of all apps (접속기록): who saw whose personal data, when and why. */
@Injectable()
export class AccessLog implements OnModuleInit {
  private readonly logger = new Logger(AccessLog.name);

  constructor(
    @Inject(APP_NAME) private readonly app: AppName,
    private readonly vault: Vault,
    private readonly clock: Clock,
    private readonly jobs: Jobs,
    private readonly dataSource: DataSource,
  ) {}

  async onModuleInit(): Promise<void> {
    this.jobs.every('privacy.erase-accesses', DAY_SECONDS, () => this.eraseOld());
    await this.dataSource.transaction((manager) => this.begin(manager));
  }

  /** Adds a line in the transaction that reads: what is shown is on record. Looks wait for each other until it commits. */
  async record(manager: EntityManager, access: NewAccess): Promise<void> {
    const { merchant, subject, what, part, operator, caller, reason, shown } = access;
    const ends = await this.lockEnds(manager);
    const chain = await Chain.open(this.vault, ends);
    const line: Omit<Access, 'code'> = {
      seq: ends.endSeq + 1,
      at: this.clock.now(),
      app: this.app,
      merchant,
      subject,
      what,
      part: part ?? null,
      operator: operator ?? null,
      caller,
      reason: shown === undefined ? reason : withoutShown(reason, ...shown),
    };
    const code = chain.codeOf(ends.endCode, line);
    await manager.insert(Access, { ...line, code });
    const { startSeq, startCode } = ends;
    await this.moveEnds(manager, chain, { startSeq, startCode, endSeq: line.seq, endCode: code });
    // Also a witness outside of the database (see findProblems), so only of a line that is there.
    afterCommit(manager, () => {
      this.logger.log({ access: `${line.seq}:${code}`, subject }, 'personal data is shown');
    });
  }

  /** Erases lines after their two years, and moves the beginning of the chain behind them; a broken chain is left as evidence. */
  async eraseOld(): Promise<void> {
    await this.dataSource.transaction(async (manager) => {
      const [row] = await manager.query<{ last: string | null }[]>(LAST_OVER, [
        this.clock.now(),
        Number.MAX_SAFE_INTEGER,
      ]);
      if (!row?.last) return;
      const last = Number(row.last);
      const ends = await this.lockEnds(manager);
      const chain = await Chain.open(this.vault, ends);
      const walk = new Walk(chain, ends);
      for await (const line of linesOf(manager, last)) walk.step(line);
      if (walk.problems.length > 0) {
        this.logger.error({ problems: walk.problems }, 'the access log was tampered with: nothing is erased');
        return;
      }
      const { endSeq, endCode } = ends;
      await this.moveEnds(manager, chain, { startSeq: last, startCode: walk.code, endSeq, endCode });
      await manager.query('SELECT privacy.erase_accesses($1)', [last]);
      this.logger.log({ lines: walk.lines }, 'lines of the access log erased after two years');
    });
  }

  private async lockEnds(manager: EntityManager): Promise<AccessEnds> {
    const ends = await manager.findOne(AccessEnds, { where: { id: 1 }, lock: { mode: 'pessimistic_write' } });
    // A new chain over what is left would hide what was done to the old one.
    if (!ends) throw new Error('the record of where the access log begins and ends is missing: nothing is shown');
    return ends;
  }

  /** The chain begins with the first app that starts; lines of earlier versions enter it as they are. Whoever comes second does nothing. */
  private async begin(manager: EntityManager): Promise<void> {
    if (await manager.existsBy(AccessEnds, { id: 1 })) return;
    const { chain, sealedKey } = await Chain.begin(this.vault);
    const start = { startSeq: 0, startCode: '' };
    const walk = new Walk(chain, start);
    for await (const line of linesOf(manager)) walk.step(line);
    const ends = { ...start, endSeq: walk.seq, endCode: walk.code };
    const begun = await manager
      .createQueryBuilder()
      .insert()
      .into(AccessEnds)
      .values({ id: 1, sealedKey, ...ends, proof: chain.proofOf(ends) })
      .orIgnore()
      .returning('id')
      .execute();
    // Once in a log's life: a second time says that somebody took away the first.
    if ((begun.raw as unknown[]).length > 0) this.logger.log({ lines: walk.lines }, 'the access log begins');
  }

  private async moveEnds(manager: EntityManager, chain: Chain, ends: Ends): Promise<void> {
    // Not the sealed key: it may be under a newer key of the platform by now.
    await manager.update(AccessEnds, { id: 1 }, { ...ends, proof: chain.proofOf(ends) });
  }
}

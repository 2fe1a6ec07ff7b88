import { Drafts } from '@biz/commerce';
import type { Draft } from '@biz/commerce';
import { Deliveries } from '@biz/merchant';
import { Jobs } from '@biz/platform';
import { Injectable, Logger } from '@nestjs/common';
import type { OnModuleInit } from '@nestjs/common';
import { DataSource } from 'typeorm';

/** How often drafts whose answers were kept long enough are looked for. */
const SWEEP_SECONDS = 60;
const BATCH = 200;
/** For a draft, or a delivery of it, that somebody else holds. */
const LONGEST_WAIT = '5s';

/** Erases what customers answered in time or on request, and what the shop was not told of it. Found by its row, not by a job. */
@Injectable()
export class DraftErasure implements OnModuleInit {
  private readonly logger = new Logger(DraftErasure.name);

  constructor(
    private readonly drafts: Drafts,
    private readonly deliveries: Deliveries,
    private readonly jobs: Jobs,
    private readonly dataSource: DataSource,
  ) {}

  onModuleInit(): void {
    this.jobs.every('option.drafts.sweep', SWEEP_SECONDS, () => this.eraseDue());
  }

  /**
   * Repeating it changes nothing, and so does asking too early: while the draft may be paid, or its shop is still to be told.
   * @returns whether something was erased just now
   */
  erase({ id, merchantId }: Pick<Draft, 'id' | 'merchantId'>): Promise<boolean> {
    return this.dataSource.transaction(async (manager) => {
      await manager.query(`SET LOCAL lock_timeout = '${LONGEST_WAIT}'`);
      const owed = await this.deliveries.owed(manager, [{ merchant: merchantId, subject: id }]);
      if (owed.size > 0 || !(await this.drafts.erase(manager, id))) return false;
      await this.deliveries.erase(manager, merchantId, id);
      this.logger.log({ draftId: id }, 'erased');
      return true;
    });
  }

  /** One that cannot be erased holds up no other; it is tried again with the next sweep. */
  private async eraseDue(): Promise<void> {
    const left: string[] = [];
    for (;;) {
      const due = await this.drafts.due(BATCH, left);
      for (const draft of due) if (!(await this.tryToErase(draft))) left.push(draft.id);
      if (due.length < BATCH) return;
    }
  }

  private async tryToErase(draft: Pick<Draft, 'id' | 'merchantId'>): Promise<boolean> {
    try {
      return await this.erase(draft);
    } catch (error) {
      this.logger.error({ draftId: draft.id, error }, 'not erased');
      return false;
    }
  }
}

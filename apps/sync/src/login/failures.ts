import { Injectable } from '@nestjs/common';
import { Clock, newId } from '@biz/platform';
import type { EntityManager } from 'typeorm';
import { SyncFailure } from './failure.entity';

/** The steps that failed, as the operator reads them at `/operator/sync-errors`. */
@Injectable()
export class Failures {
  constructor(private readonly clock: Clock) {}

  async record(
    manager: EntityManager,
    failure: Omit<SyncFailure, 'id' | 'failedAt' | 'loginId'> & { loginId?: string },
  ): Promise<void> {
    await manager.insert(SyncFailure, { loginId: null, ...failure, id: newId(), failedAt: this.clock.now() });
  }
}

import { Inject, Injectable, Optional } from '@nestjs/common';
import type { BeforeApplicationShutdown, OnApplicationBootstrap, OnApplicationShutdown } from '@nestjs/common';
import { DataSource } from 'typeorm';
import { Outbound } from '../http/outbound';
import { Jobs } from '../jobs/jobs';

/**
 * The order in which an app stops: workers finish their jobs, requests in flight are answered, then queue and database close.
 */
@Injectable()
export class Lifecycle implements OnApplicationBootstrap, BeforeApplicationShutdown, OnApplicationShutdown {
  draining = false;

  constructor(
    private readonly outbound: Outbound,
    @Optional() @Inject(Jobs) private readonly jobs?: Jobs,
    @Optional() @Inject(DataSource) private readonly dataSource?: DataSource,
  ) {}

  async onApplicationBootstrap(): Promise<void> {
    await this.jobs?.startWorkers();
  }

  async beforeApplicationShutdown(): Promise<void> {
    this.draining = true;
    await this.jobs?.stopWorkers();
  }

  async onApplicationShutdown(): Promise<void> {
    await this.jobs?.stop();
    await this.outbound.close();
    if (this.dataSource?.isInitialized) await this.dataSource.destroy();
  }
}

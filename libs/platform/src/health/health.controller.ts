import { Controller, Get, Header, Inject, Optional, ServiceUnavailableException } from '@nestjs/common';
import { ApiExcludeEndpoint, ApiOkResponse, ApiServiceUnavailableResponse, ApiTags } from '@nestjs/swagger';
import { DataSource } from 'typeorm';
import { pendingMigrations } from '../database/database';
import { RuntimeConfig } from '../config/platform.config';
import { answeredTooLate } from '../http/answer-in-time';
import { withTimeout } from '../with-timeout';
import { Metrics } from '../metrics/metrics';
import { HealthAnswer } from './health.dto';
import { Lifecycle } from '../start/lifecycle';

@ApiTags('Health')
@Controller()
export class HealthController {
  private migrationsCurrent = false;

  constructor(
    private readonly metrics: Metrics,
    private readonly lifecycle: Lifecycle,
    private readonly runtime: RuntimeConfig,
    @Optional() @Inject(DataSource) private readonly dataSource?: DataSource,
  ) {}

  /** The process answers. */
  @Get('health/live')
  @ApiOkResponse({ type: HealthAnswer })
  live(): HealthAnswer {
    return { status: 'ok' };
  }

  /** The database answers, its migrations are current, and the app is not shutting down. */
  @Get('health/ready')
  @ApiOkResponse({ type: HealthAnswer })
  @ApiServiceUnavailableResponse({ description: 'Not yet, or no longer, ready' })
  async ready(): Promise<HealthAnswer> {
    const { draining } = this.lifecycle;
    // A database that says nothing is not ready either, and whoever asks does not wait for long.
    const ready =
      !draining &&
      (await withTimeout(this.databaseReady(), this.runtime.answerWithinMs, answeredTooLate).catch(() => false));
    if (!ready) throw new ServiceUnavailableException();
    return { status: 'ok' };
  }

  /** Prometheus text. */
  @Get('metrics')
  @Header('Content-Type', 'text/plain; version=0.0.4; charset=utf-8')
  @ApiExcludeEndpoint()
  text(): Promise<string> {
    return this.metrics.registry.metrics();
  }

  private async databaseReady(): Promise<boolean> {
    if (!this.dataSource) return true;
    try {
      // Migrations only ever go forward, so once current they stay current for this build.
      this.migrationsCurrent ||= (await pendingMigrations(this.dataSource)).length === 0;
      if (this.migrationsCurrent) await this.dataSource.query('SELECT 1');
      return this.migrationsCurrent;
    } catch {
      return false;
    }
  }
}

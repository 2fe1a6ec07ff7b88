import { Controller, Get, Header, Inject, Optional, ServiceUnavailableException } from '@nestjs/common';
import { ApiExcludeEndpoint, ApiOkResponse, ApiServiceUnavailableResponse, ApiTags } from '@nestjs/swagger';
import { DataSource } from 'typeorm';
import { pendingMigrations } from '../database/database';
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
    if (this.lifecycle.draining || !(await this.databaseReady())) throw new ServiceUnavailableException();
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

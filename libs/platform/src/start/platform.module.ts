import { Logger, Module } from '@nestjs/common';
import type { DynamicModule, Provider } from '@nestjs/common';
import { APP_FILTER, APP_PIPE } from '@nestjs/core';
import { DataSource } from 'typeorm';
import { CallerChecks } from '../bodies/caller-checks';
import { Clock, SystemClock } from '../clock';
import { Addresses, KakaoLine, KakaoOrigins, NearOrigins } from '../config/addresses.config';
import { DatabaseConfig, EncryptionConfig, OperatorConfig, RuntimeConfig } from '../config/platform.config';
import { ENVIRONMENT, provideConfig } from '../config/variable';
import type { Environment } from '../config/variable';
import { mayMigrate, openDatabase } from '../database/database';
import { Vault } from '../encryption/vault';
import { HealthController } from '../health/health.controller';
import { AddressGate } from '../http/address-gate';
import { ErrorFilter, MalformedRequest } from '../http/error.filter';
import { Outbound } from '../http/outbound';
import { Jobs } from '../jobs/jobs';
import { OpenLimitConfig } from '../limits/open-limit.config';
import { OpenLimits } from '../limits/open-limits';
import { JobMetrics } from '../metrics/job-metrics';
import { Metrics } from '../metrics/metrics';
import { ListAwarePipe } from '../operator/list.pipe';
import { OperatorCheck } from '../operator/operator-check';
import { Purges } from '../retention/purges';
import { APP_NAME } from './app-definition';
import type { AppDefinition } from './app-definition';
import { Lifecycle } from './lifecycle';

/** What every app stands on: configuration, time, encryption, database, jobs, health. */
@Module({})
export class PlatformModule {
  static forApp(app: AppDefinition, env: Environment, clock?: Clock): DynamicModule {
    const shared: Provider[] = [
      { provide: ENVIRONMENT, useValue: env },
      { provide: APP_NAME, useValue: app.name },
      ...[RuntimeConfig, EncryptionConfig, OperatorConfig, Addresses, KakaoLine, KakaoOrigins, NearOrigins].map(
        provideConfig,
      ),
      clock ? { provide: Clock, useValue: clock } : { provide: Clock, useClass: SystemClock },
      Vault,
      {
        provide: AddressGate,
        inject: [NearOrigins, KakaoOrigins, KakaoLine, RuntimeConfig],
        useFactory: (near: NearOrigins, kakao: KakaoOrigins, line: KakaoLine, { production }: RuntimeConfig) =>
          new AddressGate(near.gate(kakao, production), undefined, line.to(kakao)),
      },
      Outbound,
      CallerChecks,
      OperatorCheck,
      Metrics,
      JobMetrics,
      Lifecycle,
      ...(app.schemas.length > 0 ? databaseProviders(app) : []),
    ];
    return {
      module: PlatformRoot,
      imports: [{ module: PlatformModule, global: true, providers: shared, exports: shared }, app.module],
      controllers: [HealthController],
      providers: [
        { provide: APP_FILTER, useClass: ErrorFilter },
        {
          provide: APP_PIPE,
          useValue: new ListAwarePipe({
            transform: true,
            exceptionFactory: (errors) => MalformedRequest.from(errors),
          }),
        },
      ],
    };
  }
}

@Module({})
class PlatformRoot {}

const databaseProviders = (app: AppDefinition): Provider[] => [
  provideConfig(DatabaseConfig),
  {
    provide: DataSource,
    inject: [DatabaseConfig, RuntimeConfig],
    useFactory: async ({ url, poolSize, silentMs }: DatabaseConfig, { production }: RuntimeConfig) => {
      const { name, schemas } = app;
      const dataSource = await openDatabase({ url: url ?? '', poolSize, silentMs, name, schemas });
      if (production) await warnOfOwner(dataSource, name);
      return dataSource;
    },
  },
  Jobs,
  provideConfig(OpenLimitConfig),
  OpenLimits,
  {
    provide: Purges,
    inject: [Jobs, Clock, DataSource, Metrics],
    useFactory: (jobs: Jobs, clock: Clock, dataSource: DataSource, metrics: Metrics) =>
      new Purges(app, jobs, clock, dataSource, metrics),
  },
];

/** An app that may change every table can also rewrite the access log, and read what another app keeps. */
async function warnOfOwner(dataSource: DataSource, name: string): Promise<void> {
  if (!(await mayMigrate(dataSource))) return;
  new Logger('Database').warn(
    `the database role of ${name} owns the tables, or is a superuser: name a role of its own in DATABASE_URL_${name.toUpperCase()} and run the migrations (docs/operations.md)`,
  );
}

export { withTimeout } from './with-timeout';
export { Clock, inKorea } from './clock';
export { newId } from './ids';
export {
  ConfigError,
  ENVIRONMENT,
  isProduction,
  provideConfig,
  readConfig,
  Variable,
  withoutMarks,
} from './config/variable';
export type { CheckedConfig, Environment } from './config/variable';
export {
  DatabaseConfig,
  databaseProblems,
  EncryptionConfig,
  OperatorConfig,
  RuntimeConfig,
} from './config/platform.config';
export { Addresses, APP_NAMES, KakaoLine, KakaoOrigins, LOOPBACK_HOSTS, NearOrigins } from './config/addresses.config';
export type { AppName } from './config/addresses.config';
export { asTyped, csvOf, defused } from './csv/csv';
export { afterCommit } from './database/after-commit';
export { throughBriefOutage } from './database/brief-outage';
export { gather } from './database/gather';
export { inOrderOf, tableRows } from './database/table-rows';
export { prepared } from './database/prepared';
export { connectPatiently, createDataSource, migrate, openDatabase, pendingMigrations } from './database/database';
export type { DatabaseOptions } from './database/database';
export { FIVE_YEARS } from './database/schema-owner';
export type { Purge, SchemaOwner, SealedColumn } from './database/schema-owner';
export { prepareDatabase, RoleProblem } from './roles/app-roles';
export type { AppAccess } from './roles/app-roles';
export { AppDatabases, withOwnDatabase } from './config/app-databases';
export { sameSecret } from './encryption/same-secret';
export { customerPathKeyOf } from './encryption/customer-path-key';
export { Vault } from './encryption/vault';
export { defineJob, NotNow, NotYet, ofOneMerchant } from './jobs/job';
export type { Job, JobRun } from './jobs/job';
export { DueWork } from './jobs/due-work';
export { JOB_DAYS, Jobs } from './jobs/jobs';
export { AddressGate, placeOf } from './http/address-gate';
export type { Resolve } from './http/address-gate';
export { ErrorAnswer, KakaoAnswer, ok, Problem } from './http/answer.dto';
export { ReadsBodies } from './bodies/bodies';
export { CallerChecks } from './bodies/caller-checks';
export { canBeKept, problemsLine, StrictFields } from './bodies/strict-fields';
export { answeredTooLate, AnswerInTime } from './http/answer-in-time';
export { endedAfter } from './http/ended-after';
export { MalformedRequest } from './http/error.filter';
export { headerText } from './http/header-text';
export { kakaoErrorIn, namesKakaoError } from './http/kakao-error';
export type { KakaoError, KakaoErrorMeaning } from './http/kakao-error';
export { PolledRoute } from './http/polled-route';
export type { PolledRouteConfig } from './http/polled-route';
export { parseJson, parseOwnJson } from './bodies/json';
export { textOf, textOrBytes, UnreadableText } from './bodies/text';
export { Outbound } from './http/outbound';
export type { Outcome, OutboundRequest } from './http/outbound';
export { routeConfig } from './http/route-config';
export { Refusal } from './http/refusal';
export type { RefusalStatus } from './http/refusal';
export { newRequestId, requestId, withRequestId } from './logging/request-context';
export { scrub, scrubText } from './logging/scrub';
export { Limit } from './limits/limit';
export { OnceAMinute } from './logging/once-a-minute';
export { OpenLimitConfig } from './limits/open-limit.config';
export { OpenLimits } from './limits/open-limits';
export type { LimitedKind, OpenKind } from './limits/open-limits';
export { JobMetrics } from './metrics/job-metrics';
export { Metrics } from './metrics/metrics';
export { Purges } from './retention/purges';
export { purgeStatement } from './retention/purge-statement';
export { nullsIn, OperatorBody } from './operator/operator-body';
export { OperatorController } from './operator/operator.controller';
export { newest, pageDto, pageOf, PageQuery } from './operator/paging.dto';
export type { Page } from './operator/paging.dto';
export { APP_NAME } from './start/app-definition';
export type { AppDefinition } from './start/app-definition';
export { createApp, createDocument } from './start/create-app';
export { PLAYED } from './start/openapi';
export type { CreateAppOptions } from './start/create-app';
export { startApp } from './start/start-app';
export { isVisibleLine, shortLine, visibleLine } from './texts/visible-line';
export { isWebAddress } from './texts/web-address';

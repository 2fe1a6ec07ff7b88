export { findProblems } from './accesses/access-chain';
export type { Finding, Mark } from './accesses/access-chain';
export { AccessLog } from './accesses/access-log';
export { AccessLogModule } from './accesses/access-log.module';
export { ApiReason, Reason, withoutShown } from './accesses/access-reason';
export type { AccessReason } from './accesses/access-reason';
export { LocationFacts } from './location/location-facts';
export { LocationFactsModule } from './location/location-facts.module';
export { privacySchema } from './privacy.schema';

import type { SchemaOwner } from '@biz/platform';
import { Access, AccessEnds } from './accesses/access.entity';
import { LocationFact } from './location/location-fact.entity';
import { Privacy1795510000000 } from './records/1795510000000-privacy';

/** What is on record about the handling of personal data, and outlives it. */
export const privacySchema: SchemaOwner = {
  schema: 'privacy',
  entities: [Access, AccessEnds, LocationFact],
  migrations: [Privacy1795510000000],
  sealed: [{ table: 'privacy.access_ends', key: 'id', column: 'sealed_key' }],
};

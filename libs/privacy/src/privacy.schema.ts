import type { SchemaOwner } from '@biz/platform';
import { Access, AccessEnds } from './accesses/access.entity';
import { LocationFact } from './location/location-fact.entity';
import { ErasureByOwner1796100000000 } from './records/1796100000000-erasure-by-owner';
import { Privacy1795510000000 } from './records/1795510000000-privacy';

/** What is on record about the handling of personal data, and outlives it. */
export const privacySchema: SchemaOwner = {
  schema: 'privacy',
  entities: [Access, AccessEnds, LocationFact],
  migrations: [Privacy1795510000000, ErasureByOwner1796100000000],
  // An app adds lines and moves the ends; it can change, delete or empty none of what is on record.
  rights: {
    accesses: 'SELECT, INSERT',
    access_ends: 'SELECT, INSERT, UPDATE (start_seq, start_code, end_seq, end_code, proof)',
    location_facts: 'SELECT, INSERT',
  },
  sealed: [{ table: 'privacy.access_ends', key: 'id', column: 'sealed_key' }],
};

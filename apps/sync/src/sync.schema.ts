import type { SchemaOwner } from '@biz/platform';
import { SyncFailure } from './login/failure.entity';
import { Login } from './login/login.entity';
import { Consent } from './members/consent.entity';
import { Member } from './members/member.entity';
import {
  SyncAccessesMoved1795510100000,
  SyncDepth1795540000000,
  SyncJourney1795545300000,
  SyncMembers1795413600000,
} from './migrations';
import { Notice } from './notices/notice.entity';

export const syncSchema: SchemaOwner = {
  schema: 'sync',
  entities: [Login, SyncFailure, Member, Consent, Notice],
  migrations: [
    SyncMembers1795413600000,
    SyncAccessesMoved1795510100000,
    SyncDepth1795540000000,
    SyncJourney1795545300000,
  ],
  sealed: [
    { table: 'sync.logins', key: 'id', column: 'code' },
    { table: 'sync.logins', key: 'id', column: 'verifier' },
    { table: 'sync.logins', key: 'id', column: 'tokens' },
    { table: 'sync.members', key: 'id', column: 'account' },
    { table: 'sync.members', key: 'id', column: 'tokens' },
  ],
};

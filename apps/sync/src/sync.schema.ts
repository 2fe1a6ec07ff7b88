import type { SchemaOwner } from '@biz/platform';
import { SyncFailure } from './login/failure.entity';
import { Login } from './login/login.entity';
import { Consent } from './members/consent.entity';
import { Member } from './members/member.entity';
import { SyncMembers1795413600000 } from './migrations';
import { Notice } from './notices/notice.entity';
import { Access } from './operator/access.entity';

export const syncSchema: SchemaOwner = {
  schema: 'sync',
  entities: [Login, SyncFailure, Member, Consent, Notice, Access],
  migrations: [SyncMembers1795413600000],
  sealed: [
    { table: 'sync.logins', key: 'id', column: 'code' },
    { table: 'sync.logins', key: 'id', column: 'tokens' },
    { table: 'sync.members', key: 'id', column: 'account' },
    { table: 'sync.members', key: 'id', column: 'tokens' },
  ],
};

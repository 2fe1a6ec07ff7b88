import { applyDecorators } from '@nestjs/common';
import { IsOptional, Matches } from 'class-validator';
import type { AppName } from './addresses.config';
import { readConfig, Variable } from './variable';
import type { Environment } from './variable';

export const POSTGRES_URL = /^postgres(ql)?:\/\//;
const OWN = { about: 'the connection of this app, with a role of its own; DATABASE_URL when unset', secret: true };
const Url = (): PropertyDecorator =>
  applyDecorators(IsOptional(), Matches(POSTGRES_URL, { message: 'must start with postgres://' }));

/** The PostgreSQL role of each app. Migrations and programs of the terminal use DATABASE_URL, the owner of the tables. */
export class AppDatabases {
  @Variable('DATABASE_URL_PROFILE', OWN) @Url() profile?: string;
  @Variable('DATABASE_URL_LOCATION', OWN) @Url() location?: string;
  @Variable('DATABASE_URL_IMAGE', OWN) @Url() image?: string;
  @Variable('DATABASE_URL_OPTION', OWN) @Url() option?: string;
  @Variable('DATABASE_URL_PAYMENT', OWN) @Url() payment?: string;
  @Variable('DATABASE_URL_SYNC', OWN) @Url() sync?: string;

  url(app: AppName): string | undefined {
    return app === 'simulator' ? undefined : this[app];
  }
}

/** What an app is started with: its own connection as DATABASE_URL. */
export function withOwnDatabase(app: AppName, env: Environment): Environment {
  const url = readConfig(AppDatabases, env).url(app);
  return url === undefined ? env : { ...env, DATABASE_URL: url };
}

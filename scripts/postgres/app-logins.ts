import { createHmac } from 'node:crypto';
// No value of @biz/platform: the launcher lives as long as the apps, and would keep all of it in memory.
import type { AppName, Environment } from '@biz/platform';

const variableOf = (app: AppName): string => `DATABASE_URL_${app.toUpperCase()}`;

/**
 * A connection for each app to the embedded PostgreSQL, with a role and a password of its own: a right that is missing is
 * noticed in development. The passwords follow from the owner's, so that no other file keeps them.
 */
export function embeddedLogins(ownerUrl: string, apps: readonly AppName[]): Environment {
  const { password } = new URL(ownerUrl);
  return Object.fromEntries(
    apps.map((app) => {
      const url = new URL(ownerUrl);
      url.username = `biz_${app}`;
      url.password = createHmac('sha256', password).update(app).digest('hex');
      return [variableOf(app), url.href];
    }),
  );
}

/** What one app is started with: its own connection, and no other's. */
export function withOwnLogin(app: AppName, env: Environment, ownerUrl: string): Environment {
  const others = Object.entries(env).filter(([name]) => !name.startsWith('DATABASE_URL'));
  const own = env[variableOf(app)];
  return { ...Object.fromEntries(others), DATABASE_URL: own === undefined || own === '' ? ownerUrl : own };
}

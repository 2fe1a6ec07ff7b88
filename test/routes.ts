import type { INestApplication } from '@nestjs/common';
import { defineMerchant } from '@biz/merchant';
import type { MerchantDefinition } from '@biz/merchant';
import { customerPathKeyOf } from '@biz/platform';
import type { AppDefinition, AppName } from '@biz/platform';
import type { FastifyInstance } from 'fastify';
import { imageApp } from '../apps/image/src/image.module';
import { locationApp } from '../apps/location/src/location.module';
import { optionApp } from '../apps/option/src/option.module';
import { paymentApp } from '../apps/payment/src/payment.module';
import { profileApp } from '../apps/profile/src/profile.module';
import { syncApp } from '../apps/sync/src/sync.module';

const merchantOf = (id: string, appId: string): MerchantDefinition =>
  defineMerchant({
    id,
    name: id,
    app: { id: appId, environment: 'test' },
    plugins: {
      profile: [{ key: 'main', scopes: ['email'] }],
      location: {},
      image: [{ key: 'main' }],
      option: { kind: 'commerce' },
      payment: { api: 'open' },
      sync: {},
    },
    registrations: [{ key: 'x', scenario: 4, title: '전부', option: 'commerce', payment: 'single' }],
  });

/** Two merchants with every plugin, for tests that walk over all routes. */
export const BOTH = [merchantOf('acme', '1001'), merchantOf('zeta', '1002')];
export const KEYS = { acme: 'acme-path-key-0123456789', zeta: 'zeta-path-key-0123456789' };
export const KEYS_ENV = { DEFAULT_MERCHANT: 'acme', ACME_PATH_KEY: KEYS.acme, ZETA_PATH_KEY: KEYS.zeta };

/** Each app with the number of addresses that are neither operators' nor machines'. */
export const APPS: [AppName, (merchants: MerchantDefinition[]) => AppDefinition, number][] = [
  ['profile', profileApp, 6],
  ['location', locationApp, 6],
  ['image', imageApp, 7],
  ['option', optionApp, 8],
  ['payment', paymentApp, 28],
  ['sync', syncApp, 8],
];

export interface Route {
  url: string;
  methods: string[];
}

/** Every route of an app but those of operators and machines, each address once. */
export const routesOf = (app: INestApplication): Route[] =>
  allRoutesOf(app).filter(({ url }) => !/^\/(?:operator|docs|health|metrics)\b/.test(url));

/** Every route of an app, each address once. */
export function allRoutesOf(app: INestApplication): Route[] {
  const path: string[] = [];
  const fastify = app.getHttpAdapter().getInstance() as FastifyInstance;
  return fastify
    .printRoutes({ commonPrefix: false })
    .split('\n')
    .flatMap((line) => {
      const [, indent = '', part = '', methods = ''] = /^([│ ]*)[├└]── (\S+)(?: \(([A-Z, ]+)\))?$/u.exec(line) ?? [];
      if (part === '') return [];
      path.length = indent.length / 4;
      path.push(part);
      return methods === '' ? [] : { url: path.join(''), methods: methods.split(', ') };
    });
}

/** Written down here once more, so that a route which loses its mark or gains one is noticed. */
const CUSTOMER_ROUTES: Partial<Record<AppName, RegExp>> = {
  payment: /\/order\/(callback|cancel|fail)(\/:key)?$/,
  sync: /\/(start|callback)$/,
};

export const isOpenedByCustomers = (app: AppName, url: string): boolean => CUSTOMER_ROUTES[app]?.test(url) ?? false;

/** The address of a route with the right key of a merchant in it, and `x` for any other parameter. */
export function addressOf(app: AppName, url: string, pathKey: string): string {
  const key = isOpenedByCustomers(app, url) ? customerPathKeyOf(pathKey) : pathKey;
  return url.replace(':pathKey', key).replace(/:\w+/g, 'x');
}

import { customerPathKeyOf } from '@biz/platform';
import type { Addresses, AppName } from '@biz/platform';
import type { MerchantPaths, ScenarioOptions } from '../scenarios/scenario.dto';

const APP_OF: Record<keyof MerchantPaths, AppName | undefined> = {
  callback: undefined,
  options: 'option',
  option: 'option',
  ordersheet: 'payment',
  approve: 'payment',
  status: 'payment',
  redirect: 'sync',
  unlink: 'sync',
  events: 'sync',
};

/** The guide's paths (contract, section 1). */
const PATHS: Record<keyof MerchantPaths, string> = {
  callback: '/callback',
  options: '/options',
  option: '/option',
  ordersheet: '/ordersheet',
  approve: '/order/approve',
  status: '/order/status',
  redirect: '/callback',
  unlink: '/unlink',
  events: '/events',
};

/** Opened by the customer's device, so its address holds the key derived for that. */
const CUSTOMER_ROUTES: ReadonlySet<keyof MerchantPaths> = new Set(['redirect']);

/** The URL registered at Kakao for a call, by target, path key and overridden paths. */
export function merchantUrl(
  options: ScenarioOptions,
  addresses: Addresses,
  route: keyof MerchantPaths,
  app = APP_OF[route] ?? 'profile',
): string {
  const path = options.paths?.[route] ?? PATHS[route];
  if (/^https?:/.test(path)) return path;
  const base = (options.target ?? addresses.baseUrl(app)).replace(/(?<!\/)\/+$/, '');
  const prefix = options.pathKey
    ? `/m/${CUSTOMER_ROUTES.has(route) ? customerPathKeyOf(options.pathKey) : options.pathKey}`
    : '';
  return `${base}${prefix}${path.startsWith('/') ? path : `/${path}`}`;
}

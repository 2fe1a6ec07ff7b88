import { Injectable } from '@nestjs/common';
import { Addresses } from '@biz/platform';
import type { AppName } from '@biz/platform';
import type { Merchant } from '../registry/merchant';
import { Merchants } from '../registry/merchants';
import type { PathKeyKind } from '../registry/path-keys';
import { KeylessPaths } from './kakao-check';

/** Where a merchant's routes of one kind begin, the path key included. */
export function keyedBase(addresses: Addresses, app: AppName, { secrets }: Merchant, kind: PathKeyKind): string {
  return `${addresses.baseUrl(app)}/m/${kind === 'server' ? secrets.pathKey : secrets.customerPathKey}`;
}

/** Where the routes begin that an app names to customers' devices itself. */
@Injectable()
export class KakaoAddresses {
  constructor(
    private readonly addresses: Addresses,
    private readonly merchants: Merchants,
    private readonly keyless: KeylessPaths,
  ) {}

  /** With the customer path key; the guide's own path for the default merchant where that is served. */
  customerBase(app: AppName, merchant: Merchant): string {
    return this.keyless.served && merchant.id === this.merchants.default.id
      ? this.addresses.baseUrl(app)
      : keyedBase(this.addresses, app, merchant, 'customer');
  }
}

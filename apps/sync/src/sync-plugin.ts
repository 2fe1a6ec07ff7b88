import { NotFoundException } from '@nestjs/common';
import type { Addresses } from '@biz/platform';
import { keyedBase } from '@biz/merchant';
import type { Merchant } from '@biz/merchant';

/** A merchant without a Kakao Sync plugin has none of its addresses. */
export function assertSyncPlugin({ plugins }: Merchant): void {
  if (!plugins.sync) throw new NotFoundException();
}

/** The plugin redirect URI, as registered at Kakao: the exchange must name the one the customer came back to. */
export function redirectUriOf(addresses: Addresses, merchant: Merchant, belowPathKey: boolean): string {
  return `${belowPathKey ? keyedBase(addresses, 'sync', merchant, 'customer') : addresses.baseUrl('sync')}/callback`;
}

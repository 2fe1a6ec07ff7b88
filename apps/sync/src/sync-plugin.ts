import { NotFoundException } from '@nestjs/common';
import type { Merchant } from '@biz/merchant';

/** A merchant without a Kakao Sync plugin has none of its addresses. */
export function assertSyncPlugin({ plugins }: Merchant): void {
  if (!plugins.sync) throw new NotFoundException();
}

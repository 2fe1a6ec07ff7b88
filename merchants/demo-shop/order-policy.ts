import { Injectable } from '@nestjs/common';
import { OrderPolicy } from '@biz/merchant';
import type { Buyer, OrderPermission } from '@biz/merchant';

/** Open all day, for everybody but one. */
@Injectable()
export class DemoOrderPolicy extends OrderPolicy {
  check({ appUserId }: Buyer): Promise<OrderPermission> {
    return Promise.resolve(appUserId === 'restricted-user' ? 'restricted' : 'allowed');
  }
}

import type { SchemaOwner } from '@biz/platform';
import { Delivery, DeliveryAttempt } from './deliveries/delivery.entity';
import { MerchantDeliveries1795400000000 } from './deliveries/migrations';

export const merchantSchema: SchemaOwner = {
  schema: 'merchant',
  entities: [Delivery, DeliveryAttempt],
  migrations: [MerchantDeliveries1795400000000],
  sealed: [{ table: 'merchant.deliveries', key: 'id', column: 'payload' }],
};

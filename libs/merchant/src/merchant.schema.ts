import type { SchemaOwner } from '@biz/platform';
import type { MerchantDefinition } from './definition/merchant-definition';
import { Delivery, DeliveryAttempt } from './deliveries/delivery.entity';
import {
  DeliveriesOpen1795552100000,
  DeliveriesPlace1795836100000,
  DeliveriesPurge1796010200000,
  DeliveriesSchedule1795530000000,
  DeliveryAttemptsReference1796110000000,
  MerchantDeliveries1795400000000,
} from './deliveries/migrations';

export const merchantSchema: SchemaOwner = {
  schema: 'merchant',
  entities: [Delivery, DeliveryAttempt],
  migrations: [
    MerchantDeliveries1795400000000,
    DeliveriesSchedule1795530000000,
    DeliveriesOpen1795552100000,
    DeliveriesPlace1795836100000,
    DeliveriesPurge1796010200000,
    DeliveryAttemptsReference1796110000000,
  ],
  sealed: [{ table: 'merchant.deliveries', key: 'id', column: 'payload' }],
  purges: [
    { table: 'merchant.deliveries', days: 90, since: 'settled_at', where: `t.state IN ('delivered', 'failed')` },
  ],
};

/** The tables of the merchants of an app: the platform's, and those that a merchant brought along. */
export const merchantSchemas = (merchants: readonly MerchantDefinition[]): SchemaOwner[] => [
  merchantSchema,
  ...merchants.flatMap(({ tables }) => tables ?? []),
];

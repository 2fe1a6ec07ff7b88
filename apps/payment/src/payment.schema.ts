import type { SchemaOwner } from '@biz/platform';
import { Attempt } from './attempts/attempt.entity';
import { Callback } from './callbacks/callback.entity';
import { EvidenceRow } from './evidence/evidence.entity';
import { HistoryEntry } from './history/history.entity';
import { UsedKey } from './idempotency/used-key.entity';
import { Payment1795300000000 } from './migrations/1795300000000-payment';
import { Approvable1795500110000 } from './migrations/1795500110000-approvable';
import { SubscriptionCharges1795500000000 } from './migrations/1795500000000-subscription-charges';
import { Reconciler1795500100000 } from './migrations/1795500100000-reconciler';
import { Review1795500200000 } from './migrations/1795500200000-review';
import { PaymentJourney1795545100000 } from './migrations/1795545100000-journey';
import { PaymentPurge1796010400000 } from './migrations/1796010400000-purge';
import { OrdersOpen1796030000000 } from './migrations/1796030000000-orders-open';
import { Evidence1796040000000 } from './migrations/1796040000000-evidence';
import { UsedKeys1796040100000 } from './migrations/1796040100000-used-keys';
import { EvidenceOfAll1796050000000 } from './migrations/1796050000000-evidence-of-all';
import { SubscriptionAgain1796040200000 } from './migrations/1796040200000-subscription-again';
import { Repeatable1796050100000 } from './migrations/1796050100000-repeatable';
import { Sids1796060000000 } from './migrations/1796060000000-sids';
import { LookAtOfMerchant1796070000000 } from './migrations/1796070000000-look-at-of-merchant';
import { Differences1796080000000 } from './migrations/1796080000000-differences';
import { LeftByBuyer1796090100000 } from './migrations/1796090100000-left-by-buyer';
import { Unpriced1796090200000 } from './migrations/1796090200000-unpriced';
import { Order } from './orders/order.entity';
import { PAYMENT_PURGES } from './payment.purges';
import { ComparedDay, Difference } from './reconciliation/difference.entity';
import { Refund } from './refunds/refund.entity';
import { Decision } from './review/decision.entity';
import { Sid } from './subscriptions/sid.entity';
import { Subscription } from './subscriptions/subscription.entity';

export const paymentSchema: SchemaOwner = {
  schema: 'payment',
  entities: [
    Order,
    Attempt,
    EvidenceRow,
    Sid,
    Callback,
    Refund,
    Subscription,
    Decision,
    UsedKey,
    HistoryEntry,
    Difference,
    ComparedDay,
  ],
  migrations: [
    Payment1795300000000,
    SubscriptionCharges1795500000000,
    Reconciler1795500100000,
    Approvable1795500110000,
    Review1795500200000,
    PaymentJourney1795545100000,
    PaymentPurge1796010400000,
    OrdersOpen1796030000000,
    Evidence1796040000000,
    UsedKeys1796040100000,
    SubscriptionAgain1796040200000,
    EvidenceOfAll1796050000000,
    Repeatable1796050100000,
    Sids1796060000000,
    LookAtOfMerchant1796070000000,
    Differences1796080000000,
    LeftByBuyer1796090100000,
    Unpriced1796090200000,
  ],
  rights: { history: 'SELECT, INSERT, DELETE' },
  published: ['journey(text, text, integer)'],
  sealed: [
    { table: 'payment.orders', key: 'id', column: 'address_sealed' },
    { table: 'payment.callbacks', key: 'id', column: 'token_sealed' },
    { table: 'payment.sids', key: 'evidence_id', column: 'sealed' },
    { table: 'payment.subscriptions', key: 'id', column: 'sid_sealed' },
  ],
  purges: PAYMENT_PURGES,
};

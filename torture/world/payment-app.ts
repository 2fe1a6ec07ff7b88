/** The payment app as it ships, with the merchants of the torture: a process of its own, to be killed. */
import { startApp } from '@biz/platform';
import { paymentApp } from '../../apps/payment/src/payment.module';
import { counter, workshop } from './merchants';

void startApp(paymentApp([counter, workshop]));

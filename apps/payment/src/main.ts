import { merchants } from '@biz/merchants';
import { startApp } from '@biz/platform';
import { paymentApp } from './payment.module';

void startApp(paymentApp(merchants));

import { merchants } from '@biz/merchants';
import { startApp } from '@biz/platform';
import { syncApp } from './sync.module';

void startApp(syncApp(merchants));

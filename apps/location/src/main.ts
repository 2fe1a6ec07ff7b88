import { startApp } from '@biz/platform';
import { merchants } from '@biz/merchants';
import { locationApp } from './location.module';

void startApp(locationApp(merchants));

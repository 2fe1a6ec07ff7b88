import { merchants } from '@biz/merchants';
import { startApp } from '@biz/platform';
import { optionApp } from './option.module';

void startApp(optionApp(merchants));

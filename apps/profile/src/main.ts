import { startApp } from '@biz/platform';
import { merchants } from '@biz/merchants';
import { profileApp } from './profile.module';

void startApp(profileApp(merchants));

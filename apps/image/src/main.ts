import { startApp } from '@biz/platform';
import { merchants } from '@biz/merchants';
import { imageApp } from './image.module';

void startApp(imageApp(merchants));

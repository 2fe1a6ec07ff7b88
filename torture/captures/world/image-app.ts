/** The image app as it ships, with the shops of the torture: a process of its own, to be killed. */
import { startApp } from '@biz/platform';
import { imageApp } from '../../../apps/image/src/image.module';
import { shops } from './shops';

void startApp(imageApp(shops));

/** The profile app as it ships, with the shops of the torture: a process of its own, to be killed. */
import { startApp } from '@biz/platform';
import { profileApp } from '../../../apps/profile/src/profile.module';
import { shops } from './shops';

void startApp(profileApp(shops));

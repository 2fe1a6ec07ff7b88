/** The location app as it ships, with the shops of the torture: a process of its own, to be killed. */
import { startApp } from '@biz/platform';
import { locationApp } from '../../../apps/location/src/location.module';
import { shops } from './shops';

void startApp(locationApp(shops));

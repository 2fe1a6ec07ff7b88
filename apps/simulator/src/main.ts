import { startApp } from '@biz/platform';
import { PRODUCTION_REFUSAL } from './simulator.config';
import { simulatorApp } from './simulator.module';

if (process.env.NODE_ENV === 'production') {
  process.stderr.write(`simulator cannot start:\n  ${PRODUCTION_REFUSAL}\n`);
  process.exit(1);
}
void startApp(simulatorApp());

import { simulate } from '../apps/simulator/src/cli/simulate';
import { loadEnvironment, run } from './environment';

run(async () => {
  process.exitCode = await simulate(process.argv.slice(2), loadEnvironment());
});

import { demo } from '../apps/simulator/src/cli/demo';
import { loadEnvironment, run } from './environment';

run(async () => {
  process.exitCode = await demo(loadEnvironment());
});

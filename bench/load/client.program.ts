import type { LoadPlan } from './plan';
import { runLoad } from './run-load';

/** A process of its own, so that it can be kept away from the servers' core: one plan in, one result out. */
process.on('message', (plan: LoadPlan) => {
  runLoad(plan).then(
    (result) => process.send?.({ result }),
    (error: unknown) => process.send?.({ problem: String(error) }),
  );
});
process.on('disconnect', () => process.exit(0));

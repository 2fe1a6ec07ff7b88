import { loadavg } from 'node:os';
import { run } from '../scripts/environment';
import { ABOUT } from './contenders';
import { describeCores } from './machine/cores';
import { measureOptions } from './calls/options';
import { measureT1 } from './calls/t1';
import { measureT2 } from './calls/t2';
import { measureT3 } from './calls/t3';
import { measureT4 } from './calls/t4';
import { measureSettling } from './calls/settle';
import { measureInstances } from './growth/instances';
import { measureMemory } from './growth/memory';
import { checkPlans } from './growth/plans';
import { measureSize } from './growth/size';
import type { BenchDatabase } from './machine/database-server';
import { World } from './world';
import { fromCommandLine, type MeasureName, optionsOf } from './options';
import { printProfiles } from './report/profile';
import { Report } from './report/report';

const MEASUREMENTS: Record<MeasureName, (world: World, database: BenchDatabase) => Promise<void>> = {
  t4: measureT4,
  t1: measureT1,
  t2: measureT2,
  t3: measureT3,
  settle: measureSettling,
  size: measureSize,
  options: measureOptions,
  memory: measureMemory,
  instances: measureInstances,
  plans: checkPlans,
};

/** `npm run bench`: our app against small programs that do the same job, in one go. A measurement, not a gate. */
run(async () => {
  const options = fromCommandLine(optionsOf);
  const report = new Report();
  report.note(`${describeCores()}; ${options.rounds} rounds of ${options.seconds} s after a warm-up, interleaved`);
  report.note(`Node ${process.version}, load of the machine before: ${loadavg()[0]?.toFixed(2) ?? '?'}`);
  for (const [name, about] of Object.entries(ABOUT)) report.note(`  ${name.padEnd(9)} ${about}`);
  const world = await World.open(options, report);
  for (const signal of ['SIGINT', 'SIGTERM'] as const) {
    process.once(signal, () => void world.close().finally(() => process.exit(1)));
  }
  try {
    const database = await world.database(options.orders);
    for (const name of options.measures) await MEASUREMENTS[name](world, database);
  } finally {
    await world.close();
  }
  report.summary();
  if (options.cpuProf !== undefined) printProfiles(options.cpuProf);
  if (options.json !== undefined) report.writeJson(options.json, { options, cores: describeCores() });
});

import { loadavg } from 'node:os';
import { run } from '../scripts/environment';
import { PlainProblem } from '../scripts/plain-problem';
import { ABOUT } from './contenders';
import { describeCores } from './machine/cores';
import { measureT1 } from './measures/t1';
import { measureT2 } from './measures/t2';
import { measureT4 } from './measures/t4';
import { World } from './measures/world';
import { optionsOf, type Options } from './options';
import { printProfiles } from './report/profile';
import { Report } from './report/report';

/** `npm run bench`: our app against small programs that do the same job, in one go. A measurement, not a gate. */
run(async () => {
  const options = read();
  const report = new Report();
  report.note(`${describeCores()}; ${options.rounds} rounds of ${options.seconds} s after a warm-up, interleaved`);
  report.note(`Node ${process.version}, load of the machine before: ${loadavg()[0]?.toFixed(2) ?? '?'}`);
  for (const [name, about] of Object.entries(ABOUT)) report.note(`  ${name.padEnd(9)} ${about}`);
  const world = await World.open(options, report);
  try {
    const database = await world.database(options.orders);
    if (options.measures.includes('t4')) await measureT4(world, database);
    if (options.measures.includes('t1')) await measureT1(world, database);
    if (options.measures.includes('t2')) await measureT2(world, database);
  } finally {
    await world.close();
  }
  report.summary();
  if (options.cpuProf !== undefined) printProfiles(options.cpuProf);
  if (options.json !== undefined) report.writeJson(options.json, { options, cores: describeCores() });
});

function read(): Options {
  try {
    return optionsOf(process.argv.slice(2));
  } catch (error) {
    throw new PlainProblem(error instanceof Error ? error.message : String(error));
  }
}

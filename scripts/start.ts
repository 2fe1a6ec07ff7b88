import { loadEnvironment, run } from './environment';
import { Launcher } from './launcher/launcher';

/** `npm start` and, with `--watch`, `npm run start:dev`; `npm start -- payment simulator` starts only those. */
run(async () => {
  const words = process.argv.slice(2);
  const options = { watch: words.includes('--watch'), only: words.filter((word) => !word.startsWith('--')) };
  await new Launcher(loadEnvironment(), options).run();
});

import { loadEnvironment, run } from './environment';
import { Launcher } from './launcher/launcher';

/** `npm start` and, with `--watch`, `npm run start:dev`. */
run(async () => {
  await new Launcher(loadEnvironment(), { watch: process.argv.includes('--watch') }).run();
});

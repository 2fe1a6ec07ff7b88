import { fileURLToPath } from 'node:url';
import { defineConfig } from 'vitest/config';
import { LongestFirst } from './libs/testing/src/longest-first.mts';
import tsconfig from './tsconfig.json' with { type: 'json' };

// The aliases are read from tsconfig.json so that they are written once; so is what becomes of decorators and fields.
const alias = Object.fromEntries(
  Object.entries(tsconfig.compilerOptions.paths).map(([name, [target]]) => [
    name,
    fileURLToPath(new URL(target, import.meta.url)),
  ]),
);

export default defineConfig({
  resolve: { alias },
  test: {
    globals: true,
    include: ['{apps,libs,merchants,scripts,test,torture}/**/*.spec.ts'],
    globalSetup: './libs/testing/src/global-setup.ts',
    sequence: { sequencer: LongestFirst },
    // Modules are loaded once a worker: Nest, TypeORM and ours take two seconds, and there are 150 files.
    isolate: false,
    pool: 'forks',
    // Two more than two cores: many tests wait for timers and for programs they started.
    maxWorkers: 4,
    // Only what hangs takes so long, on any machine: no test sets a limit of its own.
    testTimeout: 1_800_000,
    hookTimeout: 1_800_000,
  },
});

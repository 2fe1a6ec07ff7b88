const { existsSync } = require('node:fs');
const { join } = require('node:path');
// The aliases are read from tsconfig.json so that they are written once.
const { compilerOptions } = require('./tsconfig.json');

const moduleNameMapper = Object.fromEntries(
  Object.entries(compilerOptions.paths).map(([alias, [target]]) => [
    `^${alias}$`,
    `<rootDir>/${target.replace(/^\.\//, '')}`,
  ]),
);

/** @type {import('jest').Config} */
module.exports = {
  testEnvironment: 'node',
  roots: ['apps', 'libs', 'merchants', 'scripts', 'test', 'torture']
    .filter((folder) => existsSync(join(__dirname, folder)))
    .map((folder) => `<rootDir>/${folder}`),
  testRegex: '\\.spec\\.ts$',
  moduleFileExtensions: ['ts', 'js', 'json'],
  moduleNameMapper,
  transform: {
    '^.+\\.ts$': [
      '@swc/jest',
      {
        jsc: {
          target: 'es2023',
          parser: { syntax: 'typescript', decorators: true },
          transform: { legacyDecorator: true, decoratorMetadata: true, useDefineForClassFields: false },
          keepClassNames: true,
        },
        module: { type: 'commonjs' },
        sourceMaps: 'inline',
      },
    ],
  },
  globalSetup: '<rootDir>/libs/testing/src/global-setup.ts',
  globalTeardown: '<rootDir>/libs/testing/src/global-teardown.ts',
  // Only what hangs takes so long, on any machine: no test sets a limit of its own.
  testTimeout: 900_000,
  testSequencer: '<rootDir>/libs/testing/longest-first.js',
  // One more than two cores: some tests wait for timers and for programs they started.
  maxWorkers: 3,
  // vm modules are not collected within one process: about 10 MB a spec file.
  workerIdleMemoryLimit: '1GB',
};

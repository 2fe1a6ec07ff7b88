import js from '@eslint/js';
import { defineConfig } from 'eslint/config';
import regexp from 'eslint-plugin-regexp';
import globals from 'globals';
import tseslint from 'typescript-eslint';

const OUTBOUND = 'Call others by Outbound: it bounds time and size, and lets no call go into our own network.';

export default defineConfig(
  { ignores: ['dist/**', 'coverage/**', 'node_modules/**', '.data/**', '.torture/**'] },
  js.configs.recommended,
  {
    files: ['**/*.ts'],
    extends: [tseslint.configs.strictTypeChecked, tseslint.configs.stylisticTypeChecked],
    languageOptions: { parserOptions: { projectService: true, tsconfigRootDir: import.meta.dirname } },
    linterOptions: { reportUnusedDisableDirectives: 'error' },
    rules: {
      // Nest modules are classes with nothing but a decorator.
      '@typescript-eslint/no-extraneous-class': ['error', { allowWithDecorator: true }],
      '@typescript-eslint/restrict-template-expressions': ['error', { allowNumber: true }],
      '@typescript-eslint/consistent-type-imports': 'error',
      // DTOs and options are written as object literals.
      '@typescript-eslint/no-unsafe-class-instance-assignment': 'off',
      // Without the annotation emitDecoratorMetadata would write Object.
      '@typescript-eslint/no-inferrable-types': ['error', { ignoreProperties: true }],
      '@typescript-eslint/no-unused-vars': ['error', { argsIgnorePattern: '^_' }],
      'no-console': 'error',
    },
  },
  {
    // Programs for a terminal: what they print is their output.
    files: ['bench/**/*.ts', 'scripts/**/*.ts', 'apps/simulator/src/cli/**/*.ts', 'torture/**/*.ts'],
    rules: { 'no-console': 'off' },
  },
  {
    files: ['**/*.spec.ts', 'test/**/*.ts', 'libs/testing/**/*.ts'],
    rules: {
      '@typescript-eslint/unbound-method': 'off',
      '@typescript-eslint/no-non-null-assertion': 'off',
      // Variants of a DTO are written as spreads; DTOs are plain data.
      '@typescript-eslint/no-misused-spread': 'off',
    },
  },
  {
    // A verdict that hangs on the speed of the machine is none.
    files: ['**/*.spec.ts'],
    rules: {
      'no-restricted-syntax': [
        'error',
        {
          selector:
            'CallExpression[callee.name=/^(it|test|beforeAll|beforeEach|afterAll|afterEach)$/] > Literal.arguments[raw=/^[0-9_]+$/]',
          message: 'A test sets no limit of its own: the one of vitest.config.mts catches what hangs.',
        },
        {
          selector: "CallExpression[callee.object.name='vi'][callee.property.name='setConfig']",
          message: 'A test sets no limit of its own: the one of vitest.config.mts catches what hangs.',
        },
        {
          selector: "CallExpression[callee.object.name='performance'][callee.property.name='now']",
          message: 'Measure with timed of @biz/testing, which leaves out what neighbours on the machine take.',
        },
      ],
    },
  },
  {
    // The simulator plays the world outside.
    files: ['apps/*/src/**/*.ts', 'libs/*/src/**/*.ts'],
    ignores: [
      'apps/simulator/**',
      'libs/testing/**',
      '**/*.spec.ts',
      'libs/platform/src/http/{outbound,address-gate}.ts',
      'libs/capture/src/files/image-download.ts',
    ],
    rules: {
      'no-restricted-imports': ['error', { paths: [{ name: 'undici', message: OUTBOUND }] }],
      'no-restricted-globals': ['error', { name: 'fetch', message: OUTBOUND }],
      'no-restricted-properties': ['error', { object: 'globalThis', property: 'fetch', message: OUTBOUND }],
    },
  },
  {
    // Outsiders write what most patterns read: none may take quadratic time.
    files: ['**/*.{ts,js,cjs,mjs}'],
    plugins: { regexp },
    rules: {
      'regexp/no-super-linear-backtracking': 'error',
      'regexp/no-super-linear-move': 'error',
      'regexp/no-dupe-disjunctions': 'error',
      'regexp/no-contradiction-with-assertion': 'error',
      'regexp/no-misleading-capturing-group': 'error',
      'regexp/optimal-quantifier-concatenation': 'error',
    },
  },
  {
    files: ['apps/*/src/**/*.ts', 'libs/*/src/**/*.ts'],
    ignores: ['libs/platform/src/bodies/bodies.ts', 'libs/platform/src/encryption/same-secret.ts'],
    rules: {
      'no-restricted-syntax': [
        'error',
        {
          selector: 'CallExpression[callee.property.name=/^(addContentTypeParser|useBodyParser)$/]',
          message: 'A parser stands for the whole app: name the types of one route by ReadsBodies.',
        },
        {
          selector: 'CallExpression[callee.name="timingSafeEqual"]',
          message: 'It throws on texts of different lengths: compare by sameSecret.',
        },
      ],
    },
  },
  { files: ['**/*.{js,cjs,mjs}'], languageOptions: { globals: globals.node } },
);

/**
 * Imports run one way: apps → merchants, libs; merchants → libs/merchant; libs → libs below them.
 * The order of the libs, lowest first. A lib may import those on its left.
 */
const LIBS = ['platform', 'privacy', 'kakao-dto', 'otp-client', 'kakaopay', 'commerce', 'merchant', 'capture'];
const TEST = '(\\.spec\\.ts$|/test/|^test/|^torture/|^libs/testing/)';

const libOrder = LIBS.map((lib, at) => ({
  name: `lib-order-${lib}`,
  comment: `libs/${lib} may use ${LIBS.slice(0, at).join(', ') || 'no other lib'}.`,
  severity: 'error',
  from: { path: `^libs/${lib}/`, pathNot: TEST },
  to: { path: '^libs/([^/]+)/', pathNot: `^libs/(${LIBS.slice(0, at + 1).join('|')})/` },
}));

/** @type {import('dependency-cruiser').IConfiguration} */
module.exports = {
  forbidden: [
    ...libOrder,
    { name: 'no-circular', severity: 'error', from: {}, to: { circular: true } },
    {
      name: 'apps-stay-apart',
      comment: 'An app uses another app over HTTP or the queue, never by import.',
      severity: 'error',
      from: { path: '^apps/([^/]+)/' },
      to: { path: '^apps/', pathNot: '^apps/$1/' },
    },
    { name: 'libs-know-no-app', severity: 'error', from: { path: '^libs/' }, to: { path: '^(apps|merchants)/' } },
    {
      name: 'merchants-know-the-merchant-lib-only',
      severity: 'error',
      from: { path: '^merchants/', pathNot: TEST },
      to: { path: '^(apps/|libs/(?!merchant/))' },
    },
    {
      name: 'front-door',
      comment: 'A lib is entered by its index.ts only.',
      severity: 'error',
      from: { path: '^(apps|bench|libs|merchants|scripts|test|torture)/([^/]*)/?' },
      to: { path: '^libs/([^/]+)/src/(?!index\\.ts$)', pathNot: '^$1/$2/' },
    },
    { name: 'testing-stays-in-tests', severity: 'error', from: { pathNot: TEST }, to: { path: '^libs/testing/' } },
    { name: 'no-unresolvable', severity: 'error', from: {}, to: { couldNotResolve: true } },
    {
      name: 'no-dev-deps-in-production',
      severity: 'error',
      from: { path: '^(apps|libs|merchants)/', pathNot: TEST },
      to: { dependencyTypes: ['npm-dev'], dependencyTypesNot: ['type-only'] },
    },
    {
      name: 'no-orphans',
      severity: 'error',
      from: {
        orphan: true,
        pathNot: '(\\.spec\\.ts|main\\.ts|\\.d\\.ts)$|^(bench|scripts|test|torture)/|^apps/simulator/public/',
      },
      to: {},
    },
  ],
  options: {
    doNotFollow: { path: 'node_modules' },
    tsConfig: { fileName: 'tsconfig.json' },
    tsPreCompilationDeps: true,
    combinedDependencies: true,
    enhancedResolveOptions: {
      exportsFields: ['exports'],
      conditionNames: ['require', 'node', 'default', 'types'],
      mainFields: ['main', 'types'],
    },
  },
};

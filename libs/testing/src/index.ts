export { eventually, times } from './eventually';
export { HttpStub } from './http-stub';
export type { StubAnswer, StubHandler, StubRequest } from './http-stub';
export { ManualClock } from './manual-clock';
export { startTestApp } from './test-app';
export type { TestApp, TestAppOptions } from './test-app';
export { testDatabase } from './test-database';
export type { TestDatabase } from './test-database';

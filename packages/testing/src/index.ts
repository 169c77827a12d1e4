/** A ks broker inside your test process: `await using broker = await startBroker()`. */
export { startBroker } from './start-broker.ts';
export type { TestBroker, TestBrokerOptions } from './test-broker.ts';

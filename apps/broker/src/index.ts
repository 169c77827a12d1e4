export { createPinoLogger, type LogLevel } from './adapters/pino-logger.ts';
export type { BrokerConfig } from './config/broker-config.ts';
export { type EmbeddedBroker, type EmbeddedBrokerOptions, startEmbeddedBroker } from './embedded.ts';
export {
  holdsLocalCluster,
  type LocalBroker,
  type LocalCluster,
  type LocalClusterOptions,
  startLocalCluster,
} from './local-cluster.ts';
export type { LogFields, Logger } from './ports/logger.ts';
export { type RunBrokerOptions, runBroker } from './run.ts';
export { describeStartError } from './start-error.ts';

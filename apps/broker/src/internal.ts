export { type Broker, type BrokerAdapters, type BrokerOptions, createBroker } from './broker.ts';
export { type BrokerConfig, brokerConfigOf, brokerConfigs, ConfigError } from './config/broker-config.ts';
export { loadConfig } from './config/load-config.ts';
export { topicConfigs } from './config/topic-config.ts';
export { createNodeAdapters } from './node-adapters.ts';

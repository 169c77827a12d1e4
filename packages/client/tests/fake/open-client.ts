import { createCodec } from '@ks/protocol';
import { nodeCrypto } from '../../src/adapters/node-crypto.ts';
import { Client } from '../../src/client.ts';
import type { ClusterOptions } from '../../src/cluster.ts';
import type { FakeKafka } from './fake-kafka.ts';

/** A client of a fake cluster: only network, time and chance are faked. */
export function openClient(kafka: FakeKafka, options: Partial<ClusterOptions> = {}): Promise<Client> {
  let turn = 0;
  const cluster: ClusterOptions = {
    bootstrap: [...kafka.brokers.values()],
    clientId: 'test',
    connectTimeoutMs: 5_000,
    openTimeoutMs: 5_000,
    requestTimeoutMs: 10_000,
    retryTimeoutMs: 20_000,
    retry: { initialMs: 100, maxMs: 1_000 },
    metadataMaxAgeMs: 300_000,
    unknownTopicAttempts: 3,
    autoCreateTopics: false,
    maxResponseBytes: 10_000_000,
    network: kafka.network,
    clock: kafka.clock,
    random: { int: (bound) => (turn++ * 7) % bound },
    crypto: nodeCrypto,
    ...options,
  };
  return Client.open(cluster, kafka.core, createCodec(kafka.core));
}

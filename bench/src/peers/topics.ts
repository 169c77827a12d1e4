import { connect } from '@ks/client';
import type { RunningBroker } from './broker-peer.ts';

/** A topic for one load. */
export async function createTopic(
  broker: RunningBroker,
  { topic, partitions }: { readonly topic: string; readonly partitions: number },
): Promise<void> {
  await using ks = await connect({ brokers: [broker.bootstrap] });
  await ks.admin.createTopic(topic, { partitions, replicationFactor: 1 });
}

/** So that a long run does not fill the disk. */
export async function deleteTopic(broker: RunningBroker, { topic }: { readonly topic: string }): Promise<void> {
  await using ks = await connect({ brokers: [broker.bootstrap] });
  await ks.admin.deleteTopics([topic]);
}

import { connect } from '@ks/client';
import type { RunningBroker } from './broker-peer.ts';

/** Files go soon after their topic: what is dirty of them would be written to the disk in the midst of the next load. */
const configs = { 'file.delete.delay.ms': '1000' };

/** A topic for one load. */
export async function createTopic(
  broker: RunningBroker,
  { topic, partitions }: { readonly topic: string; readonly partitions: number },
): Promise<void> {
  await using ks = await connect({ brokers: broker.bootstrap.split(',') });
  await ks.admin.createTopic(topic, { partitions, replicationFactor: broker.replicationFactor, configs });
}

/** So that a long run does not fill the disk. */
export async function deleteTopic(broker: RunningBroker, { topic }: { readonly topic: string }): Promise<void> {
  await using ks = await connect({ brokers: broker.bootstrap.split(',') });
  await ks.admin.deleteTopics([topic]);
}

import { AlterPartitionReassignments, CreateTopics, ElectLeaders, IncrementalAlterConfigs } from '@ks/protocol';
import { choose, pick } from '../../workload/actor.ts';
import type { ClusterClient } from '../cluster-client.ts';
import { anyPartition, type ClusterStage } from './cluster-stage.ts';
import { makeTopics } from './topics.ts';

/** Topics that come up while the others are in use. */
const LATE_TOPICS_MAX = 3;
/** A resource's type in the protocol. */
const TOPIC = 2;

/** A program that makes topics, and goes on to make more, to move replicas and to have leaders elected. */
export async function administrateCluster(stage: ClusterStage, client: ClusterClient): Promise<void> {
  const { random } = stage;
  await makeTopics(stage, client);
  // A move may leave fewer replicas in sync than min.insync.replicas asks for, as in Kafka: then one that loses its tail is too many.
  const isMover = stage.traits.uncleanStops === 'any' && random.chance(0.5);
  let topicCount = 0;
  while (!stage.isOver()) {
    await stage.sleep(random.fraction() * 300);
    const act = choose(random, [
      [topicCount < LATE_TOPICS_MAX ? 1 : 0, () => createAnother(stage, client, topicCount++)],
      [1, () => electPreferred(stage, client)],
      [2, () => configure(stage, client)],
      [isMover ? 2 : 0, () => moveReplicas(stage, client)],
    ] as const);
    await act();
  }
}

/** Of a topic that nobody uses only its records in the store matter. */
async function createAnother(stage: ClusterStage, client: ClusterClient, number: number): Promise<void> {
  const broker = await client.toAny();
  const version = broker?.version(CreateTopics, 2);
  if (broker === undefined || version === undefined) return;
  const topic = { name: `late-${number}`, numPartitions: 1, replicationFactor: 3, assignments: [], configs: [] };
  const answer = await client.within(broker, () => broker.request(CreateTopics, version, { topics: [topic] }));
  stage.history.count(`create a late topic: ${answer?.topics[0]?.errorCode}`);
}

/** Changes something of a topic that no checker looks at. */
async function configure(stage: ClusterStage, client: ClusterClient): Promise<void> {
  const partition = anyPartition(stage);
  const broker = await client.toAny();
  const version = broker?.version(IncrementalAlterConfigs);
  if (partition === undefined || broker === undefined || version === undefined) return;
  const value = String(1_000_000_000 + stage.random.int(1000));
  const configs = [{ name: 'retention.ms', configOperation: 0, value }];
  const body = {
    resources: [{ resourceType: TOPIC, resourceName: partition.topic, configs }],
    validateOnly: false,
  };
  const answer = await client.within(broker, () => broker.request(IncrementalAlterConfigs, version, body));
  stage.history.count(`configure a topic: ${answer?.responses[0]?.errorCode}`);
}

async function electPreferred(stage: ClusterStage, client: ClusterClient): Promise<void> {
  const broker = await client.toAny();
  const version = broker?.version(ElectLeaders);
  if (broker === undefined || version === undefined) return;
  const body = { electionType: 0, topicPartitions: null, timeoutMs: 3000 };
  const answer = await client.within(broker, () => broker.request(ElectLeaders, version, body));
  stage.history.count(`elect leaders: ${answer?.errorCode}`);
}

/** Gives a partition other replicas, or the same in another order, or two where it had three. */
async function moveReplicas(stage: ClusterStage, client: ClusterClient): Promise<void> {
  const { random, history } = stage;
  const partition = anyPartition(stage);
  const broker = await client.toAny();
  const version = broker?.version(AlterPartitionReassignments);
  if (partition === undefined || broker === undefined || version === undefined) return;
  const left = stage.racks.map((_, index) => index + 1);
  const replicas: number[] = [];
  for (let count = 2 + random.int(2); count > 0; count--) {
    const next = pick(random, left);
    if (next !== undefined) replicas.push(...left.splice(left.indexOf(next), 1));
  }
  const topics = [{ name: partition.topic, partitions: [{ partitionIndex: partition.index, replicas }] }];
  const body = { timeoutMs: 3000, allowReplicationFactorChange: true, topics };
  const answer = await client.within(broker, () => broker.request(AlterPartitionReassignments, version, body));
  const errorCode = answer?.responses[0]?.partitions[0]?.errorCode ?? answer?.errorCode;
  stage.note(`${client.name} moves ${partition.name} to ${replicas}: ${errorCode}`);
  history.count(`move replicas: ${errorCode}`);
}

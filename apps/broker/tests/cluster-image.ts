import {
  type BrokerImage,
  type ClusterImage,
  emptyClusterImage,
  type PartitionImage,
  type TopicImage,
} from '../src/core/metadata/image.ts';

/** A live broker at localhost, for tests. */
export function brokerImage(brokerId: number, fields: Partial<BrokerImage> = {}): BrokerImage {
  return {
    brokerId,
    brokerEpoch: 1,
    fenced: false,
    inControlledShutdown: false,
    endpoints: [{ listenerName: 'PLAINTEXT', host: 'localhost', port: 9092 + brokerId }],
    rack: null,
    host: `host-${brokerId}`,
    uncleanBirth: false,
    ...fields,
  };
}

/** A partition led by broker 0 alone, for tests. */
export function partitionImage(partitionIndex: number, fields: Partial<PartitionImage> = {}): PartitionImage {
  return {
    partitionIndex,
    replicas: [0],
    addingReplicas: [],
    removingReplicas: [],
    isr: [0],
    elr: [],
    lastKnownElr: [],
    leader: 0,
    leaderEpoch: 0,
    partitionEpoch: 0,
    modRevision: 2,
    ...fields,
  };
}

/** A topic whose id is made from its name, for tests. */
export function topicImage(name: string, partitions: readonly PartitionImage[] = [partitionImage(0)]): TopicImage {
  return { name, topicId: `${name}-id`.padEnd(22, 'A'), partitions, modRevision: 2 };
}

/** An image of broker 0, alive and the controller, with these topics; `fields` replaces what it names. */
export function clusterImage(topics: readonly TopicImage[] = [], fields: Partial<ClusterImage> = {}): ClusterImage {
  return {
    ...emptyClusterImage,
    revision: 2,
    clusterId: 'cluster-id-for-tests-A',
    controllerId: 0,
    controllerEpoch: 1,
    brokers: new Map([[0, brokerImage(0)]]),
    topicsByName: new Map(topics.map((topic) => [topic.name, topic])),
    topicsById: new Map(topics.map((topic) => [topic.topicId, topic])),
    ...fields,
  };
}

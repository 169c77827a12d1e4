import type { BrokerImage, ClusterImage, TopicImage } from '../../core/metadata/image.ts';
import type { AppendResult, FetchResult, PartitionKey, ReplicaManager } from '../../runtime/replica-manager.ts';

/** An id in Kafka's text form. */
export const ORDERS_ID = 'AAAAAAAAAAAAAAAAAAAAAQ';

function topic(name: string, topicId: string, partitionCount: number): TopicImage {
  const partitions = Array.from({ length: partitionCount }, (_, partitionIndex) => ({
    partitionIndex,
    replicas: [1],
    addingReplicas: [],
    removingReplicas: [],
    isr: [1],
    elr: [],
    lastKnownElr: [],
    leader: 1,
    leaderEpoch: 3,
    partitionEpoch: 0,
    modRevision: 10,
  }));
  return { name, topicId, partitions, modRevision: 10 };
}

/** One topic, `orders`, with 3 partitions led by broker 1; broker 2 exists too. */
export function ordersImage(): ClusterImage {
  const orders = topic('orders', ORDERS_ID, 3);
  const broker = (brokerId: number): [number, BrokerImage] => {
    const endpoints = [{ listenerName: 'PLAINTEXT', host: 'broker.test', port: 9000 + brokerId }];
    return [
      brokerId,
      {
        brokerId,
        brokerEpoch: 5,
        fenced: false,
        endpoints,
        rack: null,
        host: 'h',
        inControlledShutdown: false,
        uncleanBirth: false,
      },
    ];
  };
  return {
    revision: 20,
    clusterId: 'cluster',
    controllerId: 1,
    controllerEpoch: 4,
    brokers: new Map([broker(1), broker(2)]),
    topicsByName: new Map([['orders', orders]]),
    topicsById: new Map([[ORDERS_ID, orders]]),
    configs: new Map(),
    features: new Map(),
    deletions: new Map(),
  };
}

/** A replica manager of which a test scripts what it needs; the rest throws. */
export function scriptedReplicas(script: Partial<ReplicaManager>): ReplicaManager {
  const unscripted = (): never => {
    throw new Error('the test does not expect this call');
  };
  return {
    image: ordersImage(),
    applyImage: unscripted,
    append: unscripted,
    fetch: unscripted,
    fetchStanding: unscripted,
    listOffset: unscripted,
    epochEndOffset: unscripted,
    deleteRecords: unscripted,
    logDirectories: unscripted,
    partition: unscripted,
    partitions: unscripted,
    ...script,
  };
}

export function appended(key: PartitionKey, over: Partial<AppendResult> = {}): AppendResult {
  const { topic: name, topicId, partitionIndex } = key;
  return {
    topic: name,
    topicId,
    partitionIndex,
    errorCode: 0,
    errorMessage: null,
    recordErrors: [],
    baseOffset: 40,
    lastOffset: 41,
    logAppendTimeMs: -1,
    logStartOffset: 7,
    currentLeader: undefined,
    ...over,
  };
}

export function fetched(key: PartitionKey, over: Partial<FetchResult> = {}): FetchResult {
  const { topic: name, topicId, partitionIndex } = key;
  return {
    topic: name,
    topicId,
    partitionIndex,
    errorCode: 0,
    highWatermark: 50,
    lastStableOffset: 50,
    logStartOffset: 7,
    preferredReadReplica: -1,
    divergingEpoch: undefined,
    abortedTransactions: null,
    currentLeader: undefined,
    records: [],
    sizeBytes: 0,
    nextOffset: 50,
    ...over,
  };
}

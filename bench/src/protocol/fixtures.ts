import { createCore } from '@ks/core-wasm';
import {
  type ApiVersions,
  brokerVersions,
  encodePlainRecordBatch,
  type Fetch,
  type Metadata,
  type Produce,
  type RequestInput,
  type ResponseInput,
} from '@ks/protocol';

// What is encoded and decoded: one shape for every peer.

export const CORRELATION_ID = 7;
export const CLIENT_ID = 'bench-client';
export const TOPIC = 'orders-by-customer';
export const TOPIC_ID = 'q1Sh-9_ISia_zwGINzRvyQ';
/** The same in the usual text form. */
export const TOPIC_UUID = 'ab54a1fb-dfc8-4a26-bfcf-018837346fc9';
/** Partitions of a Fetch response. */
export const FETCH_PARTITIONS = 12;
const TIMESTAMP_MS = 1_760_000_000_000;

export const checksum = createCore();

const times = <T>(count: number, make: (index: number) => T): T[] =>
  Array.from({ length: count }, (_, index) => make(index));

/** Key and value of each record of a batch. */
export const recordsOfBatch = times(100, (index) => ({
  timestamp: TIMESTAMP_MS + index,
  key: Buffer.from(`customer-${index}`),
  value: Buffer.alloc(100, index),
}));

export const batch = encodePlainRecordBatch(recordsOfBatch, { checksum });

export const produceResponse: ResponseInput<typeof Produce> = {
  responses: [
    {
      name: TOPIC,
      partitionResponses: times(12, (index) => ({
        index,
        errorCode: 0,
        baseOffset: 1_000_000 + index,
        logStartOffset: 5,
      })),
    },
  ],
};

export const fetchRequest: RequestInput<typeof Fetch> = {
  replicaId: -1,
  maxWaitMs: 500,
  minBytes: 1,
  maxBytes: 50 * 1024 * 1024,
  isolationLevel: 1,
  topics: times(5, (index) => ({
    topic: `${TOPIC}-${index}`,
    topicId: TOPIC_ID,
    partitions: times(12, (partition) => ({
      partition,
      fetchOffset: 123_456_789 + partition,
      partitionMaxBytes: 1024 * 1024,
    })),
  })),
  forgottenTopicsData: [],
};

/** A long poll that ended without records, or one batch for each partition. */
export const fetchResponse = (records: Uint8Array): ResponseInput<typeof Fetch> => ({
  sessionId: 0,
  responses: [
    {
      topic: TOPIC,
      topicId: TOPIC_ID,
      partitions: times(FETCH_PARTITIONS, (partitionIndex) => ({
        partitionIndex,
        errorCode: 0,
        highWatermark: 123_456_789,
        lastStableOffset: 123_456_789,
        logStartOffset: 0,
        abortedTransactions: [],
        records,
      })),
    },
  ],
});

export const metadataRequest: RequestInput<typeof Metadata> = {
  topics: times(10, (index) => ({ name: `${TOPIC}-${index}` })),
  allowAutoTopicCreation: false,
};

export const metadataResponse: ResponseInput<typeof Metadata> = {
  brokers: times(3, (nodeId) => ({
    nodeId,
    host: `broker-${nodeId}.kafka.internal`,
    port: 9092,
    rack: `rack-${nodeId}`,
  })),
  clusterId: 'q1Sh-9_ISia_zwGINzRvyQ',
  controllerId: 1,
  topics: times(50, (topic) => ({
    errorCode: 0,
    name: `${TOPIC}-${topic}`,
    topicId: TOPIC_ID,
    partitions: times(12, (partitionIndex) => ({
      errorCode: 0,
      partitionIndex,
      leaderId: partitionIndex % 3,
      leaderEpoch: 4,
      replicaNodes: [0, 1, 2],
      isrNodes: [0, 1, 2],
      offlineReplicas: [],
    })),
  })),
};

export const apiVersionsRequest: RequestInput<typeof ApiVersions> = {
  clientSoftwareName: 'ks',
  clientSoftwareVersion: '0.1.0',
};

export const apiVersionsResponse: ResponseInput<typeof ApiVersions> = {
  errorCode: 0,
  apiKeys: [...brokerVersions].map(([apiKey, { min, max }]) => ({ apiKey, minVersion: min, maxVersion: max })),
};

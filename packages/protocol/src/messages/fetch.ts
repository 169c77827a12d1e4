import { api } from '../schema/api.ts';
import { array, int16, int32, int64, int8, records, string, struct, uuid } from '../schema/field.ts';

/** Reads record batches from partitions; followers replicate with it, too. */
export const Fetch = api({
  name: 'Fetch',
  key: 1,
  versions: [0, 18],
  flexibleSince: 12,
  listeners: ['broker', 'controller'],
  request: {
    clusterId: string.nullable().tag(0, 12).default(null).ignorable(),
    replicaId: int32.until(14).default(-1),
    replicaState: struct({ replicaId: int32.default(-1), replicaEpoch: int64.default(-1) }).tag(1, 15),
    maxWaitMs: int32,
    minBytes: int32,
    maxBytes: int32.since(3).default(2147483647).ignorable(),
    isolationLevel: int8.since(4).default(0).ignorable(),
    sessionId: int32.since(7).default(0).ignorable(),
    sessionEpoch: int32.since(7).default(-1).ignorable(),
    topics: array({
      topic: string.until(12).ignorable(),
      topicId: uuid.since(13).ignorable(),
      partitions: array({
        partition: int32,
        currentLeaderEpoch: int32.since(9).default(-1).ignorable(),
        fetchOffset: int64,
        lastFetchedEpoch: int32.since(12).default(-1),
        logStartOffset: int64.since(5).default(-1).ignorable(),
        partitionMaxBytes: int32,
        replicaDirectoryId: uuid.tag(0, 17).ignorable(),
        highWatermark: int64.tag(1, 18).default(Number.MAX_SAFE_INTEGER).ignorable(),
      }),
    }),
    forgottenTopicsData: array({
      topic: string.until(12).ignorable(),
      topicId: uuid.since(13).ignorable(),
      partitions: array(int32),
    }).since(7),
    rackId: string.since(11).default('').ignorable(),
  },
  response: {
    throttleTimeMs: int32.since(1).ignorable(),
    errorCode: int16.since(7).ignorable(),
    sessionId: int32.since(7).default(0),
    responses: array({
      topic: string.until(12).ignorable(),
      topicId: uuid.since(13).ignorable(),
      partitions: array({
        partitionIndex: int32,
        errorCode: int16,
        highWatermark: int64,
        lastStableOffset: int64.since(4).default(-1).ignorable(),
        logStartOffset: int64.since(5).default(-1).ignorable(),
        divergingEpoch: struct({ epoch: int32.default(-1), endOffset: int64.default(-1) }).tag(0, 12),
        currentLeader: struct({ leaderId: int32.default(-1), leaderEpoch: int32.default(-1) }).tag(1, 12),
        snapshotId: struct({ endOffset: int64.default(-1), epoch: int32.default(-1) }).tag(2, 12),
        abortedTransactions: array({ producerId: int64, firstOffset: int64 }).nullable().since(4).ignorable(),
        preferredReadReplica: int32.since(11).default(-1),
        records: records.nullable().default(null),
      }),
    }),
    nodeEndpoints: array({ nodeId: int32, host: string, port: int32, rack: string.nullable().default(null) }).tag(
      0,
      16,
    ),
  },
});

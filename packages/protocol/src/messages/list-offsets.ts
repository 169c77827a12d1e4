import { api } from '../schema/api.ts';
import { array, int16, int32, int64, int8, string } from '../schema/field.ts';

/** Finds offsets of partitions by timestamp, or their first and last. */
export const ListOffsets = api({
  name: 'ListOffsets',
  key: 2,
  versions: [0, 11],
  flexibleSince: 6,
  listeners: ['broker'],
  request: {
    replicaId: int32,
    isolationLevel: int8.since(2),
    topics: array({
      name: string,
      partitions: array({
        partitionIndex: int32,
        currentLeaderEpoch: int32.since(4).default(-1).ignorable(),
        timestamp: int64,
        maxNumOffsets: int32.until(0).default(1),
      }),
    }),
    timeoutMs: int32.since(10).ignorable(),
  },
  response: {
    throttleTimeMs: int32.since(2).ignorable(),
    topics: array({
      name: string,
      partitions: array({
        partitionIndex: int32,
        errorCode: int16,
        oldStyleOffsets: array(int64).until(0),
        timestamp: int64.since(1).default(-1),
        offset: int64.since(1).default(-1),
        leaderEpoch: int32.since(4).default(-1),
      }),
    }),
  },
});

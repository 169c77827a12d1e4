import { api } from '../schema/api.ts';
import { array, int16, int32, int64, records, string, struct, uint16, uuid } from '../schema/field.ts';

const snapshotId = { endOffset: int64, epoch: int32 };

/** Reads a snapshot of the metadata log (controllers). */
export const FetchSnapshot = api({
  name: 'FetchSnapshot',
  key: 59,
  versions: [0, 1],
  flexibleSince: 0,
  listeners: ['controller'],
  request: {
    clusterId: string.nullable().tag(0, 0).default(null),
    replicaId: int32.default(-1),
    maxBytes: int32.default(2147483647),
    topics: array({
      name: string,
      partitions: array({
        partition: int32,
        currentLeaderEpoch: int32,
        snapshotId: struct(snapshotId),
        position: int64,
        replicaDirectoryId: uuid.tag(0, 1).ignorable(),
      }),
    }),
  },
  response: {
    throttleTimeMs: int32.ignorable(),
    errorCode: int16,
    topics: array({
      name: string,
      partitions: array({
        index: int32,
        errorCode: int16,
        snapshotId: struct(snapshotId),
        currentLeader: struct({ leaderId: int32, leaderEpoch: int32 }).tag(0, 0),
        size: int64,
        position: int64,
        unalignedRecords: records,
      }),
    }),
    nodeEndpoints: array({ nodeId: int32, host: string, port: uint16 }).tag(0, 1),
  },
});

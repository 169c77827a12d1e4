import { api } from '../schema/api.ts';
import { array, int16, int32, string } from '../schema/field.ts';

/** Moves replicas to other log directories of a broker. */
export const AlterReplicaLogDirs = api({
  name: 'AlterReplicaLogDirs',
  key: 34,
  versions: [0, 2],
  flexibleSince: 2,
  listeners: ['broker'],
  request: { dirs: array({ path: string, topics: array({ name: string, partitions: array(int32) }) }) },
  response: {
    throttleTimeMs: int32,
    results: array({ topicName: string, partitions: array({ partitionIndex: int32, errorCode: int16 }) }),
  },
});

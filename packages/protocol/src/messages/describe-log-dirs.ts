import { api } from '../schema/api.ts';
import { array, bool, int16, int32, int64, string } from '../schema/field.ts';

/** Describes log directories and what lies in them. */
export const DescribeLogDirs = api({
  name: 'DescribeLogDirs',
  key: 35,
  versions: [0, 5],
  flexibleSince: 2,
  listeners: ['broker'],
  request: { topics: array({ topic: string, partitions: array(int32) }).nullable() },
  response: {
    throttleTimeMs: int32,
    errorCode: int16.since(3).ignorable(),
    results: array({
      errorCode: int16,
      logDir: string,
      topics: array({
        name: string,
        partitions: array({ partitionIndex: int32, partitionSize: int64, offsetLag: int64, isFutureKey: bool }),
      }),
      totalBytes: int64.since(4).default(-1).ignorable(),
      usableBytes: int64.since(4).default(-1).ignorable(),
      isCordoned: bool.since(5).default(false).ignorable(),
    }),
  },
});

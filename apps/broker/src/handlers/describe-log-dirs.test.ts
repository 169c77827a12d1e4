import { DescribeLogDirs, ErrorCode } from '@ks/protocol';
import { expect, test } from 'vitest';
import { describeLogDirs } from './describe-log-dirs.ts';
import { exchange } from './shared/exchange.test-support.ts';
import { scriptedReplicas } from './shared/replicas.test-support.ts';

const log = (topic: string, partitionIndex: number) => ({ topic, partitionIndex, sizeBytes: 100, offsetLag: 2 });
const broker = {
  replicas: scriptedReplicas({
    logDirectories: () => [
      { path: '/one', isOffline: false, partitions: [log('a', 0), log('b', 1), log('a', 3)] },
      { path: '/two', isOffline: true, partitions: [log('c', 0)] },
    ],
  }),
  diskSpace: { of: async () => ({ totalBytes: 5_000_000_000_000, usableBytes: 1000 }) },
};

type Asked = { topic: string; partitions: number[] }[] | null;

function ask(version: number, topics: Asked, denied: readonly string[] = []) {
  return exchange(describeLogDirs, DescribeLogDirs, { topics }, { version, broker, denied });
}

test.each([1, 2, 3, 4, 5])('DescribeLogDirs v%i tells what lies in each directory', async (version) => {
  const answer = await ask(version, null);
  const partition = (partitionIndex: number) => ({
    ...{ partitionIndex, partitionSize: 100, offsetLag: 2, isFutureKey: false },
  });
  expect(answer?.errorCode).toBe(0);
  expect(answer?.results).toMatchObject([
    {
      ...{ errorCode: 0, logDir: '/one' },
      topics: [
        { name: 'a', partitions: [partition(0), partition(3)] },
        { name: 'b', partitions: [partition(1)] },
      ],
      ...(version < 4 ? {} : { totalBytes: 5_000_000_000_000, usableBytes: 1000 }),
    },
    { errorCode: ErrorCode.KAFKA_STORAGE_ERROR, logDir: '/two', topics: [], totalBytes: -1, usableBytes: -1 },
  ]);
});

test('DescribeLogDirs tells of the partitions asked for, and nothing to who may not know', async () => {
  const some = await ask(4, [
    { topic: 'a', partitions: [3, 9] },
    { topic: 'x', partitions: [0] },
  ]);
  expect(some?.results[0]?.topics.map(({ name, partitions }) => [name, partitions.length])).toEqual([['a', 1]]);
  expect((await ask(4, []))?.results[0]?.topics).toEqual([]);
  expect(await ask(4, null, ['kafka-cluster'])).toMatchObject({
    ...{ errorCode: ErrorCode.CLUSTER_AUTHORIZATION_FAILED, results: [] },
  });
});

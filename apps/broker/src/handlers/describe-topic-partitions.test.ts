import { DescribeTopicPartitions, ErrorCode } from '@ks/protocol';
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type AdminBroker, startAdminBroker } from '../../tests/admin-broker.ts';
import { describeTopicPartitions } from './describe-topic-partitions.ts';
import { type ExchangeOptions, exchange } from './shared/exchange.test-support.ts';

const sizes: Readonly<Record<string, number>> = { a: 3, b: 1, c: 5, __consumer_offsets: 2 };
let broker: AdminBroker;
beforeAll(async () => {
  broker = await startAdminBroker({ 'max.request.partition.size.limit': '4' });
  for (const [name, count] of Object.entries(sizes)) await broker.create(name, count);
});
afterAll(() => broker.stop());

type Cursor = { readonly topicName: string; readonly partitionIndex: number } | null;

async function ask(names: readonly string[], limit = 2000, cursor: Cursor = null, over: Partial<ExchangeOptions> = {}) {
  const request = { topics: names.map((name) => ({ name })), responsePartitionLimit: limit, cursor };
  const context = { version: 0, broker: broker.services, ...over };
  const answer = await exchange(describeTopicPartitions, DescribeTopicPartitions, request, context);
  if (answer === undefined) throw new Error('DescribeTopicPartitions was not answered');
  const told = answer.topics.flatMap(({ name, partitions }) =>
    partitions.map((each) => `${name}-${each.partitionIndex}`),
  );
  return { ...answer, told, codes: answer.topics.map(({ name, errorCode }) => [name, errorCode]) };
}

describe('DescribeTopicPartitions', () => {
  test('tells topics by name with everything about their partitions', async () => {
    const { topics, nextCursor } = await ask(['b', '__consumer_offsets']);
    expect(topics.map(({ name, isInternal, errorCode }) => [name, isInternal, errorCode])).toEqual([
      ['__consumer_offsets', true, 0],
      ['b', false, 0],
    ]);
    expect(topics[1]?.partitions).toEqual([
      {
        ...{ errorCode: 0, partitionIndex: 0, leaderId: 0, leaderEpoch: 0, replicaNodes: [0], isrNodes: [0] },
        ...{ eligibleLeaderReplicas: [], lastKnownElr: [], offlineReplicas: [] },
      },
    ]);
    expect(topics[1]?.topicId).toBe(broker.node.loader.image().topicsByName.get('b')?.topicId);
    expect(nextCursor).toBeNull();
  });

  test('gives the same in pages of any size, bounded by the broker', async () => {
    const all = Object.keys(sizes)
      .sort()
      .flatMap((name) => Array.from({ length: sizes[name] ?? 0 }, (_, index) => `${name}-${index}`));
    await fc.assert(
      fc.asyncProperty(fc.integer({ min: -1, max: 6 }), fc.boolean(), async (limit, byName) => {
        const told: string[] = [];
        let cursor: Cursor = null;
        do {
          const page = await ask(byName ? Object.keys(sizes) : [], limit, cursor);
          expect(page.told.length).toBeLessThanOrEqual(Math.max(1, Math.min(limit, 4)));
          told.push(...page.told);
          cursor = page.nextCursor;
        } while (cursor !== null && told.length <= all.length);
        expect(told).toEqual(all);
      }),
      { numRuns: 30 },
    );
  });

  test('goes on behind a topic that is gone, and refuses an impossible cursor', async () => {
    expect((await ask([], 2000, { topicName: 'b2', partitionIndex: 7 })).told).toEqual(['c-0', 'c-1', 'c-2', 'c-3']);
    for (const cursor of [
      { topicName: 'b', partitionIndex: -1 },
      { topicName: 'a', partitionIndex: 0 },
    ]) {
      expect((await ask(['b'], 1, cursor)).codes).toEqual([['b', ErrorCode.INVALID_REQUEST]]);
    }
  });

  test('says what is wrong with a topic; where all are asked for, the hidden ones are left out', async () => {
    const over = { denied: ['a', 'x'] };
    expect((await ask(['a', 'none', 'bad/name', 'x'], 10, null, over)).codes).toEqual([
      ['bad/name', ErrorCode.INVALID_TOPIC_EXCEPTION],
      ['none', ErrorCode.UNKNOWN_TOPIC_OR_PARTITION],
      ['a', ErrorCode.TOPIC_AUTHORIZATION_FAILED],
      ['x', ErrorCode.TOPIC_AUTHORIZATION_FAILED],
    ]);
    expect((await ask([], 4, null, over)).codes).toEqual([
      ['__consumer_offsets', 0],
      ['b', 0],
      ['c', 0],
    ]);
  });
});

import { ErrorCode, OffsetCommit, OffsetFetch } from '@ks/protocol';
import { describe, expect, test } from 'vitest';
import type { FetchOffsetsReply } from '../core/group/replies.ts';
import type { CommitRequest, FetchOffsetsRequest } from '../runtime/group-coordinator.ts';
import { offsetCommit } from './offset-commit.ts';
import { offsetFetch } from './offset-fetch.ts';
import { exchange } from './shared/exchange.test-support.ts';
import { ordersMetadata, scriptedGroups } from './shared/groups.test-support.ts';
import { ORDERS_ID } from './shared/replicas.test-support.ts';

const versions = (from: number, to: number) => Array.from({ length: to - from + 1 }, (_, index) => from + index);
const UNKNOWN_ID = 'AAAAAAAAAAAAAAAAAAAAAg';
const metadata = ordersMetadata();

describe('OffsetCommit', () => {
  async function commit(version: number, denied: readonly string[] = []) {
    const asked: CommitRequest[] = [];
    const groups = scriptedGroups({
      commitOffsets: async (request) => {
        asked.push(request);
        const topics = request.topics.map(({ topic, topicId, partitions }) => ({
          topic,
          topicId,
          partitions: partitions.map(({ partitionIndex }) => ({
            partitionIndex,
            errorCode: partitionIndex === 2 ? ErrorCode.OFFSET_METADATA_TOO_LARGE : 0,
          })),
        }));
        return { type: 'commit', topics };
      },
    });
    const partition = (partitionIndex: number) => ({
      partitionIndex,
      committedOffset: 40 + partitionIndex,
      committedMetadata: partitionIndex === 0 ? null : 'note',
      ...(version >= 6 ? { committedLeaderEpoch: 3 } : {}),
    });
    const named = version < 10;
    const topics = [
      { ...(named ? { name: 'absent' } : { topicId: UNKNOWN_ID }), partitions: [partition(0)] },
      { ...(named ? { name: 'orders' } : { topicId: ORDERS_ID }), partitions: [partition(0), partition(2)] },
    ];
    const body = {
      groupId: 'g',
      generationIdOrMemberEpoch: 3,
      memberId: 'm',
      topics,
      ...(version <= 4 ? { retentionTimeMs: 1000 } : {}),
      ...(version >= 7 ? { groupInstanceId: 'i' } : {}),
    };
    const answer = await exchange(offsetCommit, OffsetCommit, body as never, {
      version,
      broker: { groups, metadata },
      denied,
    });
    return {
      asked: asked[0],
      codes: answer?.topics.map((topic) => topic.partitions.map((each) => each.errorCode)),
      answer,
    };
  }

  test.each(versions(2, 10))('v%i commits what it can and answers in order', async (version) => {
    const { asked, codes, answer } = await commit(version);
    expect(asked).toMatchObject({
      groupId: 'g',
      generationId: 3,
      memberId: 'm',
      groupInstanceId: version >= 7 ? 'i' : null,
      retentionTimeMs: version <= 4 ? 1000 : -1,
      knowsConsumerGroups: version >= 9,
    });
    const leaderEpoch = version >= 6 ? 3 : -1;
    expect(asked?.topics).toEqual([
      {
        topic: 'orders',
        topicId: ORDERS_ID,
        partitions: [
          { partitionIndex: 0, offset: 40, leaderEpoch, metadata: '' },
          { partitionIndex: 2, offset: 42, leaderEpoch, metadata: 'note' },
        ],
      },
    ]);
    const unknown = version < 10 ? ErrorCode.UNKNOWN_TOPIC_OR_PARTITION : ErrorCode.UNKNOWN_TOPIC_ID;
    expect(codes).toEqual([[unknown], [0, ErrorCode.OFFSET_METADATA_TOO_LARGE]]);
    expect(answer?.topics[1]).toMatchObject(version < 10 ? { name: 'orders' } : { topicId: ORDERS_ID });
  });

  test('commits nothing that the principal may not', async () => {
    const group = await commit(9, ['g']);
    expect(group.asked).toBeUndefined();
    expect(group.codes).toEqual([[30], [30, 30]]);
    const topic = await commit(9, ['orders']);
    expect(topic.asked).toBeUndefined();
    expect(topic.codes).toEqual([[3], [29, 29]]);
  });
});

describe('OffsetFetch', () => {
  async function fetch(
    version: number,
    over: { all?: boolean; refusedWith?: number; denied?: readonly string[] } = {},
  ) {
    const { all = false, refusedWith = 0, denied = [] } = over;
    const asked: FetchOffsetsRequest[] = [];
    const groups = scriptedGroups({
      fetchOffsets: async (request): Promise<FetchOffsetsReply> => {
        asked.push(request);
        if (refusedWith !== 0) return { type: 'fetch-offsets', errorCode: refusedWith, topics: [] };
        const topics = request.topics ?? [
          { topic: 'orders', partitionIndexes: [1] },
          { topic: 'gone', partitionIndexes: [0] },
        ];
        const found = topics.map(({ topic, partitionIndexes }) => ({
          topic,
          partitions: partitionIndexes.map((partitionIndex) => ({
            partitionIndex,
            committedOffset: 7,
            committedLeaderEpoch: 2,
            metadata: 'note',
            errorCode: 0,
          })),
        }));
        return { type: 'fetch-offsets', errorCode: 0, topics: found };
      },
    });
    const listed =
      version < 10
        ? [{ name: 'orders', partitionIndexes: [0, 1] }]
        : [
            { topicId: UNKNOWN_ID, partitionIndexes: [0] },
            { topicId: ORDERS_ID, partitionIndexes: [0, 1] },
          ];
    const topics = all ? null : listed;
    const member = { memberId: 'm', memberEpoch: 3 };
    const body =
      version < 8
        ? { groupId: 'g', topics }
        : {
            groups: [
              { groupId: 'g', ...(version >= 9 ? member : {}), topics },
              { groupId: 'secret', topics },
            ],
          };
    const input = version >= 7 ? { ...body, requireStable: true } : body;
    const broker = { groups, metadata };
    const answer = await exchange(offsetFetch, OffsetFetch, input as never, {
      version,
      broker,
      denied: ['secret', ...denied],
    });
    return { asked: asked[0], answer };
  }

  test.each(versions(1, 7))('v%i answers one group', async (version) => {
    const { asked, answer } = await fetch(version);
    expect(asked).toEqual({
      groupId: 'g',
      memberId: null,
      memberEpoch: -1,
      requireStable: version >= 7,
      topics: [{ topic: 'orders', partitionIndexes: [0, 1] }],
    });
    const partition = {
      committedOffset: 7,
      committedLeaderEpoch: version >= 5 ? 2 : -1,
      metadata: 'note',
      errorCode: 0,
    };
    expect(answer?.topics).toEqual([
      {
        name: 'orders',
        partitions: [
          { partitionIndex: 0, ...partition },
          { partitionIndex: 1, ...partition },
        ],
      },
    ]);
  });

  test.each(versions(8, 10))('v%i answers several groups, each with its own error', async (version) => {
    const { asked, answer } = await fetch(version);
    const isNamed = version >= 9;
    expect(asked).toMatchObject({ memberId: isNamed ? 'm' : null, memberEpoch: isNamed ? 3 : -1 });
    const [group, secret] = answer?.groups ?? [];
    expect(secret).toMatchObject({ groupId: 'secret', errorCode: ErrorCode.GROUP_AUTHORIZATION_FAILED, topics: [] });
    expect(group).toMatchObject({ groupId: 'g', errorCode: 0 });
    const codes = group?.topics.map((topic) => topic.partitions.map((each) => [each.committedOffset, each.errorCode]));
    const known = [
      [7, 0],
      [7, 0],
    ];
    expect(codes).toEqual(version < 10 ? [known] : [[[-1, ErrorCode.UNKNOWN_TOPIC_ID]], known]);
  });

  test('v2+ with null topics answers all that the principal may see, by id only what has one', async () => {
    const named = await fetch(7, { all: true });
    expect(named.asked?.topics).toBeNull();
    expect(named.answer?.topics.map((topic) => topic.name)).toEqual(['orders', 'gone']);
    expect((await fetch(7, { all: true, denied: ['orders'] })).answer?.topics.map((topic) => topic.name)).toEqual([
      'gone',
    ]);
    expect((await fetch(10, { all: true })).answer?.groups[0]?.topics.map((topic) => topic.topicId)).toEqual([
      ORDERS_ID,
    ]);
  });

  test('an error of the group is told where the version has a place for it', async () => {
    const refusedWith = ErrorCode.COORDINATOR_LOAD_IN_PROGRESS;
    const first = await fetch(1, { refusedWith });
    expect(first.answer?.topics[0]?.partitions.map((each) => [each.committedOffset, each.errorCode])).toEqual([
      [-1, 14],
      [-1, 14],
    ]);
    const second = await fetch(2, { refusedWith });
    expect(second.answer).toMatchObject({ errorCode: 14, topics: [] });
    expect((await fetch(8, { refusedWith })).answer?.groups[0]).toMatchObject({ errorCode: 14, topics: [] });
  });

  test('a topic that the principal may not see is an error of its partitions', async () => {
    const { answer } = await fetch(6, { denied: ['orders'] });
    expect(answer?.topics[0]?.partitions.map((each) => each.errorCode)).toEqual([29, 29]);
  });
});

import { ConsumerGroupDescribe, ConsumerGroupHeartbeat, ErrorCode, OffsetDelete } from '@ks/protocol';
import { describe, expect, test } from 'vitest';
import { brokerConfigOf } from '../config/broker-config.ts';
import { newMember } from '../core/group/consumer-member.ts';
import type { ConsumerDescribeReply } from '../core/group/replies.ts';
import type { ConsumerHeartbeatRequest, DeleteOffsetsRequest } from '../runtime/group-coordinator.ts';
import type { BrokerServices } from './broker-services.ts';
import { consumerGroupDescribe } from './consumer-group-describe.ts';
import { consumerGroupHeartbeat } from './consumer-group-heartbeat.ts';
import { offsetDelete } from './offset-delete.ts';
import { exchange } from './shared/exchange.test-support.ts';
import { ordersMetadata, scriptedGroups } from './shared/groups.test-support.ts';
import { ordersImage } from './shared/replicas.test-support.ts';

const orders = [...ordersImage().topicsById.values()].find(({ name }) => name === 'orders');
const topicId = orders?.topicId ?? '';

/** A broker whose cluster has `group.version` at this level. */
function brokerWith(
  groups: Parameters<typeof scriptedGroups>[0],
  options: { readonly level?: number; readonly protocols?: string } = {},
): Partial<BrokerServices> {
  const { level = 1, protocols } = options;
  const metadata = ordersMetadata();
  const features = new Map([['group.version', level]]);
  const explicit = protocols === undefined ? [] : [['group.coordinator.rebalance.protocols', protocols] as const];
  return {
    groups: scriptedGroups(groups),
    metadata: { ...metadata, image: () => ({ ...metadata.image(), features }) },
    config: brokerConfigOf(new Map(explicit)).config,
  };
}

describe('ConsumerGroupHeartbeat', () => {
  const body = {
    groupId: 'g',
    memberId: 'm',
    memberEpoch: 3,
    instanceId: 'i',
    rackId: 'r',
    rebalanceTimeoutMs: 1000,
    subscribedTopicNames: ['orders'],
    serverAssignor: 'uniform',
    topicPartitions: [
      { topicId, partitions: [0] },
      { topicId, partitions: [2, 2] },
    ],
  };
  async function beat(version: number, denied: readonly string[] = [], options: Parameters<typeof brokerWith>[1] = {}) {
    const asked: ConsumerHeartbeatRequest[] = [];
    const broker = brokerWith(
      {
        consumerHeartbeat: async (request) => {
          asked.push(request);
          const assignment = new Map([[topicId, new Set([1, 2])]]);
          const fields = { errorCode: 0, errorMessage: null, memberId: 'm', memberEpoch: 4, heartbeatIntervalMs: 5000 };
          return { type: 'consumer-heartbeat', ...fields, assignment };
        },
      },
      options,
    );
    const input = version >= 1 ? { ...body, subscribedTopicRegex: 'o.*' } : body;
    const answer = await exchange(consumerGroupHeartbeat, ConsumerGroupHeartbeat, input, { version, broker, denied });
    return { asked: asked[0], answer };
  }

  test.each([0, 1])('v%i', async (version) => {
    const { asked, answer } = await beat(version);
    expect(asked).toMatchObject({
      ...{ groupId: 'g', memberId: 'm', memberEpoch: 3, instanceId: 'i', rackId: 'r', rebalanceTimeoutMs: 1000 },
      ...{ subscribedTopicNames: ['orders'], subscribedTopicRegex: version === 0 ? null : 'o.*' },
      ...{ serverAssignor: 'uniform', clientHost: '/127.0.0.1', givesMemberId: version === 0 },
      topicPartitions: new Map([[topicId, new Set([0, 2])]]),
    });
    expect(answer).toEqual({
      ...{ throttleTimeMs: 0, errorCode: 0, errorMessage: null, memberId: 'm', memberEpoch: 4 },
      heartbeatIntervalMs: 5000,
      assignment: { topicPartitions: [{ topicId, partitions: [1, 2] }] },
    });
  });

  test('needs the group and every topic by name; what a regular expression may find is asked later', async () => {
    expect((await beat(1, ['g'])).answer?.errorCode).toBe(ErrorCode.GROUP_AUTHORIZATION_FAILED);
    expect((await beat(1, ['orders'])).answer?.errorCode).toBe(ErrorCode.TOPIC_AUTHORIZATION_FAILED);
    const { asked } = await beat(1, ['secret']);
    expect(['secret', 'other'].map((topic) => asked?.mayDescribe(topic))).toEqual([false, true]);
  });

  test('is not served where the cluster or the broker has it switched off', async () => {
    expect((await beat(1, [], { level: 0 })).answer?.errorCode).toBe(ErrorCode.UNSUPPORTED_VERSION);
    expect((await beat(1, [], { protocols: 'classic' })).answer?.errorCode).toBe(ErrorCode.UNSUPPORTED_VERSION);
  });
});

describe('ConsumerGroupDescribe', () => {
  const member = {
    ...newMember('m'),
    subscribedTopicNames: ['orders'],
    assigned: new Map([[topicId, new Map([[0, 1]])]]),
    pendingRevocation: new Map([[topicId, new Map([[1, 1]])]]),
  };
  const classic = { ...newMember('c'), classic: { sessionTimeoutMs: 1, protocols: [] } };
  const gone = new Map([['AAAAAAAAAAAAAAAAAAAAAA', new Set([0])]]);
  const described = async (groupId: string): Promise<ConsumerDescribeReply> => ({
    ...{ type: 'consumer-describe', errorCode: groupId === 'x' ? 69 : 0, errorMessage: groupId === 'x' ? 'no' : null },
    ...{ groupId, state: 'Reconciling', groupEpoch: 5, assignmentEpoch: 4, assignorName: 'range' },
    members: [
      { member, target: new Map([[topicId, new Set([0])]]) },
      { member: classic, target: gone },
    ],
  });
  const ask = async (version: number, groupIds: readonly string[], denied: readonly string[] = []) => {
    const broker = brokerWith({ describeConsumerGroup: described });
    const input = { groupIds, includeAuthorizedOperations: true };
    return (await exchange(consumerGroupDescribe, ConsumerGroupDescribe, input, { version, broker, denied }))?.groups;
  };

  test.each([0, 1])('v%i', async (version) => {
    const [group, absent] = (await ask(version, ['g', 'x'])) ?? [];
    expect(group).toMatchObject({ groupId: 'g', groupState: 'Reconciling', groupEpoch: 5, assignmentEpoch: 4 });
    expect(group?.authorizedOperations).toBe((1 << 3) | (1 << 6) | (1 << 8) | (1 << 10) | (1 << 11));
    const [first, second] = group?.members ?? [];
    // What it has yet to give up is its own still.
    expect(first?.assignment.topicPartitions).toEqual([{ topicId, topicName: 'orders', partitions: [0, 1] }]);
    expect(first?.targetAssignment.topicPartitions).toEqual([{ topicId, topicName: 'orders', partitions: [0] }]);
    expect([first, second].map((each) => each?.memberType)).toEqual(version === 0 ? [-1, -1] : [1, 0]);
    // A topic that is gone is left out.
    expect(second?.targetAssignment.topicPartitions).toEqual([]);
    expect(absent).toMatchObject({ groupId: 'x', errorCode: ErrorCode.GROUP_ID_NOT_FOUND, errorMessage: 'no' });
  });

  test('needs the group and every topic in it', async () => {
    expect((await ask(1, ['g'], ['g']))?.[0]?.errorCode).toBe(ErrorCode.GROUP_AUTHORIZATION_FAILED);
    const [group] = (await ask(1, ['g'], ['orders'])) ?? [];
    expect(group).toMatchObject({ errorCode: ErrorCode.TOPIC_AUTHORIZATION_FAILED, members: [] });
  });
});

describe('OffsetDelete', () => {
  async function remove(denied: readonly string[] = [], errorCode = 0) {
    const asked: DeleteOffsetsRequest[] = [];
    const broker = brokerWith({
      deleteOffsets: async (request) => {
        asked.push(request);
        const topics = request.topics.map(({ topic, partitionIndexes }) => ({
          topic,
          partitions: partitionIndexes.map((partitionIndex) => ({ partitionIndex, errorCode: 86 })),
        }));
        return { type: 'delete-offsets', errorCode, topics: errorCode === 0 ? topics : [] };
      },
    });
    const partitions = [{ partitionIndex: 0 }, { partitionIndex: 99 }];
    const topics = ['absent', 'orders'].map((name) => ({ name, partitions }));
    const answer = await exchange(offsetDelete, OffsetDelete, { groupId: 'g', topics }, { version: 0, broker, denied });
    const codes = answer?.topics.map((topic) => topic.partitions.map((each) => [each.partitionIndex, each.errorCode]));
    return { asked: asked[0], answer, codes };
  }

  test('asks the group for the partitions that there are', async () => {
    const { asked, codes } = await remove();
    expect(asked).toEqual({ groupId: 'g', topics: [{ topic: 'orders', partitionIndexes: [0] }] });
    const unknown = ErrorCode.UNKNOWN_TOPIC_OR_PARTITION;
    expect(codes).toEqual([
      [
        [0, unknown],
        [99, unknown],
      ],
      [
        [0, ErrorCode.GROUP_SUBSCRIBED_TO_TOPIC],
        [99, unknown],
      ],
    ]);
  });

  test('tells an error of the group, and needs the group and each topic', async () => {
    expect((await remove([], ErrorCode.NON_EMPTY_GROUP)).answer).toMatchObject({ errorCode: 68, topics: [] });
    expect((await remove(['g'])).answer?.errorCode).toBe(ErrorCode.GROUP_AUTHORIZATION_FAILED);
    const { asked, codes } = await remove(['orders']);
    expect(asked?.topics).toEqual([]);
    expect(codes?.[1]?.map(([, code]) => code)).toEqual([29, 29]);
  });
});

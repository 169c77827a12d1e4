import { createCodec, ErrorCode } from '@ks/protocol';
import { beforeEach, describe, expect, test } from 'vitest';
import { defaultGroupConfig } from '../core/group/group-config.ts';
import { type ClusterImage, emptyClusterImage, type TopicImage } from '../core/metadata/image.ts';
import type { Logger } from '../ports/logger.ts';
import { referenceCore, settled } from './coordinator-log.test-support.ts';
import { GroupCoordinatorService } from './group-coordinator-service.ts';
import { FakePartition } from './hosted-partition.test-support.ts';
import { ManualClock } from './manual-clock.test-support.ts';

const TOPIC = '__consumer_offsets';
const silent: Logger = { debug: () => {}, info: () => {}, warn: () => {}, error: () => {}, child: () => silent };
const endpoints = [{ listenerName: 'PLAINTEXT', host: 'broker.test', port: 9001 }];

function topicImage(name: string, topicId: string, partitionCount: number): TopicImage {
  const state = { replicas: [1], addingReplicas: [], removingReplicas: [], isr: [1], elr: [], lastKnownElr: [] };
  const partitions = Array.from({ length: partitionCount }, (_, partitionIndex) => ({
    ...state,
    partitionIndex,
    leader: 1,
    leaderEpoch: 1,
    partitionEpoch: 0,
    modRevision: 1,
  }));
  return { name, topicId, partitions, modRevision: 1 };
}

function imageWith(...topics: readonly TopicImage[]): ClusterImage {
  return {
    ...emptyClusterImage,
    brokers: new Map([
      [
        1,
        {
          brokerId: 1,
          brokerEpoch: 5,
          fenced: false,
          endpoints,
          rack: null,
          host: 'h',
          inControlledShutdown: false,
          uncleanBirth: false,
        },
      ],
    ]),
    topicsByName: new Map(topics.map((topic) => [topic.name, topic])),
    topicsById: new Map(topics.map((topic) => [topic.topicId, topic])),
  };
}

const offsetsTopic = topicImage(TOPIC, 'AAAAAAAAAAAAAAAAAAAAAw', 2);
const orders = topicImage('orders', 'AAAAAAAAAAAAAAAAAAAAAQ', 1);
let clock: ManualClock;
let partitions: FakePartition[];
let image: ClusterImage;
let created: string[];
let groups: GroupCoordinatorService;

function coordinator(): GroupCoordinatorService {
  return new GroupCoordinatorService({
    config: { ...defaultGroupConfig, initialRebalanceDelayMs: 0, offsetsRetentionMs: 1000 },
    commitTimeoutMs: 5000,
    loadBufferBytes: 200,
    retentionCheckIntervalMs: 600,
    replicas: {
      partition: (topic, index) => (topic === TOPIC ? partitions[index] : undefined),
      append: (request) => {
        const partition = partitions[request.partitions[0]?.partitionIndex ?? -1];
        if (partition === undefined) throw new Error('no such partition');
        return partition.append(request);
      },
    },
    controller: {
      ensureInternalTopic: async (name) => {
        created.push(name);
        image = imageWith(offsetsTopic);
        return {
          name,
          topicId: offsetsTopic.topicId,
          errorCode: 0,
          errorMessage: null,
          partitionCount: 2,
          replicationFactor: 1,
        };
      },
    },
    image: () => image,
    checksum: referenceCore,
    codec: createCodec(referenceCore),
    compressionType: 'none',
    clock,
    random: { int: () => 0, bytes: (length) => new Uint8Array(length), uuid: () => 'uuid' },
    logger: silent,
  });
}

beforeEach(async () => {
  clock = new ManualClock();
  partitions = [new FakePartition(TOPIC, 0), new FakePartition(TOPIC, 1)];
  image = imageWith(offsetsTopic, orders);
  created = [];
  groups = coordinator();
  groups.applyImage(undefined, image);
  await settled();
});

/** Lets the loop turn until the promise is settled; time stands still. */
async function served<T>(promise: Promise<T>): Promise<T> {
  let isDone = false;
  void promise.then(() => {
    isDone = true;
  });
  for (let turns = 0; !isDone && turns < 20; turns++) {
    clock.advanceTo(clock.monotonicMs());
    await settled();
  }
  if (!isDone) throw new Error('no answer');
  return promise;
}

const commit = (groupId: string, offset: number) =>
  groups.commitOffsets({
    groupId,
    generationId: -1,
    memberId: '',
    groupInstanceId: null,
    retentionTimeMs: -1,
    knowsConsumerGroups: true,
    topics: [
      {
        topic: 'orders',
        topicId: orders.topicId,
        partitions: [{ partitionIndex: 0, offset, leaderEpoch: 0, metadata: '' }],
      },
    ],
  });
const noMember = { memberId: null, memberEpoch: -1 };
async function committedOffset(groupId: string): Promise<number | undefined> {
  const topics = [{ topic: 'orders', partitionIndexes: [0] }];
  const reply = await served(groups.fetchOffsets({ groupId, ...noMember, requireStable: false, topics }));
  return reply.errorCode === 0 ? reply.topics[0]?.partitions[0]?.committedOffset : -1000 - reply.errorCode;
}

describe('finding a coordinator', () => {
  test('creates the topic where it is missing, and names the leader of the group’s partition', async () => {
    image = imageWith(orders);
    const found = { errorCode: 0, errorMessage: null, nodeId: 1, host: 'broker.test', port: 9001 };
    expect(await groups.findCoordinator('g', 'PLAINTEXT')).toEqual(found);
    expect(await groups.findCoordinator('g', 'PLAINTEXT')).toEqual(found);
    expect(created).toEqual([TOPIC]);
  });

  test('is not possible by a listener that the leader does not have', async () => {
    const { errorCode } = await groups.findCoordinator('g', 'INTERNAL');
    expect(errorCode).toBe(ErrorCode.COORDINATOR_NOT_AVAILABLE);
  });
});

describe('groups', () => {
  test('live in the partition of their hash and are listed from all', async () => {
    await served(commit('a', 1));
    await served(commit('b', 2));
    expect(partitions.map((partition) => partition.logEndOffset)).toEqual([1, 1]);
    expect((await served(groups.listGroups())).groups.map((group) => group.groupId).sort()).toEqual(['a', 'b']);
  });

  test('commit many offsets of one turn in one batch', async () => {
    const replies = await served(Promise.all(Array.from({ length: 50 }, (_, index) => commit('a', index))));
    expect(replies.every((reply) => reply.topics[0]?.partitions[0]?.errorCode === 0)).toBe(true);
    expect(await committedOffset('a')).toBe(49);
  });

  test('are not answered before the high watermark has passed', async () => {
    partitions[1]?.hold();
    const pending = commit('a', 5);
    await expect(served(pending)).rejects.toThrow('no answer');
    partitions[1]?.advance();
    expect((await served(pending)).topics[0]?.partitions[0]?.errorCode).toBe(0);
  });

  test('come back from the log when the broker starts again, in pieces', async () => {
    for (let offset = 0; offset < 30; offset++) await served(commit('a', offset));
    groups.stop();
    groups = coordinator();
    groups.applyImage(undefined, image);
    const early = await groups.fetchOffsets({ groupId: 'a', ...noMember, requireStable: false, topics: null });
    expect(early.errorCode).toBe(ErrorCode.COORDINATOR_LOAD_IN_PROGRESS);
    await settled();
    expect(await committedOffset('a')).toBe(29);
    expect(partitions.map((partition) => partition.held)).toEqual([0, 0]);
  });

  test('are not answered here while another broker leads their partition, and reread when this one leads again', async () => {
    await served(commit('a', 5));
    partitions[1]?.resign();
    expect(await committedOffset('a')).toBe(-1000 - ErrorCode.NOT_COORDINATOR);
    expect(partitions[1]?.listenerCount).toBe(0);
    partitions[1]?.lead();
    groups.applyImage(image, image);
    await settled();
    expect(await committedOffset('a')).toBe(5);
  });

  test('have members wait for each other over time', async () => {
    const join = (memberId: string) =>
      groups.joinGroup({
        groupId: 'a',
        memberId,
        groupInstanceId: null,
        clientId: 'client',
        clientHost: '/127.0.0.1',
        sessionTimeoutMs: 6000,
        rebalanceTimeoutMs: 6000,
        protocolType: 'consumer',
        protocols: [{ name: 'range', metadata: Uint8Array.of(1) }],
        requireKnownMemberId: true,
        supportsSkipAssignment: true,
      });
    const first = await served(join(''));
    expect(first).toMatchObject({ errorCode: ErrorCode.MEMBER_ID_REQUIRED, memberId: 'client-uuid' });
    expect(await served(join('client-uuid'))).toMatchObject({ errorCode: 0, generationId: 1, leader: 'client-uuid' });
    clock.advanceTo(6000);
    await settled();
    clock.advanceTo(6000);
    await settled();
    expect((await served(groups.describeGroup('a'))).state).toBe('Empty');
  });
});

describe('consumer groups', () => {
  const join = (memberId: string, givesMemberId: boolean) =>
    groups.consumerHeartbeat({
      ...{ groupId: 'a', memberId, givesMemberId, memberEpoch: 0, instanceId: null, rackId: null },
      ...{ rebalanceTimeoutMs: 60_000, subscribedTopicNames: ['orders'], subscribedTopicRegex: null },
      ...{ serverAssignor: null, topicPartitions: new Map(), clientId: 'c', clientHost: '/h', mayDescribe: () => true },
    });

  test('give a member id to clients of version 0 only, and come back from the log', async () => {
    expect(await served(join('', false))).toMatchObject({ errorCode: ErrorCode.INVALID_REQUEST });
    const joined = await served(join('', true));
    expect(joined).toMatchObject({ errorCode: 0, memberId: 'uuid', memberEpoch: 2 });
    expect(joined.assignment?.get(orders.topicId)?.size).toBe(1);
    groups.stop();
    groups = coordinator();
    groups.applyImage(undefined, image);
    await settled();
    const described = await served(groups.describeConsumerGroup('a'));
    expect(described).toMatchObject({ state: 'Stable', groupEpoch: 2, members: [{ member: { memberId: 'uuid' } }] });
  });
});

describe('housekeeping', () => {
  test('offsets expire in their time', async () => {
    groups.start();
    await served(commit('a', 5));
    for (let at = 0; at < 1200; at += 100) {
      clock.advanceTo(at);
      await settled();
    }
    expect(await committedOffset('a')).toBe(5);
    for (let at = 1200; at <= 2000; at += 100) {
      clock.advanceTo(at);
      await settled();
    }
    expect(await committedOffset('a')).toBe(-1);
    groups.stop();
  });

  test('offsets of a deleted topic go', async () => {
    await served(commit('a', 5));
    groups.applyImage(image, imageWith(offsetsTopic));
    expect(await committedOffset('a')).toBe(-1);
  });

  test('offsets of a topic that was deleted while others coordinated the group, or while it was read, go when it is here', async () => {
    await served(commit('a', 5));
    partitions[1]?.resign();
    groups.applyImage(image, image);
    groups.applyImage(image, imageWith(offsetsTopic));
    partitions[1]?.lead();
    groups.applyImage(image, image);
    await settled();
    expect(await committedOffset('a')).toBe(-1);
  });

  test('nothing is left behind when it stops', async () => {
    const waiting = commit('a', 5);
    groups.start();
    groups.stop();
    expect((await waiting).topics[0]?.partitions[0]?.errorCode).toBe(ErrorCode.NOT_COORDINATOR);
    expect(partitions.map((partition) => partition.listenerCount)).toEqual([0, 0]);
    groups.applyImage(undefined, image);
    expect((await groups.deleteGroup('a')).errorCode).toBe(ErrorCode.NOT_COORDINATOR);
  });
});

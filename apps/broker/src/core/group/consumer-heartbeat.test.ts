import { ErrorCode } from '@ks/protocol';
import fc from 'fast-check';
import { beforeEach, describe, expect, test } from 'vitest';
import { configKey } from '../metadata/image.ts';
import { defaultGroupConfig } from './group-config.ts';
import type { ConsumerHeartbeatReply } from './replies.ts';
import { ShardHarness } from './shard-harness.test-support.ts';
import { topicIdOf } from './topic-fixtures.test-support.ts';
import type { AnyPartitions } from './topic-partitions.ts';

const consumer = { ...defaultGroupConfig.consumer, assignmentIntervalMs: 0 };
const SESSION_MS = consumer.sessionTimeoutMs;
let harness: ShardHarness;

beforeEach(() => {
  harness = new ShardHarness({ consumer });
  harness.setTopics({ orders: 4, bills: 2 });
});

/** `orders-0 orders-1`; undefined where the reply tells nothing. */
function told({ assignment }: ConsumerHeartbeatReply): string | undefined {
  return assignment === null ? undefined : named(assignment);
}

function named(partitions: AnyPartitions): string {
  const names = [...partitions].flatMap(([topicId, each]) => {
    const name = harness.image.topicsById.get(topicId)?.name ?? topicId;
    return [...each.keys()].map((partition) => `${name}-${partition}`);
  });
  return names.sort().join(' ');
}

function partitions(topic: string, ...numbers: number[]): AnyPartitions & ReadonlyMap<string, ReadonlySet<number>> {
  return new Map([[topicIdOf(topic), new Set(numbers)]]);
}

const group = () => {
  const found = harness.shard.consumerGroup('g');
  if (found === undefined) throw new Error('no group');
  return found;
};

describe('a member', () => {
  test('joins an absent group and is given everything; later it is told only what is new', () => {
    const first = harness.joinConsumer('a', ['orders']);
    expect(first).toMatchObject({ errorCode: 0, memberId: 'a', memberEpoch: 2, heartbeatIntervalMs: 5000 });
    expect(told(first)).toBe('orders-0 orders-1 orders-2 orders-3');
    expect(told(harness.beat('a', 2))).toBeUndefined();
    expect(group().state).toBe('Stable');
  });

  test('gives up before another one takes', () => {
    harness.joinConsumer('a', ['orders']);
    expect(told(harness.joinConsumer('b', ['orders']))).toBe('');
    const revoked = harness.beat('a', 2);
    expect(revoked.memberEpoch).toBe(2);
    expect(told(revoked)).toBe('orders-0 orders-1');
    expect(group().state).toBe('Reconciling');
    // It has not said yet that it did: nothing moves.
    expect(told(harness.beat('a', 2, { topicPartitions: partitions('orders', 0, 1, 2, 3) }))).toBeUndefined();
    expect(told(harness.beat('b', 3))).toBeUndefined();
    expect(harness.beat('a', 2, { topicPartitions: partitions('orders', 0, 1) }).memberEpoch).toBe(3);
    expect(told(harness.beat('b', 3))).toBe('orders-2 orders-3');
    expect(group().state).toBe('Stable');
  });

  test('that does not give up in its rebalance time-out is out', () => {
    harness.joinConsumer('a', ['orders'], { rebalanceTimeoutMs: 20_000 });
    harness.joinConsumer('b', ['orders']);
    harness.beat('a', 2);
    harness.advance(19_999);
    expect(harness.beat('a', 2).errorCode).toBe(0);
    harness.advance(1);
    expect(harness.beat('a', 2).errorCode).toBe(ErrorCode.UNKNOWN_MEMBER_ID);
    expect(told(harness.beat('b', 3))).toBe('orders-0 orders-1 orders-2 orders-3');
  });

  test('that is silent for its session is out; a heartbeat keeps it in', () => {
    harness.joinConsumer('a', ['orders']);
    harness.advance(SESSION_MS - 1);
    expect(harness.beat('a', 2).errorCode).toBe(0);
    harness.advance(SESSION_MS - 1);
    expect(group().size).toBe(1);
    harness.advance(1);
    expect(group().state).toBe('Empty');
    expect(harness.beat('a', 2).errorCode).toBe(ErrorCode.UNKNOWN_MEMBER_ID);
  });

  test('has the session of its group’s own configuration, within the broker’s bounds', () => {
    const configs = (text: string) =>
      new Map([[configKey('group', 'g'), new Map([['consumer.session.timeout.ms', text]])]]);
    harness.image = { ...harness.image, configs: configs('50000') };
    harness.joinConsumer('a', ['orders']);
    harness.advance(49_999);
    expect(group().size).toBe(1);
    harness.advance(1);
    expect(group().size).toBe(0);
    harness.image = { ...harness.image, configs: configs('999999') };
    harness.joinConsumer('a', ['orders']);
    harness.advance(60_000);
    expect(group().size).toBe(0);
  });

  test('leaves, and the others get what it had', () => {
    harness.joinConsumer('a', ['orders']);
    harness.joinConsumer('b', ['orders']);
    expect(harness.beat('a', -1)).toMatchObject({ errorCode: 0, memberId: 'a', memberEpoch: -1 });
    expect(told(harness.beat('b', 3))).toBe('orders-0 orders-1 orders-2 orders-3');
    expect(harness.beat('a', -1).errorCode).toBe(ErrorCode.UNKNOWN_MEMBER_ID);
  });

  test('that missed an answer comes with its former epoch; one that is further behind is fenced', () => {
    harness.joinConsumer('a', ['orders']);
    harness.joinConsumer('b', ['orders']);
    harness.beat('a', 2);
    harness.beat('a', 2, { topicPartitions: partitions('orders', 0, 1) });
    expect(harness.beat('a', 2, { topicPartitions: partitions('orders', 0, 1) })).toMatchObject({ memberEpoch: 3 });
    expect(harness.beat('a', 2, { topicPartitions: partitions('orders', 0, 3) }).errorCode).toBe(
      ErrorCode.FENCED_MEMBER_EPOCH,
    );
    expect(harness.beat('a', 2).errorCode).toBe(ErrorCode.FENCED_MEMBER_EPOCH);
    expect(harness.beat('a', 4).errorCode).toBe(ErrorCode.FENCED_MEMBER_EPOCH);
    harness.joinConsumer('c', ['orders']);
    harness.beat('a', 3);
    harness.beat('a', 3, { topicPartitions: partitions('orders', 0) });
    expect(harness.beat('a', 2, { topicPartitions: partitions('orders', 0) }).errorCode).toBe(
      ErrorCode.FENCED_MEMBER_EPOCH,
    );
  });

  test('joins again with epoch 0 and is told everything', () => {
    harness.joinConsumer('a', ['orders']);
    expect(told(harness.joinConsumer('a', ['orders']))).toBe('orders-0 orders-1 orders-2 orders-3');
    expect(group().size).toBe(1);
  });

  test('gives up at once what it does not subscribe to any more', () => {
    harness.joinConsumer('a', ['orders', 'bills']);
    harness.joinConsumer('b', ['bills']);
    const reply = harness.beat('a', 2, { subscribedTopicNames: ['orders'] });
    expect(told(reply)).toBe('orders-0 orders-1 orders-2 orders-3');
  });

  test('is told of partitions and topics that come', () => {
    harness.joinConsumer('a', ['orders', 'later']);
    harness.setTopics({ orders: 5, bills: 2, later: 1 });
    const reply = harness.beat('a', 2);
    expect(reply.memberEpoch).toBe(3);
    expect(told(reply)).toBe('later-0 orders-0 orders-1 orders-2 orders-3 orders-4');
    harness.setTopics({ bills: 2, later: 1 });
    expect(told(harness.beat('a', 3))).toBe('later-0');
  });
});

describe('assignments', () => {
  test('are made at most once in the interval', () => {
    harness = new ShardHarness({ consumer: { ...consumer, assignmentIntervalMs: 1000 } });
    harness.setTopics({ orders: 4 });
    harness.joinConsumer('a', ['orders']);
    harness.joinConsumer('b', ['orders']);
    expect(group()).toMatchObject({ state: 'Assigning', groupEpoch: 3, assignmentEpoch: 2 });
    harness.advance(999);
    expect(told(harness.beat('a', 2))).toBeUndefined();
    harness.advance(1);
    expect(told(harness.beat('a', 2))).toBe('orders-0 orders-1');
  });

  test('are made by the assignor that most ask for', () => {
    harness.setTopics({ orders: 3, bills: 3 });
    const range = { serverAssignor: 'range' };
    harness.joinConsumer('a', ['orders', 'bills'], range);
    harness.joinConsumer('b', ['orders', 'bills'], range);
    expect(named(group().target('a'))).toBe('bills-0 bills-1 orders-0 orders-1');
    const described = harness.reply(harness.send({ type: 'consumer-describe', groupId: 'g' }), 'consumer-describe');
    expect(described).toMatchObject({ errorCode: 0, assignorName: 'range', groupEpoch: 3, assignmentEpoch: 3 });
    expect(harness.joinConsumer('c', ['orders'], { serverAssignor: 'mine' })).toMatchObject({
      errorCode: ErrorCode.UNSUPPORTED_ASSIGNOR,
      memberId: null,
    });
  });
});

describe('a static member', () => {
  const asI1 = { instanceId: 'i1' };

  test('leaves for a while and comes back under another id to what it had', () => {
    harness.joinConsumer('a', ['orders'], asI1);
    expect(harness.beat('a', -2, asI1)).toMatchObject({ errorCode: 0, memberEpoch: -2 });
    const epoch = group().groupEpoch;
    expect(told(harness.joinConsumer('b', ['orders'], asI1))).toBe('orders-0 orders-1 orders-2 orders-3');
    expect(group()).toMatchObject({ groupEpoch: epoch, size: 1 });
    expect(harness.beat('a', 2, asI1).errorCode).toBe(ErrorCode.FENCED_INSTANCE_ID);
  });

  test('is out when it stays away', () => {
    harness.joinConsumer('a', ['orders'], asI1);
    harness.beat('a', -2, asI1);
    harness.advance(SESSION_MS);
    expect(group().state).toBe('Empty');
  });

  test('keeps its place from another one until it has left', () => {
    harness.joinConsumer('a', ['orders'], asI1);
    expect(harness.joinConsumer('b', ['orders'], asI1).errorCode).toBe(ErrorCode.UNRELEASED_INSTANCE_ID);
    expect(harness.beat('b', 2, { instanceId: 'i2' }).errorCode).toBe(ErrorCode.UNKNOWN_MEMBER_ID);
    expect(harness.beat('b', -1, asI1).errorCode).toBe(ErrorCode.FENCED_INSTANCE_ID);
    expect(harness.beat('a', -1, asI1).errorCode).toBe(0);
    expect(harness.joinConsumer('b', ['orders'], asI1).errorCode).toBe(0);
  });
});

describe('a heartbeat is refused', () => {
  test.each([
    ['no member id', { memberId: '' }],
    ['no group id', { groupId: '' }],
    ['an empty instance id', { instanceId: '' }],
    ['an empty rack', { rackId: '' }],
    ['no rebalance time-out at a join', { rebalanceTimeoutMs: -1 }],
    ['partitions at a join', { topicPartitions: new Map([[topicIdOf('orders'), new Set([1])]]) }],
    ['no subscription at a join', { subscribedTopicNames: null }],
    ['a static good-bye without an instance id', { memberEpoch: -2 }],
    ['an epoch that there is not', { memberEpoch: -3 }],
  ])('for %s', (_what, fields) => {
    const reply = harness.joinConsumer('a', ['orders'], fields);
    expect(reply).toMatchObject({ errorCode: ErrorCode.INVALID_REQUEST, memberId: null });
    expect(reply.errorMessage).toMatch(/must|can|invalid/);
    expect(harness.log).toEqual([]);
  });

  test('where the group or the member is not there', () => {
    expect(harness.beat('a', 2).errorCode).toBe(ErrorCode.GROUP_ID_NOT_FOUND);
    expect(harness.beat('a', -1).errorCode).toBe(ErrorCode.GROUP_ID_NOT_FOUND);
    harness.joinConsumer('a', ['orders']);
    expect(harness.beat('b', 2).errorCode).toBe(ErrorCode.UNKNOWN_MEMBER_ID);
  });

  test('where the group is full; members and successors of static ones are let in', () => {
    harness = new ShardHarness({ consumer: { ...consumer, maxSize: 1 } });
    harness.setTopics({ orders: 4 });
    harness.joinConsumer('a', ['orders'], { instanceId: 'i1' });
    expect(harness.joinConsumer('b', ['orders']).errorCode).toBe(ErrorCode.GROUP_MAX_SIZE_REACHED);
    harness.beat('a', -2, { instanceId: 'i1' });
    expect(harness.joinConsumer('b', ['orders'], { instanceId: 'i1' }).errorCode).toBe(0);
  });
});

describe('regular expressions', () => {
  const byRegex = (regex: string) => ({ subscribedTopicRegex: regex });

  test('subscribe to what matches as a whole and may be seen', () => {
    harness.setTopics({ orders: 1, 'old-orders': 1, bills: 1 });
    expect(told(harness.joinConsumer('a', null, byRegex('orders|b.*')))).toBe('bills-0 orders-0');
    const mayDescribe = (topic: string) => topic !== 'bills';
    harness = new ShardHarness({ consumer });
    harness.setTopics({ orders: 1, bills: 1 });
    expect(told(harness.joinConsumer('a', null, { ...byRegex('.*'), mayDescribe }))).toBe('orders-0');
  });

  test('add to names', () => {
    expect(told(harness.joinConsumer('a', ['bills'], byRegex('ord.*')))).toBe(
      'bills-0 bills-1 orders-0 orders-1 orders-2 orders-3',
    );
    expect(told(harness.beat('a', 2, byRegex('')))).toBe('bills-0 bills-1');
    expect([...group().regexes()]).toEqual([]);
  });

  test('find new topics, not sooner than ten seconds after the last look', () => {
    harness.joinConsumer('a', null, byRegex('n.*'));
    harness.setTopics({ orders: 4, bills: 2, new: 1 });
    harness.advance(9999);
    expect(told(harness.beat('a', 2))).toBeUndefined();
    harness.advance(1);
    expect(told(harness.beat('a', 2))).toBe('new-0');
    expect(harness.replayed().durableSnapshot()).toEqual(harness.shard.durableSnapshot());
  });

  test('are refused where they cannot be understood', () => {
    expect(harness.joinConsumer('a', null, byRegex('(a'))).toMatchObject({
      errorCode: ErrorCode.INVALID_REGULAR_EXPRESSION,
      errorMessage: expect.stringContaining('(a'),
    });
    expect(harness.shard.consumerGroup('g')).toBeUndefined();
  });

  test('are refused where looking for their topics takes too long', () => {
    const long = fc.string({ unit: fc.constantFrom('a', 'b'), minLength: 60, maxLength: 60 });
    const names = fc.sample(long, { numRuns: 3000, seed: 1 });
    harness.setTopics(Object.fromEntries(names.map((name) => [name, 1])));
    expect(harness.joinConsumer('a', null, byRegex('(?:a|b)*a(?:a|b)*'))).toMatchObject({ errorCode: 0 });
    expect(harness.joinConsumer('b', null, byRegex('(?:a|b)*a(?:a|b){40}'))).toMatchObject({
      errorCode: ErrorCode.INVALID_REGULAR_EXPRESSION,
    });
  });
});

import { ErrorCode } from '@ks/protocol';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { brokerImage, clusterImage, partitionImage, topicImage } from '../../../tests/cluster-image.ts';
import { planAddition } from './added-partitions.ts';
import { collisionKey, topicNameFault } from './topic-names.ts';
import { type PlanningRules, planCreation, type TopicSpec } from './topics.ts';

const rules: PlanningRules = {
  defaultPartitionCount: 4,
  defaultReplicationFactor: 1,
  jointConfigFault: (configs) => (configs.has('a') && configs.has('b') ? 'not both' : undefined),
  configFault: (name, value) => (name.startsWith('bad') || value === null ? `${name} is not allowed` : undefined),
  placementStart: 0,
};
const spec = (fields: Partial<TopicSpec> = {}): TopicSpec => ({
  name: 'orders',
  partitionCount: -1,
  replicationFactor: -1,
  assignments: [],
  configs: [],
  ...fields,
});
const three = clusterImage([topicImage('there'), topicImage('with.dot')], {
  brokers: new Map([0, 1, 2].map((id) => [id, brokerImage(id, { fenced: id === 2, brokerEpoch: id === 2 ? -1 : 1 })])),
});
const codeOf = (planned: ReturnType<typeof planCreation> | ReturnType<typeof planAddition>) =>
  planned.type === 'refused' ? planned.errorCode : ErrorCode.NONE;
const create = (fields: Partial<TopicSpec>, taken?: ReadonlySet<string>) =>
  planCreation(spec(fields), three, rules, taken);

describe('a topic name', () => {
  test.each(['a', 'A.b_c-1', '__consumer_offsets', '...', 'x'.repeat(249)])('may be %s', (name) => {
    expect(topicNameFault(name)).toBeUndefined();
  });
  test.each(['', '.', '..', 'x'.repeat(250), 'a/b', 'a b', 'é', 'a\n', 'a:b', '🙂'])('may not be %j', (name) => {
    expect(topicNameFault(name)).toMatch(/topic/);
    expect(codeOf(create({ name }))).toBe(ErrorCode.INVALID_TOPIC_EXCEPTION);
  });
  test('collides where only "." and "_" differ', () => {
    fc.assert(
      fc.property(fc.stringMatching(/^[a-b._]{1,6}$/), fc.stringMatching(/^[a-b._]{1,6}$/), (a, b) => {
        expect(collisionKey(a) === collisionKey(b)).toBe(a.replace(/[._]/g, '#') === b.replace(/[._]/g, '#'));
      }),
    );
    expect(codeOf(create({ name: 'with_dot' }))).toBe(ErrorCode.INVALID_TOPIC_EXCEPTION);
    expect(codeOf(create({ name: 'new_one' }, new Set(['new.one'])))).toBe(ErrorCode.INVALID_TOPIC_EXCEPTION);
    expect(codeOf(create({ name: 'with_dots' }))).toBe(ErrorCode.NONE);
  });
});

describe('creating', () => {
  test('gives nothing to a broker that is about to stop while the others are enough', () => {
    const leaving = (id: number) => brokerImage(id, { inControlledShutdown: id === 1 });
    const image = clusterImage([], { brokers: new Map([0, 1, 2].map((id) => [id, leaving(id)])) });
    const replicasOf = (replicationFactor: number) => {
      const planned = planCreation(spec({ partitionCount: 4, replicationFactor }), image, rules);
      if (planned.type !== 'planned') throw new Error(planned.message);
      return planned.plan.partitions;
    };
    expect(replicasOf(2).flatMap(({ replicas }) => replicas)).not.toContain(1);
    const [all] = replicasOf(3);
    expect([all?.replicas.length, all?.isr]).toEqual([3, [0, 2]]);
  });

  test('uses the defaults, and every live broker in turn', () => {
    const planned = create({});
    if (planned.type !== 'planned') throw new Error(planned.message);
    expect(planned.plan.partitions.map((each) => each.replicas)).toEqual([[0], [1], [0], [1]]);
    expect(planned.plan.partitions.map((each) => each.leader)).toEqual([0, 1, 0, 1]);
    expect(planned.plan.replicationFactor).toBe(1);
  });

  test.each<[string, Partial<TopicSpec>, ErrorCode]>([
    ['an existing name', { name: 'there' }, ErrorCode.TOPIC_ALREADY_EXISTS],
    ["Kafka's own log", { name: '__cluster_metadata' }, ErrorCode.INVALID_REQUEST],
    ['no partitions', { partitionCount: 0 }, ErrorCode.INVALID_PARTITIONS],
    ['negative partitions', { partitionCount: -2 }, ErrorCode.INVALID_PARTITIONS],
    ['too many partitions', { partitionCount: 10_001 }, ErrorCode.POLICY_VIOLATION],
    ['no replicas', { replicationFactor: 0 }, ErrorCode.INVALID_REPLICATION_FACTOR],
    ['negative replicas', { replicationFactor: -2 }, ErrorCode.INVALID_REPLICATION_FACTOR],
    ['more replicas than live brokers', { replicationFactor: 3 }, ErrorCode.INVALID_REPLICATION_FACTOR],
    ['as many replicas as live brokers', { replicationFactor: 2 }, ErrorCode.NONE],
    ['a bad config', { configs: [{ name: 'bad', value: '1' }] }, ErrorCode.INVALID_CONFIG],
    ['a null config', { configs: [{ name: 'good', value: null }] }, ErrorCode.INVALID_CONFIG],
    [
      'a config twice',
      {
        configs: [
          { name: 'x', value: '1' },
          { name: 'x', value: '2' },
        ],
      },
      ErrorCode.INVALID_REQUEST,
    ],
  ])('with %s', (_what, fields, expected) => {
    expect(codeOf(create(fields))).toBe(expected);
  });

  const assign = (...replicas: number[][]) => ({
    assignments: replicas.map((brokerIds, partitionIndex) => ({ partitionIndex, brokerIds })),
  });
  test.each<[string, Partial<TopicSpec>, ErrorCode]>([
    ['a live one', assign([0], [1]), ErrorCode.NONE],
    ['a fenced replica beside a live one', assign([2, 0]), ErrorCode.NONE],
    ['a fenced replica alone', assign([2]), ErrorCode.INVALID_REPLICA_ASSIGNMENT],
    ['an unknown broker', assign([0], [7]), ErrorCode.INVALID_REPLICA_ASSIGNMENT],
    ['a broker twice', assign([0, 0]), ErrorCode.INVALID_REPLICA_ASSIGNMENT],
    ['unequal numbers of replicas', assign([0], [0, 1]), ErrorCode.INVALID_REPLICA_ASSIGNMENT],
    ['no replica', assign([]), ErrorCode.INVALID_REPLICA_ASSIGNMENT],
    ['a gap', { assignments: [{ partitionIndex: 1, brokerIds: [0] }] }, ErrorCode.INVALID_REPLICA_ASSIGNMENT],
    [
      'a partition twice',
      {
        assignments: [
          { partitionIndex: 0, brokerIds: [0] },
          { partitionIndex: 0, brokerIds: [1] },
        ],
      },
      ErrorCode.INVALID_REPLICA_ASSIGNMENT,
    ],
    ['a partition count', { ...assign([0]), partitionCount: 1 }, ErrorCode.INVALID_REQUEST],
    ['a replication factor', { ...assign([0]), replicationFactor: 1 }, ErrorCode.INVALID_REQUEST],
  ])('with an assignment to %s', (_what, fields, expected) => {
    expect(codeOf(create(fields))).toBe(expected);
  });

  test('leaves a fenced replica out of the in-sync set and never lets it lead', () => {
    const planned = create(assign([2, 1]));
    if (planned.type !== 'planned') throw new Error(planned.message);
    expect(planned.plan.partitions[0]).toMatchObject({ replicas: [2, 1], isr: [1], leader: 1, leaderEpoch: 0 });
  });

  test('keeps the configs it was given', () => {
    const planned = create({ configs: [{ name: 'retention.ms', value: '5' }] });
    if (planned.type !== 'planned') throw new Error(planned.message);
    expect(planned.plan.configs).toEqual(new Map([['retention.ms', '5']]));
  });
});

describe('adding partitions', () => {
  const image = clusterImage([topicImage('t', [partitionImage(0), partitionImage(1)])], { brokers: three.brokers });
  const add = (fields: Partial<Parameters<typeof planAddition>[0]>) =>
    planAddition({ name: 't', count: 4, assignments: null, ...fields }, image, rules);
  test.each<[string, Parameters<typeof add>[0], ErrorCode]>([
    ['to an unknown topic', { name: 'none' }, ErrorCode.UNKNOWN_TOPIC_OR_PARTITION],
    ['of the same number', { count: 2 }, ErrorCode.INVALID_PARTITIONS],
    ['of a smaller number', { count: 1 }, ErrorCode.INVALID_PARTITIONS],
    ['of a negative number', { count: -1 }, ErrorCode.INVALID_PARTITIONS],
    ['of too many', { count: 10_003 }, ErrorCode.POLICY_VIOLATION],
    ['with too few assignments', { assignments: [[0]] }, ErrorCode.INVALID_REPLICA_ASSIGNMENT],
    [
      'with another replication factor',
      {
        assignments: [
          [0, 1],
          [1, 0],
        ],
      },
      ErrorCode.INVALID_REPLICA_ASSIGNMENT,
    ],
    ['with an unknown broker', { assignments: [[0], [9]] }, ErrorCode.INVALID_REPLICA_ASSIGNMENT],
    ['with assignments', { assignments: [[1], [0]] }, ErrorCode.NONE],
    ['by number alone', {}, ErrorCode.NONE],
  ])('%s', (_what, fields, expected) => {
    expect(codeOf(add(fields))).toBe(expected);
  });

  test('plans only the new ones', () => {
    const planned = add({ assignments: [[1], [0]] });
    if (planned.type !== 'planned') throw new Error(planned.message);
    expect(planned.plan.partitions.map((each) => [each.leader, each.replicas])).toEqual([
      [1, [1]],
      [0, [0]],
    ]);
  });
});

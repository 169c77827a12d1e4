import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { brokerImage, clusterImage, partitionImage, topicImage } from '../../../tests/cluster-image.ts';
import { ModelStore } from '../../../tests/model-store.ts';
import { type StoreTransaction, TRANSACTION_LENGTH_MAX } from '../../ports/metadata-store.ts';
import { advance, leftoverPartitions, stateFromEntries } from '../metadata/apply.ts';
import { deletionKey, topicKey } from '../metadata/keys.ts';
import type { PartitionRecord } from '../metadata/records.ts';
import {
  additionTransactions,
  changeTransactions,
  creationTransactions,
  deletionTransaction,
  leftoverTransactions,
  sweepTransactions,
} from './transactions.ts';

const brokerIds = Array.from({ length: 60 }, (_, id) => id);
const image = clusterImage([], {
  controllerEpoch: 7,
  brokers: new Map(brokerIds.map((id) => [id, brokerImage(id, { brokerEpoch: 100 + id })])),
});
const record = (leader: number, followers = 0): PartitionRecord => {
  const replicas = Array.from({ length: followers + 1 }, (_, index) => (leader + index) % brokerIds.length);
  const {
    partitionIndex: _index,
    modRevision: _revision,
    ...rest
  } = partitionImage(0, { replicas, isr: replicas, leader });
  return rest;
};
const plan = (count: number, brokers = 1, followers = 0) => ({
  name: 't',
  partitions: Array.from({ length: count }, (_, index) => record(index % brokers, followers)),
  replicationFactor: followers + 1,
  configs: new Map([['retention.ms', '1']]),
});

function expectWithinLimits(transactions: readonly StoreTransaction[]): void {
  for (const { conditions, operations } of transactions) {
    expect(conditions.length).toBeLessThanOrEqual(TRANSACTION_LENGTH_MAX);
    expect(operations.length).toBeLessThanOrEqual(TRANSACTION_LENGTH_MAX);
    expect(operations.length).toBeGreaterThan(0);
    expect(conditions[0]).toEqual({ key: 'controller', createRevision: 7 });
  }
}

describe('creating a topic', () => {
  test('never exceeds the limits of a transaction, and the topic key comes last', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 1, max: 700 }),
        fc.integer({ min: 1, max: 60 }),
        fc.nat(4),
        (count, brokers, followers) => {
          const transactions = creationTransactions(plan(count, brokers, followers), 'id', image);
          expectWithinLimits(transactions);
          const written = transactions.flatMap((each) => each.operations.map((operation) => operation.key));
          expect(written.filter((key) => key.startsWith('partitions/id/'))).toHaveLength(count);
          expect(written.at(-1)).toBe('topics/t');
        },
      ),
    );
  });

  test('of a few partitions is one transaction', () => {
    expect(creationTransactions(plan(50), 'id', image)).toHaveLength(1);
  });

  test('compares each key, the topic, and the lives of the brokers that shall be in sync', () => {
    const [transaction] = creationTransactions(plan(2, 2, 1), 'id', image);
    expect(transaction?.conditions).toEqual([
      { key: 'controller', createRevision: 7 },
      { key: 'live/0', createRevision: 100 },
      { key: 'live/1', createRevision: 101 },
      { key: 'live/2', createRevision: 102 },
      { key: 'partitions/id/0', modRevision: 0 },
      { key: 'partitions/id/1', modRevision: 0 },
      { key: 'topics/t', modRevision: 0 },
    ]);
  });

  test('cut short shows nothing, and what is left can be swept', () => {
    const store = new ModelStore();
    const transactions = creationTransactions(plan(250), 'id', image);
    for (const { operations } of transactions.slice(0, -1)) store.write(...operations);
    const state = stateFromEntries(store.sorted(), store.revision);
    expect(state.image.topicsByName.size).toBe(0);
    expect([...leftoverPartitions(state).keys()]).toEqual(['id']);
    const sweep = leftoverTransactions('id', leftoverPartitions(state).get('id') ?? [], image);
    expectWithinLimits(sweep);
    for (const { operations } of sweep) store.write(...operations);
    expect(store.sorted()).toEqual([]);
  });
});

test('a life of a topic: created, extended, deleted, swept', () => {
  const store = new ModelStore();
  const write = (transactions: readonly StoreTransaction[]) => {
    expectWithinLimits(transactions);
    for (const { operations } of transactions) store.write(...operations);
    return stateFromEntries(store.sorted(), store.revision).image;
  };
  const created = write(creationTransactions(plan(150), 'id', image)).topicsByName.get('t');
  expect(created?.partitions).toHaveLength(150);
  if (created === undefined) return;
  const extended = write(
    additionTransactions({ topic: created, partitions: plan(120).partitions }, image),
  ).topicsByName.get('t');
  expect(extended?.partitions).toHaveLength(270);
  if (extended === undefined) return;
  const deleted = write([deletionTransaction(extended, image)]);
  expect(deleted.topicsByName.size + deleted.configs.size).toBe(0);
  expect(deleted.deletions.get('id')).toMatchObject({ name: 't', partitionCount: 270 });
  write(
    sweepTransactions(
      'id',
      Array.from({ length: 270 }, (_, index) => index),
      image,
    ),
  );
  expect([...store.entries.keys()]).toEqual([]);
});

test('deleting compares the topic itself, so that a topic created anew under the name survives', () => {
  const topic = topicImage('t');
  expect(deletionTransaction(topic, image).conditions).toContainEqual({
    key: topicKey('t'),
    modRevision: topic.modRevision,
  });
  expect(deletionTransaction(topic, image).operations.at(-1)).toMatchObject({ key: deletionKey(topic.topicId) });
});

test('changed partitions compare their own revision and the life of the leader, 100 at a time', () => {
  const changes = Array.from({ length: 230 }, (_, index) => {
    const from = partitionImage(index, { leader: 0, modRevision: 50 + index });
    return { topicId: 'id', from, to: { ...record(3), leaderEpoch: 1 } };
  });
  const transactions = changeTransactions(changes, image);
  expectWithinLimits(transactions);
  expect(transactions.map((each) => each.operations.length)).toEqual([100, 100, 30]);
  expect(transactions[0]?.conditions.slice(0, 3)).toEqual([
    { key: 'controller', createRevision: 7 },
    { key: 'live/3', createRevision: 103 },
    { key: 'partitions/id/0', modRevision: 50 },
  ]);
  expect(changeTransactions([], image)).toEqual([]);
});

test('a changed partition compares the lives of all in-sync and eligible replicas: one born anew meanwhile may have lost its tail', () => {
  const dead = new Map(image.brokers).set(5, brokerImage(5, { fenced: true, brokerEpoch: -1 }));
  const to = { ...record(3), isr: [3, 4], elr: [5] };
  const [transaction] = changeTransactions([{ topicId: 'id', from: partitionImage(0), to }], {
    ...image,
    brokers: dead,
  });
  expect(transaction?.conditions.slice(1, 4)).toEqual([
    { key: 'live/3', createRevision: 103 },
    { key: 'live/4', createRevision: 104 },
    { key: 'live/5', createRevision: 0 },
  ]);
});

test('a state that follows the transactions one by one ends as the one read afresh', () => {
  const store = new ModelStore();
  let state = stateFromEntries([], 0);
  for (const { operations } of creationTransactions(plan(250), 'id', image))
    state = advance(state, [store.write(...operations)]);
  expect(state).toEqual(stateFromEntries(store.sorted(), store.revision));
});

test('partitions that an addition left behind are found, and swept only as they were found', () => {
  const store = new ModelStore();
  for (const { operations } of creationTransactions(plan(2), 'id', image)) store.write(...operations);
  const topic = stateFromEntries(store.sorted(), store.revision).image.topicsByName.get('t');
  if (topic === undefined) throw new Error('the topic was not created');
  const addition = additionTransactions({ topic, partitions: plan(150).partitions }, image);
  store.write(...(addition[0]?.operations ?? []));
  const leftovers = leftoverPartitions(stateFromEntries(store.sorted(), store.revision)).get('id') ?? [];
  expect(leftovers.map((each) => each.partitionIndex)).toEqual(Array.from({ length: 100 }, (_, index) => index + 2));
  const sweep = leftoverTransactions('id', leftovers, image);
  expectWithinLimits(sweep);
  expect(sweep[0]?.conditions).toContainEqual({ key: 'partitions/id/2', modRevision: store.revision });
});

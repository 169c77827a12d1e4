import type { StoreCondition, StoreOperation, StoreTransaction } from '../../ports/metadata-store.ts';
import type { ClusterImage, PartitionImage, TopicImage } from '../metadata/image.ts';
import { CLUSTER_KEY, CONTROLLER_KEY, configsKey, deletionKey, partitionKey, topicKey } from '../metadata/keys.ts';
import { lifeConditions } from '../metadata/lives.ts';
import { FORMAT_VERSION, type PartitionRecord, writeRecord } from '../metadata/records.ts';
import type { AdditionPlan } from './added-partitions.ts';
import type { ConfigPlan } from './config-changes.ts';
import type { CreationPlan } from './topics.ts';

/** Most partition keys of one transaction: etcd refuses more than 128 operations or conditions. */
export const PARTITION_KEYS_MAX = 100;
/** Room for the controller's own condition and those on live brokers and on the topic. */
const CONDITIONS_MAX = 128 - 4;

/**
 * Transactions in the order in which they must be committed, each only after the one before it was answered `ok`. The last is
 * the commit point: until then no image shows anything of it.
 */
export type TransactionSequence = readonly StoreTransaction[];

/** What every write of the controller compares: that it still is the controller. */
export function controllerCondition(image: ClusterImage): StoreCondition {
  return { key: CONTROLLER_KEY, createRevision: image.controllerEpoch };
}

/** Partition keys first, then the topic with its configuration. */
export function creationTransactions(plan: CreationPlan, topicId: string, image: ClusterImage): TransactionSequence {
  const topic: StoreTransaction = {
    conditions: [{ key: topicKey(plan.name), modRevision: 0 }],
    operations: [
      ...(plan.configs.size === 0 ? [] : [put(configsKey('topic', plan.name), writeRecord(plan.configs))]),
      put(topicKey(plan.name), writeRecord({ topicId, partitionCount: plan.partitions.length })),
    ],
  };
  return inOrder(newKeys(topicId, 0, plan.partitions), topic, image);
}

/** The new partitions' keys first, then the topic's new partition count. */
export function additionTransactions(plan: AdditionPlan, image: ClusterImage): TransactionSequence {
  const { name, topicId, partitions, modRevision } = plan.topic;
  const partitionCount = partitions.length + plan.partitions.length;
  const topic: StoreTransaction = {
    conditions: [{ key: topicKey(name), modRevision }],
    operations: [put(topicKey(name), writeRecord({ topicId, partitionCount }))],
  };
  return inOrder(newKeys(topicId, partitions.length, plan.partitions), topic, image);
}

/** Takes the name and the configuration away and leaves a deletion, whose partition keys are swept afterwards. */
export function deletionTransaction(topic: TopicImage, image: ClusterImage): StoreTransaction {
  const deletion = writeRecord({ name: topic.name, partitionCount: topic.partitions.length });
  return {
    conditions: [controllerCondition(image), { key: topicKey(topic.name), modRevision: topic.modRevision }],
    operations: [
      { type: 'delete', key: topicKey(topic.name) },
      { type: 'delete', key: configsKey('topic', topic.name) },
      put(deletionKey(topic.topicId), deletion),
    ],
  };
}

/** Writes all overrides of a resource. Whoever commits it makes sure that no other change of the resource is under way. */
export function configTransaction({ type, name, configs }: ConfigPlan, image: ClusterImage): StoreTransaction {
  const key = configsKey(type, name);
  // A topic that goes meanwhile must not leave a configuration behind for the next of its name.
  const topic = type === 'topic' ? image.topicsByName.get(name) : undefined;
  const stays = topic === undefined ? [] : [{ key: topicKey(name), modRevision: topic.modRevision }];
  return {
    conditions: [controllerCondition(image), ...stays],
    operations: [configs.size === 0 ? { type: 'delete', key } : put(key, writeRecord(configs))],
  };
}

/** Writes the finalized levels of all features. Whoever commits it makes sure that no other change of them is under way. */
export function featuresTransaction(features: ReadonlyMap<string, number>, image: ClusterImage): StoreTransaction {
  const { clusterId } = image;
  return {
    conditions: [controllerCondition(image)],
    operations: [put(CLUSTER_KEY, writeRecord({ clusterId, formatVersion: FORMAT_VERSION, features }))],
  };
}

/** Removes partition keys that no topic shows any more, and then the deletion that names them. */
export function sweepTransactions(
  topicId: string,
  partitionIndexes: Iterable<number>,
  image: ClusterImage,
): TransactionSequence {
  const keys = [...partitionIndexes].map(
    (index): StoreOperation => ({ type: 'delete', key: partitionKey(topicId, index) }),
  );
  const operations: readonly StoreOperation[] = [...keys, { type: 'delete', key: deletionKey(topicId) }];
  const transactions: StoreTransaction[] = [];
  for (let from = 0; from < operations.length; from += PARTITION_KEYS_MAX) {
    transactions.push({
      conditions: [controllerCondition(image)],
      operations: operations.slice(from, from + PARTITION_KEYS_MAX),
    });
  }
  return transactions;
}

/** Removes partitions that no image shows, as they were found: one that was written since is not touched. */
export function leftoverTransactions(
  topicId: string,
  leftovers: readonly PartitionImage[],
  image: ClusterImage,
): TransactionSequence {
  const transactions: StoreTransaction[] = [];
  for (let from = 0; from < leftovers.length; from += PARTITION_KEYS_MAX) {
    const found = leftovers.slice(from, from + PARTITION_KEYS_MAX).map(({ partitionIndex, modRevision }) => ({
      key: partitionKey(topicId, partitionIndex),
      modRevision,
    }));
    transactions.push({
      conditions: [controllerCondition(image), ...found],
      operations: found.map(({ key }) => ({ type: 'delete', key })),
    });
  }
  return transactions;
}

/** A partition's next record, and the image that the decision was made from. */
export interface PartitionChange {
  readonly topicId: string;
  readonly from: PartitionImage;
  readonly to: PartitionRecord;
}

/** Changes of partitions; they do not depend on each other, so the transactions may be committed at once. */
export function changeTransactions(
  changes: readonly PartitionChange[],
  image: ClusterImage,
): readonly StoreTransaction[] {
  const writes = changes.map(({ topicId, from, to }): PartitionWrite => {
    return {
      key: partitionKey(topicId, from.partitionIndex),
      record: to,
      modRevision: from.modRevision,
      compared: [...to.isr, ...to.elr],
    };
  });
  return grouped(writes, image);
}

/** One partition key to be written, and the brokers that must still live (or be dead) as when the decision was made. */
interface PartitionWrite {
  readonly key: string;
  readonly record: PartitionRecord;
  readonly modRevision: number;
  readonly compared: readonly number[];
}

function newKeys(
  topicId: string,
  firstIndex: number,
  partitions: readonly PartitionRecord[],
): readonly PartitionWrite[] {
  return partitions.map((record, index) => ({
    key: partitionKey(topicId, firstIndex + index),
    record,
    modRevision: 0,
    compared: record.isr,
  }));
}

/** The writes in groups, the last one together with `commitPoint` where that fits. */
function inOrder(
  writes: readonly PartitionWrite[],
  commitPoint: StoreTransaction,
  image: ClusterImage,
): TransactionSequence {
  const groups = grouped(writes, image);
  const last = groups.at(-1);
  if (last === undefined)
    return [{ ...commitPoint, conditions: [controllerCondition(image), ...commitPoint.conditions] }];
  const merged: StoreTransaction = {
    conditions: [...last.conditions, ...commitPoint.conditions],
    operations: [...last.operations, ...commitPoint.operations],
  };
  return [...groups.slice(0, -1), merged];
}

function grouped(writes: readonly PartitionWrite[], image: ClusterImage): readonly StoreTransaction[] {
  const transactions: StoreTransaction[] = [];
  let group: PartitionWrite[] = [];
  let brokers = new Set<number>();
  const end = () => {
    if (group.length > 0) transactions.push(transactionOf(group, brokers, image));
    group = [];
    brokers = new Set();
  };
  for (const write of writes) {
    const joined = new Set([...brokers, ...write.compared]);
    if (group.length === PARTITION_KEYS_MAX || group.length + 1 + joined.size > CONDITIONS_MAX) end();
    group.push(write);
    for (const id of write.compared) brokers.add(id);
  }
  end();
  return transactions;
}

function transactionOf(
  group: readonly PartitionWrite[],
  brokers: ReadonlySet<number>,
  image: ClusterImage,
): StoreTransaction {
  return {
    conditions: [
      controllerCondition(image),
      ...lifeConditions(brokers, image),
      ...group.map(({ key, modRevision }) => ({ key, modRevision })),
    ],
    operations: group.map(({ key, record }) => put(key, writeRecord(record))),
  };
}

function put(key: string, value: string): StoreOperation {
  return { type: 'put', key, value };
}

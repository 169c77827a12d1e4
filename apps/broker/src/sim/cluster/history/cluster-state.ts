import { liveKey, registrationKey } from '../../../core/metadata/keys.ts';
import { type PartitionRecord, registrationFormat } from '../../../core/metadata/records.ts';
import { readRecord } from '../../../core/metadata/value-format.ts';
import type { HostedPartition } from '../../../runtime/replica-manager.ts';
import type { ClusterWorld } from '../cluster-world.ts';
import type { Machine } from '../machine.ts';
import { recordOf } from './metadata-history.ts';

/** A partition as the store has it now. */
export interface StoredPartition {
  readonly topicId: string;
  readonly index: number;
  readonly record: PartitionRecord;
  readonly modRevision: number;
}

/** All partitions that the store has. */
export function storedPartitions({ storeServer }: ClusterWorld): readonly StoredPartition[] {
  return storeServer.entries('partitions/').map((entry) => {
    const [, topicId = '', index = ''] = entry.key.split('/');
    return { topicId, index: Number(index), record: recordOf(entry), modRevision: entry.modRevision };
  });
}

/** A broker as the store has it now; undefined while it is dead. */
export function storedLife(
  { storeServer }: ClusterWorld,
  brokerId: number,
): { readonly brokerEpoch: number; readonly uncleanBirth: boolean } | undefined {
  const live = storeServer.entries(liveKey(brokerId)).find(({ key }) => key === liveKey(brokerId));
  const key = registrationKey(brokerId);
  const entry = storeServer.entries(key).find((each) => each.key === key);
  if (live === undefined || entry === undefined) return undefined;
  const { uncleanBirth } = readRecord(key, entry.value, registrationFormat);
  return { brokerEpoch: live.createRevision, uncleanBirth };
}

/** Whether the store takes that replica for one that has all that was committed. */
export function isTrusted(world: ClusterWorld, { record, modRevision }: StoredPartition, brokerId: number): boolean {
  const life = storedLife(world, brokerId);
  if (life === undefined || !record.isr.includes(brokerId)) return false;
  return !life.uncleanBirth || modRevision > life.brokerEpoch;
}

/** The broker's replica of a partition, where its process has come so far as to host it. */
export function hostedOf(machine: Machine, { topicId, index }: StoredPartition): HostedPartition | undefined {
  if (machine.state === 'down' || machine.state === 'starting') return undefined;
  for (const each of machine.life?.broker.partitions() ?? []) {
    if (each.topicId === topicId && each.partitionIndex === index) return each;
  }
  return undefined;
}

/** Whether every broker serves, and every replica is in sync. */
export function isWhole(world: ClusterWorld): boolean {
  if (world.machines.some(({ state, isPaused }) => state !== 'up' || isPaused)) return false;
  return storedPartitions(world).every((stored) => {
    const { replicas, isr, leader } = stored.record;
    if (leader < 0 || isr.length !== replicas.length) return false;
    return replicas.every((id) => isTrusted(world, stored, id));
  });
}

/** Whether the broker serves, and its replicas are all in sync. */
export function isInSyncEverywhere(world: ClusterWorld, { brokerId, state }: Machine): boolean {
  if (state !== 'up') return false;
  const mine = storedPartitions(world).filter(({ record }) => record.replicas.includes(brokerId));
  return mine.every((stored) => isTrusted(world, stored, brokerId));
}

import { liveKey, registrationKey } from '../../../core/metadata/keys.ts';
import {
  type PartitionRecord,
  type RegistrationRecord,
  registrationFormat,
  uncleanEpochOf,
} from '../../../core/metadata/records.ts';
import { readRecord } from '../../../core/metadata/value-format.ts';
import type { StoredEntry } from '../../../ports/metadata-store.ts';
import type { HostedPartition } from '../../../runtime/replica-manager.ts';
import type { SimStoreServer } from '../../sim-store-server.ts';
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

/** What each store held at its newest revision. */
const newest = new WeakMap<
  SimStoreServer,
  { readonly revision: number; readonly partitions: readonly StoredPartition[] }
>();

/** All partitions that the store has. */
export function storedPartitions({ storeServer }: ClusterWorld): readonly StoredPartition[] {
  const { revision } = storeServer;
  const known = newest.get(storeServer);
  if (known?.revision === revision) return known.partitions;
  const partitions = storeServer.entries('partitions/').map((entry) => {
    const [, topicId = '', index = ''] = entry.key.split('/');
    return { topicId, index: Number(index), record: recordOf(entry), modRevision: entry.modRevision };
  });
  newest.set(storeServer, { revision, partitions });
  return partitions;
}

/** A broker as the store has it now; undefined while it is dead. */
export function storedLife(
  { storeServer }: ClusterWorld,
  brokerId: number,
): { readonly brokerEpoch: number; readonly uncleanEpoch: number } | undefined {
  const live = storeServer.entry(liveKey(brokerId));
  const entry = storeServer.entry(registrationKey(brokerId));
  if (live === undefined || entry === undefined) return undefined;
  return { brokerEpoch: live.createRevision, uncleanEpoch: uncleanEpochOf(registrationOf(entry), entry.modRevision) };
}

/** Entries are never changed, only replaced: each is read once. */
const registrations = new WeakMap<StoredEntry, RegistrationRecord>();

function registrationOf(entry: StoredEntry): RegistrationRecord {
  let record = registrations.get(entry);
  if (record === undefined) {
    record = readRecord(entry.key, entry.value, registrationFormat);
    registrations.set(entry, record);
  }
  return record;
}

/** Whether the store takes that replica for one that has all that was committed. */
export function isTrusted(world: ClusterWorld, { record, modRevision }: StoredPartition, brokerId: number): boolean {
  const life = storedLife(world, brokerId);
  if (life === undefined || !record.isr.includes(brokerId)) return false;
  return modRevision > life.uncleanEpoch;
}

/** The replicas that a broker hosts, by topic id and index; none until its process has come so far. */
export function hostedBy(machine: Machine): ReadonlyMap<string, HostedPartition> {
  if (machine.state === 'down' || machine.state === 'starting') return new Map();
  const hosted = [...(machine.life?.broker.partitions() ?? [])];
  return new Map(hosted.map((each) => [`${each.topicId} ${each.partitionIndex}`, each]));
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

import type { StoreCondition } from '../../ports/metadata-store.ts';
import type { BrokerImage, ClusterImage, PartitionImage } from './image.ts';
import { liveKey } from './keys.ts';

/** Alive and to stay: eligible to lead, to join in-sync sets and to get new replicas. */
export function isActive(broker: BrokerImage | undefined): broker is BrokerImage {
  return broker !== undefined && !broker.fenced && !broker.inControlledShutdown;
}

/**
 * The broker was born from an unclean stop after this record was written: what it had not synced is gone, even if it has died since, or
 * was born once more, cleanly. Whoever writes the record drops such a replica from the in-sync and the eligible ones: under a later record
 * nothing would tell any more.
 */
export function lostItsTail(
  brokerId: number,
  { modRevision }: Pick<PartitionImage, 'modRevision'>,
  brokers: ClusterImage['brokers'],
): boolean {
  const broker = brokers.get(brokerId);
  if (broker === undefined) return false;
  const { uncleanBirth, fenced, brokerEpoch, uncleanEpoch = -1 } = broker;
  return modRevision < (uncleanBirth && !fenced ? brokerEpoch : uncleanEpoch);
}

/**
 * That these brokers still live, or are still dead, as the image says. A partition's record is written under this for its leader
 * and for every in-sync or eligible replica: one that was born anew meanwhile may have lost its tail.
 */
export function lifeConditions(brokerIds: Iterable<number>, { brokers }: ClusterImage): readonly StoreCondition[] {
  return Array.from(new Set(brokerIds), (id) => ({
    key: liveKey(id),
    createRevision: Math.max(0, brokers.get(id)?.brokerEpoch ?? 0),
  }));
}

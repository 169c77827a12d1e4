import type { ClusterImage } from '../core/metadata/image.ts';
import type { LiveBrokers } from '../core/partition/followers.ts';

/** Brokers that are alive and not about to stop, with their epochs: who may join an ISR. */
export function liveBrokersOf({ brokers }: ClusterImage): LiveBrokers {
  const live = new Map<number, number>();
  for (const { brokerId, brokerEpoch, fenced, inControlledShutdown } of brokers.values()) {
    if (!fenced && !inControlledShutdown) live.set(brokerId, brokerEpoch);
  }
  return live;
}

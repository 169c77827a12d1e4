import type { ClusterImage } from '../core/metadata/image.ts';
import { isActive } from '../core/metadata/lives.ts';
import type { LiveBrokers } from '../core/partition/followers.ts';

/** Brokers that are alive and not about to stop, with their epochs: who may join an ISR. */
export function liveBrokersOf({ brokers }: ClusterImage): LiveBrokers {
  const live = new Map<number, number>();
  for (const broker of brokers.values()) if (isActive(broker)) live.set(broker.brokerId, broker.brokerEpoch);
  return live;
}

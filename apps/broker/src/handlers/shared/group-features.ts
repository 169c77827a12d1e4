import type { BrokerServices } from '../broker-services.ts';

/** Whether consumer groups (KIP-848) are switched on: by the cluster's `group.version` and by the broker's configuration. */
export function servesConsumerGroups(broker: Pick<BrokerServices, 'config' | 'metadata'>): boolean {
  const level = broker.metadata.image().features.get('group.version') ?? 0;
  return level >= 1 && broker.config.values['group.coordinator.rebalance.protocols'].includes('consumer');
}

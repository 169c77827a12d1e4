import type { BrokerEndpoint, BrokerImage, ClusterImage } from '../../core/metadata/image.ts';

/** A broker and where the clients of one listener reach it. */
export interface ReachableBroker {
  readonly broker: BrokerImage;
  readonly endpoint: BrokerEndpoint;
}

/** The brokers that have an address on the listener, by ascending id. Fenced ones only where asked for. */
export function reachableBrokers(
  image: ClusterImage,
  listenerName: string,
  includeFenced = false,
): readonly ReachableBroker[] {
  const found: ReachableBroker[] = [];
  for (const broker of image.brokers.values()) {
    if (broker.fenced && !includeFenced) continue;
    const endpoint = broker.endpoints.find((each) => each.listenerName === listenerName);
    if (endpoint !== undefined) found.push({ broker, endpoint });
  }
  return found.sort((a, b) => a.broker.brokerId - b.broker.brokerId);
}

import { type ClassicGroup, metadataOf } from './classic-group.ts';
import { CONSUMER_PROTOCOL_TYPE, subscriptionOf } from './consumer-protocol.ts';

/** The topics that a stable group of consumers subscribes to; undefined where that cannot be known. */
export function subscribedTopics(group: ClassicGroup): ReadonlySet<string> | undefined {
  if (group.protocolType !== CONSUMER_PROTOCOL_TYPE || group.state !== 'Stable') return undefined;
  const topics = new Set<string>();
  for (const member of group.members.values()) {
    // Where one cannot be read the group's offsets are all kept.
    const subscription = subscriptionOf(metadataOf(member, group.protocolName));
    if (subscription === undefined) return undefined;
    for (const topic of subscription.topics) topics.add(topic);
  }
  return topics;
}

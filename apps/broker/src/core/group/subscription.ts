import { codecOf, ConsumerProtocolSubscription, ProtocolError, Reader } from '@ks/protocol';
import { type ClassicGroup, metadataOf } from './classic-group.ts';

/** The protocol type of consumers, whose subscriptions the coordinator can read. */
export const CONSUMER_PROTOCOL_TYPE = 'consumer';

/** The topics that a stable group of consumers subscribes to; undefined where that cannot be known. */
export function subscribedTopics(group: ClassicGroup): ReadonlySet<string> | undefined {
  if (group.protocolType !== CONSUMER_PROTOCOL_TYPE || group.state !== 'Stable') return undefined;
  const topics = new Set<string>();
  for (const member of group.members.values()) {
    const subscribed = topicsOf(metadataOf(member, group.protocolName));
    if (subscribed === undefined) return undefined;
    for (const topic of subscribed) topics.add(topic);
  }
  return topics;
}

function topicsOf(metadata: Uint8Array): readonly string[] | undefined {
  try {
    const reader = new Reader(metadata);
    const version = Math.min(reader.int16(), ConsumerProtocolSubscription.versions.max);
    return codecOf(ConsumerProtocolSubscription, version).decode(reader).topics;
  } catch (error) {
    // A client may put anything there: then its group's offsets are all kept.
    if (error instanceof ProtocolError) return undefined;
    throw error;
  }
}

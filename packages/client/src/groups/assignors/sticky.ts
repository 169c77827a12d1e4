import { codecOf, joinFrame, ProtocolError, Reader, StickyAssignorUserData, Writer } from '@ks/protocol';
import type { TopicPartition } from '../../offsets/list-offsets.ts';
import { partitionsOf, topicsWithPartitions } from '../by-topic.ts';
import type { Assignor, Subscriber } from './assignor.ts';
import { balanced } from './balance.ts';

/** With the generation. */
const USER_DATA_VERSION = 1;

/**
 * As even as can be, and everybody keeps what they have as far as that allows. Everything is given up during a rebalance (eager): see
 * `cooperativeStickyAssignor` for one without that pause.
 */
export const stickyAssignor: Assignor = {
  name: 'sticky',
  userData: (owned, generationId) => stickyUserData(owned, generationId),
  assign: (subscribers, partitionCounts) => balanced(subscribers.map(withUserData), partitionCounts),
};

/**
 * As even as can be, and everybody keeps what they have as far as that allows. What goes to another member is given up first, and handed
 * out in the generation after (KIP-429); everything else is read on meanwhile.
 */
export const cooperativeStickyAssignor: Assignor = {
  name: 'cooperative-sticky',
  mode: 'cooperative',
  assign(subscribers, partitionCounts) {
    const assigned = balanced(subscribers, partitionCounts);
    const owners = new Map<string, string>();
    for (const { memberId, ownedPartitions } of subscribers) {
      for (const { topic, partition } of ownedPartitions) owners.set(`${topic} ${partition}`, memberId);
    }
    for (const [memberId, partitions] of assigned) {
      const free = partitions.filter(({ topic, partition }) => {
        const owner = owners.get(`${topic} ${partition}`);
        return owner === undefined || owner === memberId;
      });
      assigned.set(memberId, free);
    }
    return assigned;
  },
};

function stickyUserData(owned: readonly TopicPartition[], generation: number): Uint8Array {
  const writer = new Writer();
  const currentAssignment = topicsWithPartitions(owned);
  codecOf(StickyAssignorUserData, USER_DATA_VERSION).encode(writer, { currentAssignment, generation });
  return joinFrame(writer.finish());
}

/** The subscriber with what its user data says it had; what cannot be read says nothing. */
function withUserData(subscriber: Subscriber): Subscriber {
  const { userData } = subscriber;
  if (userData === null || userData.length === 0) return subscriber;
  for (const version of [USER_DATA_VERSION, 0]) {
    try {
      const told = codecOf(StickyAssignorUserData, version).decode(new Reader(userData));
      return { ...subscriber, ownedPartitions: partitionsOf(told.currentAssignment), generationId: told.generation };
    } catch (error) {
      if (!(error instanceof ProtocolError)) throw error;
    }
  }
  return subscriber;
}

import type { TopicPartition } from '../offsets/list-offsets.ts';

/** A member of a group, and the topics that it subscribes to. */
export interface Subscriber {
  readonly memberId: string;
  /** Orders static members among themselves. */
  readonly groupInstanceId: string | null;
  readonly topics: readonly string[];
}

/** Divides partitions among the members of a classic group. Every member's client must have one of the same name. */
export interface Assignor {
  /** As it goes over the wire: `range`. */
  readonly name: string;
  /** By member id; `partitionCounts` has every topic that exists. */
  assign(
    subscribers: readonly Subscriber[],
    partitionCounts: ReadonlyMap<string, number>,
  ): ReadonlyMap<string, readonly TopicPartition[]>;
}

/** Static members first, by their instance ids, which outlive restarts; then by member id. */
function ordered(subscribers: readonly Subscriber[]): readonly Subscriber[] {
  const key = ({ memberId, groupInstanceId }: Subscriber): string =>
    groupInstanceId === null ? `1${memberId}` : `0${groupInstanceId}`;
  return subscribers.toSorted((a, b) => (key(a) < key(b) ? -1 : 1));
}

function emptyAssignment(subscribers: readonly Subscriber[]): Map<string, TopicPartition[]> {
  return new Map(subscribers.map(({ memberId }) => [memberId, []]));
}

/** The topics that anybody subscribes to, by name. */
function topicsOf(subscribers: readonly Subscriber[]): readonly string[] {
  return [...new Set(subscribers.flatMap(({ topics }) => topics))].toSorted();
}

/** Each topic for itself, in stretches: partition 0 of every topic goes to the same member, so that joins work. */
export const rangeAssignor: Assignor = {
  name: 'range',
  assign(subscribers, partitionCounts) {
    const assigned = emptyAssignment(subscribers);
    for (const topic of topicsOf(subscribers)) {
      const members = ordered(subscribers.filter(({ topics }) => topics.includes(topic)));
      const count = partitionCounts.get(topic) ?? 0;
      const [each, rest] = [Math.floor(count / members.length), count % members.length];
      let next = 0;
      for (const [index, { memberId }] of members.entries()) {
        const end = next + each + (index < rest ? 1 : 0);
        for (; next < end; next += 1) assigned.get(memberId)?.push({ topic, partition: next });
      }
    }
    return assigned;
  },
};

/** All partitions of all topics in turn, so that no member has more than one more than another of the same topics. */
export const roundRobinAssignor: Assignor = {
  name: 'roundrobin',
  assign(subscribers, partitionCounts) {
    const assigned = emptyAssignment(subscribers);
    const members = ordered(subscribers);
    let turn = 0;
    for (const topic of topicsOf(subscribers)) {
      for (let partition = 0; partition < (partitionCounts.get(topic) ?? 0); partition += 1) {
        while (members[turn % members.length]?.topics.includes(topic) === false) turn += 1;
        const member = members[turn % members.length];
        if (member !== undefined) assigned.get(member.memberId)?.push({ topic, partition });
        turn += 1;
      }
    }
    return assigned;
  },
};

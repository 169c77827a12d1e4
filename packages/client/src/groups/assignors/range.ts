import { type Assignor, emptyAssignment, ordered, topicsOf } from './assignor.ts';

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

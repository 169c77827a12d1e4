import { type Assignor, emptyAssignment, ordered, topicsOf } from './assignor.ts';

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

import type { Instant } from '../../ports/clock.ts';
import type { Deadline } from '../replicated-state.ts';
import type { ConsumerGroup } from './consumer-group.ts';
import { deadlineKey } from './deadlines.ts';

/** The deadlines of a group that was read from the log: everyone's time begins anew. */
export function loadedDeadlines(group: ConsumerGroup, sessionTimeoutMs: number, now: Instant): readonly Deadline[] {
  const deadlines: Deadline[] = [];
  const { groupId } = group;
  for (const { memberId, classic, state, rebalanceTimeoutMs } of group.members()) {
    const sessionMs = classic?.sessionTimeoutMs ?? sessionTimeoutMs;
    deadlines.push({ key: deadlineKey('consumer-session', groupId, memberId), atMs: now.monotonicMs + sessionMs });
    if (state !== 'unrevoked-partitions') continue;
    deadlines.push({
      key: deadlineKey('consumer-rebalance', groupId, memberId),
      atMs: now.monotonicMs + rebalanceTimeoutMs,
    });
  }
  return deadlines;
}

import type { Instant } from '../../ports/clock.ts';
import { deadlineKey } from './deadlines.ts';
import type { GroupSoftChange, GroupView } from './group-shard.ts';

/** Lets the session of a classic group's member begin anew. */
export function keepAlive(
  view: GroupView,
  groupId: string,
  memberId: string,
  now: Instant,
): readonly GroupSoftChange[] {
  const member = view.group(groupId)?.members.get(memberId);
  // A new member's first join waits under a longer deadline of its own.
  if (member === undefined || member.isNew) return [];
  const atMs = now.monotonicMs + member.sessionTimeoutMs;
  return [{ type: 'deadlines', timers: [{ key: deadlineKey('session', groupId, memberId), atMs }] }];
}

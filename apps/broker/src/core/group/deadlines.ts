import type { TimeoutCommand } from './commands.ts';

/** What a group waits for: a member's heartbeat, an owner of a handed-out id, the joins or the syncs of a rebalance. */
export type DeadlineKind = 'session' | 'pending' | 'join' | 'sync' | ConsumerDeadlineKind;

/**
 * What a consumer group waits for of a member: its heartbeat, that it gives up partitions; of one that speaks the classic protocol, that
 * it joins again and asks for its assignment.
 */
export type ConsumerDeadlineKind = 'consumer-session' | 'consumer-rebalance' | 'consumer-join' | 'consumer-sync';

/** The name of a deadline; `memberId` is empty where it is the group's. */
export function deadlineKey(kind: DeadlineKind, groupId: string, memberId = ''): string {
  return JSON.stringify([kind, groupId, memberId]);
}

const consumerKinds: readonly ConsumerDeadlineKind[] = [
  'consumer-session',
  'consumer-rebalance',
  'consumer-join',
  'consumer-sync',
];

/** The names of every deadline that a member of a consumer group may have. */
export function consumerDeadlineKeys(groupId: string, memberId: string): readonly string[] {
  return consumerKinds.map((kind) => deadlineKey(kind, groupId, memberId));
}

/** The command for a deadline named by `deadlineKey`. */
export function timeoutCommand(key: string): TimeoutCommand {
  // Only `deadlineKey` makes keys.
  const [kind, groupId, memberId] = JSON.parse(key) as [DeadlineKind, string, string];
  switch (kind) {
    case 'session':
      return { type: 'session-expired', key, groupId, memberId };
    case 'pending':
      return { type: 'pending-expired', key, groupId, memberId };
    case 'join':
      return { type: 'join-expired', key, groupId };
    case 'sync':
      return { type: 'sync-expired', key, groupId };
    case 'consumer-session':
    case 'consumer-rebalance':
    case 'consumer-join':
    case 'consumer-sync':
      return { type: 'consumer-expired', key, groupId, memberId };
    default:
      return kind satisfies never;
  }
}

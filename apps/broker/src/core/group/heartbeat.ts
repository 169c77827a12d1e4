import { ErrorCode } from '@ks/protocol';
import type { ClassicGroup } from './classic-group.ts';
import type { HeartbeatCommand } from './commands.ts';
import { generationFault } from './membership.ts';

/** What a heartbeat is answered, and whether it keeps the member's session alive. */
export function heartbeat(
  group: ClassicGroup | undefined,
  command: HeartbeatCommand,
): { readonly errorCode: number; readonly alive: boolean } {
  if (group === undefined || group.state === 'Empty' || group.state === 'Dead') {
    return { errorCode: ErrorCode.UNKNOWN_MEMBER_ID, alive: false };
  }
  const errorCode = generationFault(group, command);
  if (errorCode !== ErrorCode.NONE) return { errorCode, alive: false };
  // A member may heartbeat between its join and its sync: that is no fault.
  const rebalancing = group.state === 'PreparingRebalance';
  return { errorCode: rebalancing ? ErrorCode.REBALANCE_IN_PROGRESS : ErrorCode.NONE, alive: true };
}

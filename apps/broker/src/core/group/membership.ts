import { ErrorCode } from '@ks/protocol';
import { type ClassicGroup, type Member, memberOfInstance } from './classic-group.ts';
import type { JoinCommand } from './commands.ts';

/** Why a member may not speak for itself, NONE if it may (KIP-345: an instance id belongs to one member). */
export function memberFault(group: ClassicGroup, memberId: string, groupInstanceId: string | null): number {
  if (groupInstanceId !== null) {
    const owner = memberOfInstance(group, groupInstanceId);
    if (owner === undefined) return ErrorCode.UNKNOWN_MEMBER_ID;
    return owner.memberId === memberId ? ErrorCode.NONE : ErrorCode.FENCED_INSTANCE_ID;
  }
  return group.members.has(memberId) ? ErrorCode.NONE : ErrorCode.UNKNOWN_MEMBER_ID;
}

/** Why a request of a member in a generation is refused, NONE if it is not. */
export function generationFault(
  group: ClassicGroup,
  asked: { readonly memberId: string; readonly groupInstanceId: string | null; readonly generationId: number },
): number {
  const errorCode = memberFault(group, asked.memberId, asked.groupInstanceId);
  if (errorCode !== ErrorCode.NONE) return errorCode;
  return asked.generationId === group.generationId ? ErrorCode.NONE : ErrorCode.ILLEGAL_GENERATION;
}

/** What a join says of its member. */
export function saidBy(
  command: JoinCommand,
): Pick<Member, 'clientId' | 'clientHost' | 'sessionTimeoutMs' | 'rebalanceTimeoutMs' | 'protocols'> {
  const { clientId, clientHost, sessionTimeoutMs, rebalanceTimeoutMs, protocols } = command;
  return { clientId, clientHost, sessionTimeoutMs, rebalanceTimeoutMs, protocols };
}

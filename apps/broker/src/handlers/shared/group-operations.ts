import type { AclOperation, RequestContext } from '../handler.ts';

/** What may be done with a group, and the bit of each in `authorizedOperations`. */
const groupOperations: readonly (readonly [AclOperation, number])[] = [
  ['READ', 3],
  ['DELETE', 6],
  ['DESCRIBE', 8],
  ['DESCRIBE_CONFIGS', 10],
  ['ALTER_CONFIGS', 11],
];

/** `authorizedOperations` where nobody asked for them. */
export const OPERATIONS_NOT_ASKED = -2147483648;

/** What the principal may do with the group (KIP-430), as bits. */
export function groupOperationBits(groupId: string, context: RequestContext): number {
  const allowed = groupOperations.filter(([operation]) => context.authorize(operation, 'GROUP', groupId));
  return allowed.reduce((bits, [, bit]) => bits | (1 << bit), 0);
}

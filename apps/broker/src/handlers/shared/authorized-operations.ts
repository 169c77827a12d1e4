import type { AclOperation, AclResourceType, RequestContext } from '../handler.ts';

/** What "not asked for" looks like on the wire. */
export const OPERATIONS_NOT_ASKED = -2147483648;

/** The protocol's number of each operation: its bit in the answer. */
const operationBits: Readonly<Partial<Record<AclOperation, number>>> = {
  READ: 3,
  WRITE: 4,
  CREATE: 5,
  DELETE: 6,
  ALTER: 7,
  DESCRIBE: 8,
  CLUSTER_ACTION: 9,
  DESCRIBE_CONFIGS: 10,
  ALTER_CONFIGS: 11,
  IDEMPOTENT_WRITE: 12,
};

const topicOperations: readonly AclOperation[] = [
  'READ',
  'WRITE',
  'CREATE',
  'DELETE',
  'ALTER',
  'DESCRIBE',
  'DESCRIBE_CONFIGS',
  'ALTER_CONFIGS',
];
const clusterOperations: readonly AclOperation[] = [
  'CREATE',
  'CLUSTER_ACTION',
  'DESCRIBE_CONFIGS',
  'ALTER_CONFIGS',
  'IDEMPOTENT_WRITE',
  'ALTER',
  'DESCRIBE',
];

/** The name of the one resource of type CLUSTER. */
export const CLUSTER_NAME = 'kafka-cluster';

/** What the principal may do to a topic, as the protocol's bit field (KIP-430). */
export function topicAuthorizedOperations(context: RequestContext, topic: string): number {
  return bitField(context, topicOperations, 'TOPIC', topic);
}

/** What the principal may do to the cluster, as the protocol's bit field (KIP-430); nothing for who may not even describe it. */
export function clusterAuthorizedOperations(context: RequestContext): number {
  if (!context.authorize('DESCRIBE', 'CLUSTER', CLUSTER_NAME)) return 0;
  return bitField(context, clusterOperations, 'CLUSTER', CLUSTER_NAME);
}

function bitField(
  context: RequestContext,
  operations: readonly AclOperation[],
  resourceType: AclResourceType,
  resourceName: string,
): number {
  let field = 0;
  for (const operation of operations) {
    const bit = operationBits[operation];
    if (bit !== undefined && context.authorize(operation, resourceType, resourceName)) field |= 1 << bit;
  }
  return field;
}

import { ErrorCode, ShareGroupDescribe } from '@ks/protocol';
import type { AdminOptions } from '../admin/admin-options.ts';
import { throwIfFailed } from '../admin/items.ts';
import type { Cluster } from '../cluster.ts';
import type { GroupDescription } from './describe-groups.ts';
import { unlessUnsupported } from './unless-unsupported.ts';

/** Undefined where the broker has no share groups, or this is none of them (KIP-932). */
export async function describeShareGroup(
  cluster: Cluster,
  groupId: string,
  coordinatorId: number,
  { signal }: AdminOptions,
): Promise<GroupDescription | undefined> {
  const body = { groupIds: [groupId], includeAuthorizedOperations: false };
  const answer = await unlessUnsupported(cluster.callBroker(coordinatorId, ShareGroupDescribe, body, { signal }));
  const group = answer?.groups[0];
  if (group === undefined || group.errorCode === ErrorCode.GROUP_ID_NOT_FOUND) return undefined;
  throwIfFailed(group);
  return {
    groupId,
    type: 'share',
    state: group.groupState,
    protocolType: 'share',
    assignor: group.assignorName,
    coordinatorId,
    members: group.members.map(({ memberId, clientId, clientHost, assignment }) => ({
      memberId,
      instanceId: null,
      clientId,
      clientHost,
      assignment: assignment.topicPartitions.flatMap(({ topicName: topic, partitions }) =>
        partitions.map((partition) => ({ topic, partition })),
      ),
    })),
  };
}

import { ErrorCode, StreamsGroupDescribe } from '@ks/protocol';
import type { AdminOptions } from '../admin/admin-options.ts';
import { throwIfFailed } from '../admin/items.ts';
import type { Cluster } from '../cluster.ts';
import type { GroupDescription, StreamsTask } from './describe-groups.ts';
import { unlessUnsupported } from './unless-unsupported.ts';

/** Undefined where the broker has no streams groups, or this is none of them (KIP-1071). */
export async function describeStreamsGroup(
  cluster: Cluster,
  groupId: string,
  coordinatorId: number,
  { signal }: AdminOptions,
): Promise<GroupDescription | undefined> {
  const body = { groupIds: [groupId], includeAuthorizedOperations: false };
  const answer = await unlessUnsupported(cluster.callBroker(coordinatorId, StreamsGroupDescribe, body, { signal }));
  const group = answer?.groups[0];
  if (group === undefined || group.errorCode === ErrorCode.GROUP_ID_NOT_FOUND) return undefined;
  throwIfFailed(group);
  return {
    groupId,
    type: 'streams',
    state: group.groupState,
    protocolType: 'streams',
    assignor: group.assignorName ?? '',
    coordinatorId,
    members: group.members.map(({ memberId, instanceId, clientId, clientHost, assignment }) => ({
      memberId,
      instanceId,
      clientId,
      clientHost,
      assignment: [],
      tasks: {
        active: tasksOf(assignment.activeTasks),
        standby: tasksOf(assignment.standbyTasks),
        warmup: tasksOf(assignment.warmupTasks),
      },
    })),
  };
}

function tasksOf(
  tasks: readonly { readonly subtopologyId: string; readonly partitions: readonly number[] }[],
): StreamsTask[] {
  return tasks.flatMap(({ subtopologyId, partitions }) =>
    partitions.map((partition) => ({ subtopologyId, partition })),
  );
}

import { LeaveGroup } from '@ks/protocol';
import type { AdminOptions } from '../admin/admin-options.ts';
import { outcomeOf, settleEach, throwIfFailed } from '../admin/items.ts';
import type { Cluster } from '../cluster.ts';
import { findCoordinator } from './coordinator.ts';
import { describeGroups } from './describe-groups.ts';

/** A member of a group: by its own name where it is static, else by the id that the group gave it. */
export type MemberToRemove = { readonly groupInstanceId: string } | { readonly memberId: string };

export interface RemoveMembersOptions extends AdminOptions {
  /** For the broker's log (KIP-800). */
  readonly reason?: string | undefined;
}

/** Members may be named since this version (KIP-345), with a reason since that. */
const MEMBERS_SINCE = 3;
const REASON_SINCE = 5;

/** Removes members, or all, from a group. Rejects with UNKNOWN_MEMBER_ID, GROUP_ID_NOT_FOUND. */
export async function removeGroupMembers(
  cluster: Cluster,
  groupId: string,
  members: readonly MemberToRemove[] | undefined,
  { signal, reason }: RemoveMembersOptions,
): Promise<void> {
  const wanted = members ?? (await everyone(cluster, groupId, { signal }));
  const identities = wanted.map((member) =>
    'groupInstanceId' in member
      ? { memberId: '', groupInstanceId: member.groupInstanceId }
      : { memberId: member.memberId, groupInstanceId: null },
  );
  type Identity = (typeof identities)[number];
  const ask = async (some: readonly Identity[]) => {
    const nodeId = await findCoordinator(cluster, groupId, signal);
    const body = (version: number) => ({
      groupId,
      members: some.map((member) => (version >= REASON_SINCE ? { ...member, reason: reason ?? null } : member)),
    });
    const answer = await cluster.callBroker(nodeId, LeaveGroup, body, { signal, atLeast: MEMBERS_SINCE });
    throwIfFailed(answer);
    return some.map(({ memberId, groupInstanceId }) => {
      const found = answer.members.find((one) =>
        groupInstanceId === null ? one.memberId === memberId : one.groupInstanceId === groupInstanceId,
      );
      return outcomeOf(found, () => undefined);
    });
  };
  const label = ({ memberId, groupInstanceId }: Identity): string => groupInstanceId ?? memberId;
  await settleEach(cluster, identities, ask, { signal, label });
}

async function everyone(cluster: Cluster, groupId: string, options: AdminOptions): Promise<MemberToRemove[]> {
  const [group] = await describeGroups(cluster, [groupId], options);
  return (group?.members ?? []).map(({ memberId, instanceId }) =>
    instanceId === null ? { memberId } : { groupInstanceId: instanceId },
  );
}

import {
  ConsumerGroupDescribe,
  DeleteGroups,
  DescribeGroups,
  ErrorCode,
  ListGroups,
  ProtocolError,
} from '@ks/protocol';
import type { AdminOptions } from '../admin/admin-options.ts';
import { atNodes, eachAlone, outcomeOf, settleEach, throwIfFailed } from '../admin/items.ts';
import type { Cluster } from '../cluster.ts';
import { errorFromCode } from '../kafka-error.ts';
import type { TopicPartition } from '../offsets/list-offsets.ts';
import { assignedPartitions } from './consumer-protocol-bytes.ts';
import { findCoordinator } from './coordinator.ts';
import { describeShareGroup } from './describe-share-group.ts';
import { describeStreamsGroup } from './describe-streams-group.ts';
import { unlessUnsupported } from './unless-unsupported.ts';

export interface GroupListing {
  readonly groupId: string;
  /** `classic`, `consumer`, `share`, `streams`; empty where the broker is too old to say. */
  readonly type: string;
  /** `Stable`, `Empty`, ...; empty where the broker is too old to say. */
  readonly state: string;
  /** What its members speak: `consumer`, `connect`; empty for a group that only committed. */
  readonly protocolType: string;
  /** The broker that coordinates it. */
  readonly coordinatorId: number;
}

export interface GroupMember {
  readonly memberId: string;
  readonly instanceId: string | null;
  readonly clientId: string;
  readonly clientHost: string;
  /** Empty where the group does not assign partitions. */
  readonly assignment: readonly TopicPartition[];
  /** Of a member of a streams group, in place of partitions (KIP-1071). */
  readonly tasks?: { readonly [kind in 'active' | 'standby' | 'warmup']: readonly StreamsTask[] } | undefined;
}

export interface StreamsTask {
  readonly subtopologyId: string;
  readonly partition: number;
}

export interface GroupDescription {
  readonly groupId: string;
  readonly type: 'classic' | 'consumer' | 'share' | 'streams';
  readonly state: string;
  readonly protocolType: string;
  /** Who assigns: `range`, `uniform`, ... */
  readonly assignor: string;
  readonly coordinatorId: number;
  readonly members: readonly GroupMember[];
}

const STATES_SINCE = 4;
const TYPES_SINCE = 5;

/** The groups of all brokers, by id. */
export async function listGroups(
  cluster: Cluster,
  options: AdminOptions & {
    readonly states?: readonly string[] | undefined;
    readonly types?: readonly string[] | undefined;
  },
): Promise<GroupListing[]> {
  const { states = [], types = [], signal } = options;
  const lower = (words: readonly string[]): string[] => words.map((word) => word.toLowerCase());
  await cluster.retrying(() => cluster.refresh([], signal), { signal });
  const listed = await Promise.all(
    [...cluster.view.brokers.keys()].map((nodeId) =>
      cluster.retrying(
        async () => {
          const response = await cluster.callBroker(
            nodeId,
            ListGroups,
            (version) => ({
              ...(version >= STATES_SINCE ? { statesFilter: [...states] } : {}),
              ...(version >= TYPES_SINCE ? { typesFilter: [...types] } : {}),
            }),
            { signal },
          );
          if (response.errorCode !== ErrorCode.NONE) throw errorFromCode(response.errorCode, undefined, {});
          return response.groups.map(({ groupId, protocolType, groupState: state, groupType: type }) => {
            return { groupId, type, state, protocolType, coordinatorId: nodeId };
          });
        },
        { signal },
      ),
    ),
  );
  return listed
    .flat()
    .filter(({ state }) => states.length === 0 || lower(states).includes(state.toLowerCase()))
    .filter(({ type }) => types.length === 0 || lower(types).includes(type.toLowerCase()))
    .toSorted((a, b) => (a.groupId < b.groupId ? -1 : 1));
}

/** Groups of every type and their members. Rejects with GROUP_ID_NOT_FOUND for one that does not exist. */
export function describeGroups(
  cluster: Cluster,
  groupIds: readonly string[],
  options: AdminOptions,
): Promise<GroupDescription[]> {
  const describeOne = async (groupId: string): Promise<GroupDescription> => {
    const nodeId = await findCoordinator(cluster, groupId, options.signal);
    for (const describe of [describeConsumerGroup, describeClassicGroup, describeShareGroup, describeStreamsGroup]) {
      const group = await describe(cluster, groupId, nodeId, options);
      if (group !== undefined) return group;
    }
    throw errorFromCode(ErrorCode.GROUP_ID_NOT_FOUND, `the group ${groupId} does not exist`, {});
  };
  return settleEach(cluster, groupIds, (some) => eachAlone(some, describeOne), { ...options, label: (id) => id });
}

/** Undefined where the broker has no such groups, or this is none of them (KIP-848). */
async function describeConsumerGroup(
  cluster: Cluster,
  groupId: string,
  coordinatorId: number,
  { signal }: AdminOptions,
): Promise<GroupDescription | undefined> {
  const body = { groupIds: [groupId], includeAuthorizedOperations: false };
  const response = await unlessUnsupported(cluster.callBroker(coordinatorId, ConsumerGroupDescribe, body, { signal }));
  const group = response?.groups[0];
  const isOther =
    group?.errorCode === ErrorCode.GROUP_ID_NOT_FOUND || group?.errorCode === ErrorCode.UNSUPPORTED_VERSION;
  if (group === undefined || isOther) return undefined;
  if (group.errorCode !== ErrorCode.NONE) throw errorFromCode(group.errorCode, group.errorMessage, {});
  return {
    groupId,
    type: 'consumer',
    state: group.groupState,
    protocolType: 'consumer',
    assignor: group.assignorName,
    coordinatorId,
    members: group.members.map(({ memberId, instanceId, clientId, clientHost, assignment }) => ({
      memberId,
      instanceId,
      clientId,
      clientHost,
      assignment: assignment.topicPartitions.flatMap(({ topicName: topic, partitions }) =>
        partitions.map((partition) => ({ topic, partition })),
      ),
    })),
  };
}

/** Undefined where there is no such group of this type. */
async function describeClassicGroup(
  cluster: Cluster,
  groupId: string,
  coordinatorId: number,
  { signal }: AdminOptions,
): Promise<GroupDescription | undefined> {
  const response = await cluster.callBroker(
    coordinatorId,
    DescribeGroups,
    (version) => ({ groups: [groupId], ...(version >= 3 ? { includeAuthorizedOperations: false } : {}) }),
    { signal },
  );
  const [group] = response.groups;
  // Before version 6 brokers answer a group that is not there as dead.
  const isOther = group?.errorCode === ErrorCode.GROUP_ID_NOT_FOUND || group?.groupState === 'Dead';
  if (group === undefined || isOther) return undefined;
  throwIfFailed(group);
  return {
    groupId,
    type: 'classic',
    state: group.groupState,
    protocolType: group.protocolType,
    assignor: group.protocolData,
    coordinatorId,
    members: group.members.map(({ memberId, groupInstanceId, clientId, clientHost, memberAssignment }) => ({
      memberId,
      instanceId: groupInstanceId,
      clientId,
      clientHost,
      assignment: group.protocolType === 'consumer' ? assignmentOf(memberAssignment) : [],
    })),
  };
}

/** What a member's bytes assign; nothing where they are not what consumers write. */
function assignmentOf(bytes: Uint8Array): TopicPartition[] {
  try {
    return assignedPartitions(bytes);
  } catch (error) {
    if (error instanceof ProtocolError) return [];
    throw error;
  }
}

/** Deletes groups without members. Rejects with NON_EMPTY_GROUP, GROUP_ID_NOT_FOUND. */
export async function deleteGroups(
  cluster: Cluster,
  groupIds: readonly string[],
  options: AdminOptions,
): Promise<void> {
  const ask = async (nodeId: number, some: readonly string[]) => {
    const { results } = await cluster.callBroker(nodeId, DeleteGroups, { groupsNames: some }, options);
    return some.map((id) =>
      outcomeOf(
        results.find(({ groupId }) => groupId === id),
        () => undefined,
      ),
    );
  };
  const nodeOf = (id: string): Promise<number> => findCoordinator(cluster, id, options.signal);
  await settleEach(cluster, groupIds, (some) => atNodes(some, nodeOf, ask), { ...options, label: (id) => id });
}

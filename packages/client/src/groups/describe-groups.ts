import {
  ConsumerGroupDescribe,
  DeleteGroups,
  DescribeGroups,
  ErrorCode,
  ListGroups,
  ProtocolError,
} from '@ks/protocol';
import type { AdminOptions } from '../admin/admin.ts';
import type { Cluster } from '../cluster.ts';
import { errorFromCode, KafkaError } from '../kafka-error.ts';
import type { TopicPartition } from '../offsets/list-offsets.ts';
import { assignedPartitions } from './consumer-protocol-bytes.ts';
import { atCoordinator } from './coordinator.ts';

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
}

export interface GroupDescription {
  readonly groupId: string;
  readonly type: 'classic' | 'consumer';
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

/** Groups and their members. Rejects with GROUP_ID_NOT_FOUND for one that does not exist. */
export function describeGroups(
  cluster: Cluster,
  groupIds: readonly string[],
  options: AdminOptions,
): Promise<GroupDescription[]> {
  return Promise.all(
    groupIds.map((groupId) =>
      atCoordinator(
        cluster,
        groupId,
        async (nodeId) =>
          (await describeConsumerGroup(cluster, groupId, nodeId, options)) ??
          (await describeClassicGroup(cluster, groupId, nodeId, options)),
        options,
      ),
    ),
  );
}

/** Undefined where the broker has no such groups, or this is none of them (KIP-848). */
async function describeConsumerGroup(
  cluster: Cluster,
  groupId: string,
  coordinatorId: number,
  { signal }: AdminOptions,
): Promise<GroupDescription | undefined> {
  const body = { groupIds: [groupId], includeAuthorizedOperations: false };
  const response = await cluster
    .callBroker(coordinatorId, ConsumerGroupDescribe, body, { signal })
    .catch((error: unknown) => {
      if (error instanceof KafkaError && error.code === ErrorCode.UNSUPPORTED_VERSION) return undefined;
      throw error;
    });
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

async function describeClassicGroup(
  cluster: Cluster,
  groupId: string,
  coordinatorId: number,
  { signal }: AdminOptions,
): Promise<GroupDescription> {
  const response = await cluster.callBroker(
    coordinatorId,
    DescribeGroups,
    (version) => ({ groups: [groupId], ...(version >= 3 ? { includeAuthorizedOperations: false } : {}) }),
    { signal },
  );
  const [group] = response.groups;
  if (group === undefined || group.errorCode !== ErrorCode.NONE) {
    throw errorFromCode(group?.errorCode ?? ErrorCode.GROUP_ID_NOT_FOUND, group?.errorMessage, {});
  }
  // Before version 6 brokers answer a group that is not there as dead.
  if (group.groupState === 'Dead') {
    throw errorFromCode(ErrorCode.GROUP_ID_NOT_FOUND, `the group ${groupId} does not exist`, {});
  }
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
  for (const groupId of groupIds) {
    await atCoordinator(
      cluster,
      groupId,
      async (nodeId) => {
        const response = await cluster.callBroker(nodeId, DeleteGroups, { groupsNames: [groupId] }, options);
        const [result] = response.results;
        if (result === undefined || result.errorCode === ErrorCode.NONE) return;
        throw errorFromCode(result.errorCode, result.errorMessage, {});
      },
      options,
    );
  }
}

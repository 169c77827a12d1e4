import { createHash } from 'node:crypto';
import {
  ConsumerGroupDescribe,
  CreateTopics,
  DeleteGroups,
  DescribeGroups,
  ErrorCode,
  errorByCode,
  FindCoordinator,
  ListGroups,
  Metadata,
  OffsetCommit,
  OffsetDelete,
  OffsetFetch,
  type RequestInput,
  ZERO_UUID,
} from '@ks/protocol';
import type { Wire } from '../transaction-rules/wire.ts';

export const words = (errorCode: number): string => errorByCode(errorCode).name;

/** What a coordinator answers while it loads: the same request is sent again. */
const PASSING: readonly number[] = [
  ErrorCode.COORDINATOR_LOAD_IN_PROGRESS,
  ErrorCode.COORDINATOR_NOT_AVAILABLE,
  ErrorCode.NOT_COORDINATOR,
];

const sleep = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));

/** Sends requests about groups and puts the answers into words; ids, which differ from run to run, are left out. */
export class Administrator {
  readonly wire: Wire;
  readonly #topicIds = new Map<string, string>();
  readonly topicNames = new Map<string, string>();

  constructor(wire: Wire) {
    this.wire = wire;
  }

  /** Creates topics (by name, partition counts) and waits until groups can be asked. */
  async prepare(topics: Readonly<Record<string, number>>): Promise<void> {
    const asked = Object.entries(topics).map(([name, numPartitions]) => ({
      ...{ name, numPartitions, replicationFactor: 1 },
      ...{ assignments: [], configs: [] },
    }));
    await this.wire.ask(CreateTopics, 7, { topics: asked, timeoutMs: 10_000, validateOnly: false });
    const named = Object.keys(topics).map((name) => ({ name, topicId: ZERO_UUID }));
    const described = await this.wire.ask(Metadata, 12, {
      topics: named,
      allowAutoTopicCreation: false,
      includeTopicAuthorizedOperations: false,
    });
    for (const { name, topicId } of described.topics) {
      this.#topicIds.set(name ?? '', topicId);
      this.topicNames.set(topicId, name ?? '');
    }
    const find = () => this.wire.ask(FindCoordinator, 4, { keyType: 0, coordinatorKeys: ['any'] });
    await this.again(find, (answer) => answer.coordinators[0]?.errorCode ?? 0);
  }

  /** A topic's id; one that nobody has for a topic that there is not. */
  topicId(name: string): string {
    const made = createHash('sha256').update(name).digest().subarray(0, 16).toString('base64url');
    return this.#topicIds.get(name) ?? made;
  }

  /** Asks until the answer's error is none of those that pass by themselves. */
  async again<T>(ask: () => Promise<T>, errorOf: (answer: T) => number): Promise<T> {
    for (let tries = 0; tries < 500; tries++) {
      const answer = await ask();
      if (!PASSING.includes(errorOf(answer))) return answer;
      await sleep(20);
    }
    throw new Error('a passing error does not pass');
  }

  /** OffsetCommit of partitions of `t`. */
  async commit(
    groupId: string,
    memberId: string,
    epoch: number,
    fields: {
      readonly version?: number;
      readonly partitions?: readonly number[];
      readonly offset?: number;
      readonly metadata?: string;
      readonly topic?: string;
      readonly groupInstanceId?: string | null;
    } = {},
  ): Promise<string> {
    const { version = 9, partitions = [0], offset = 7, metadata = '', topic = 't', groupInstanceId = null } = fields;
    const asked = partitions.map((partitionIndex) => ({
      ...{ partitionIndex, committedOffset: offset, committedMetadata: metadata },
      ...(version < 6 ? {} : { committedLeaderEpoch: -1 }),
    }));
    const named = version < 10 ? { name: topic } : { topicId: this.topicId(topic) };
    const body = {
      ...{ groupId, generationIdOrMemberEpoch: epoch, memberId },
      ...(version < 7 ? {} : { groupInstanceId }),
      topics: [{ ...named, partitions: asked }],
    };
    const answer = await this.wire.ask(OffsetCommit, version, body as RequestInput<typeof OffsetCommit>);
    const codes = answer.topics.flatMap((each) => each.partitions.map(({ errorCode }) => words(errorCode)));
    return codes.join('+');
  }

  /** OffsetFetch of partition 0 of `t`, or of all there is (`topics: null`). */
  async fetch(
    groupId: string,
    fields: {
      readonly version?: number;
      readonly all?: boolean;
      readonly memberId?: string;
      readonly epoch?: number;
      readonly topic?: string;
    } = {},
  ): Promise<string> {
    const { version = 9, all = false, memberId, epoch, topic = 't' } = fields;
    const named = version < 10 ? { name: topic } : { topicId: this.topicId(topic) };
    const topics = all ? null : [{ ...named, partitionIndexes: [0] }];
    const member = memberId === undefined ? {} : { memberId, memberEpoch: epoch ?? -1 };
    const body = version < 8 ? { groupId, topics } : { groups: [{ groupId, ...member, topics }] };
    const answer = await this.wire.ask(OffsetFetch, version, body as RequestInput<typeof OffsetFetch>);
    const group = version < 8 ? answer : answer.groups[0];
    if (group === undefined) return 'no answer';
    if (group.errorCode !== ErrorCode.NONE) return words(group.errorCode);
    const offsets = group.topics.flatMap((each) =>
      each.partitions.map(({ partitionIndex, committedOffset, errorCode }) =>
        errorCode === 0 ? `${partitionIndex}@${committedOffset}` : words(errorCode),
      ),
    );
    return offsets.length === 0 ? 'nothing' : offsets.sort().join(' ');
  }

  /** OffsetDelete of partition 0 of each topic. */
  async deleteOffsets(groupId: string, topics: readonly string[]): Promise<string> {
    const asked = topics.map((name) => ({ name, partitions: [{ partitionIndex: 0 }] }));
    const answer = await this.wire.ask(OffsetDelete, 0, { groupId, topics: asked });
    if (answer.errorCode !== ErrorCode.NONE) return words(answer.errorCode);
    const told = answer.topics.map(
      ({ name, partitions }) => `${name} ${words(partitions[0]?.errorCode ?? Number.NaN)}`,
    );
    return told.sort().join(', ');
  }

  async deleteGroup(groupId: string): Promise<string> {
    const { results } = await this.wire.ask(DeleteGroups, 2, { groupsNames: [groupId] });
    return words(results[0]?.errorCode ?? Number.NaN);
  }

  /** DescribeGroups */
  async describe(groupId: string, version = 6): Promise<string> {
    const { groups } = await this.wire.ask(DescribeGroups, version, { groups: [groupId] });
    const [group] = groups;
    if (group === undefined) return 'no answer';
    const { errorCode, groupState, protocolType, protocolData, members } = group;
    const told = `${groupState} ${protocolType || '-'} ${protocolData || '-'} ${members.length}`;
    return errorCode === ErrorCode.NONE ? told : `${words(errorCode)} ${told}`;
  }

  /** ConsumerGroupDescribe */
  async describeConsumer(groupId: string): Promise<string> {
    const { groups } = await this.wire.ask(ConsumerGroupDescribe, 1, {
      groupIds: [groupId],
      includeAuthorizedOperations: false,
    });
    const [group] = groups;
    if (group === undefined) return 'no answer';
    if (group.errorCode !== ErrorCode.NONE) return words(group.errorCode);
    const members = group.members.map((member) => {
      const count = (of: typeof member.assignment): number =>
        of.topicPartitions.reduce((sum, { partitions }) => sum + partitions.length, 0);
      const kind = member.memberType === 0 ? 'classic' : 'consumer';
      return `${kind} at ${member.memberEpoch} with ${count(member.assignment)} of ${count(member.targetAssignment)}`;
    });
    const { groupState, groupEpoch, assignmentEpoch, assignorName } = group;
    return `${groupState} at ${groupEpoch}, ${assignorName} at ${assignmentEpoch}, ${members.sort().join(', ') || 'nobody'}`;
  }

  /** ListGroups: state and type of the groups whose ids begin with `prefix`. */
  async list(
    prefix: string,
    filters: { readonly states?: readonly string[]; readonly types?: readonly string[] } = {},
  ) {
    const body = { statesFilter: [...(filters.states ?? [])], typesFilter: [...(filters.types ?? [])] };
    const { groups } = await this.wire.ask(ListGroups, 5, body);
    const found = groups.filter(({ groupId }) => groupId.startsWith(prefix));
    const told = found.map(
      (each) => `${each.groupId} ${each.groupType} ${each.groupState} ${each.protocolType || '-'}`,
    );
    return told.sort().join(', ') || 'none';
  }
}

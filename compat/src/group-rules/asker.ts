import {
  ConsumerGroupHeartbeat,
  ErrorCode,
  Heartbeat,
  JoinGroup,
  LeaveGroup,
  type RequestInput,
  SyncGroup,
} from '@ks/protocol';
import { Administrator, words } from './administrator.ts';
import { assignedTo, assignmentOf, subscriptionTo } from './consumer-bytes.ts';

type BeatFields = Partial<RequestInput<typeof ConsumerGroupHeartbeat>>;
type JoinFields = Partial<RequestInput<typeof JoinGroup>>;

/** What a ConsumerGroupHeartbeat was answered. */
export interface Beaten {
  /** The error, or epoch and number of partitions by topic where the answer has an assignment. */
  readonly told: string;
  readonly epoch: number;
  readonly memberId: string;
  /** Undefined where the answer has none. */
  readonly partitions: ReadonlyMap<string, readonly number[]> | undefined;
}

/** A member of a classic group as requests name it. */
export interface ClassicMember {
  readonly memberId: string;
  readonly generation: number;
}

/** Sends requests of members and puts the answers into words. */
export class GroupAsker extends Administrator {
  /** ConsumerGroupHeartbeat; says nothing new unless told to. `owns`: partition numbers of topic `t`. */
  async beat(
    groupId: string,
    memberId: string,
    memberEpoch: number,
    fields: BeatFields & { readonly owns?: readonly number[]; readonly version?: number } = {},
  ): Promise<Beaten> {
    const { owns, version = 1, ...rest } = fields;
    const topicPartitions =
      owns === undefined ? null : owns.length === 0 ? [] : [{ topicId: this.topicId('t'), partitions: [...owns] }];
    const body = { groupId, memberId, memberEpoch, topicPartitions, ...rest };
    const ask = () => this.wire.ask(ConsumerGroupHeartbeat, version, body);
    const answer = await this.again(ask, ({ errorCode }) => errorCode);
    const partitions =
      answer.assignment === null
        ? undefined
        : new Map(
            answer.assignment.topicPartitions.map(({ topicId, partitions: each }) => [
              this.topicNames.get(topicId) ?? '?',
              [...each].sort((a, b) => a - b),
            ]),
          );
    const told =
      answer.errorCode === ErrorCode.NONE
        ? `epoch ${answer.memberEpoch}${partitions === undefined ? '' : ` ${this.#counted(partitions)}`}`
        : words(answer.errorCode);
    return { told, epoch: answer.memberEpoch, memberId: answer.memberId ?? '', partitions };
  }

  /** A first heartbeat to topic `t`. */
  join(groupId: string, memberId: string, fields: Parameters<GroupAsker['beat']>[3] = {}): Promise<Beaten> {
    const first = { rebalanceTimeoutMs: 60_000, subscribedTopicNames: ['t'], owns: [] };
    return this.beat(groupId, memberId, 0, { ...first, ...fields });
  }

  #counted(partitions: ReadonlyMap<string, readonly number[]>): string {
    const counted = [...partitions].filter(([, each]) => each.length > 0).sort();
    return counted.length === 0 ? 'nothing' : counted.map(([topic, each]) => `${topic}x${each.length}`).join(' ');
  }

  /** JoinGroup of a consumer of topic `t`, with the assignor `range`. */
  async joinClassic(
    groupId: string,
    memberId: string,
    fields: JoinFields & { readonly version?: number; readonly topics?: readonly string[] } = {},
  ): Promise<{ readonly told: string; readonly member: ClassicMember; readonly isLeader: boolean }> {
    const { version = 9, topics = ['t'], ...rest } = fields;
    const body = {
      ...{ groupId, memberId, groupInstanceId: null, sessionTimeoutMs: 30_000, rebalanceTimeoutMs: 30_000 },
      ...{ protocolType: 'consumer', protocols: [{ name: 'range', metadata: subscriptionTo(topics) }] },
      ...rest,
    };
    const ask = () => this.wire.ask(JoinGroup, version, body);
    const answer = await this.again(ask, ({ errorCode }) => errorCode);
    const isLeader = answer.leader !== '' && answer.leader === answer.memberId;
    const { errorCode, generationId: generation } = answer;
    const leader = answer.leader === '' ? 'nobody' : isLeader ? 'it' : 'another';
    const told =
      errorCode === ErrorCode.NONE
        ? `generation ${generation} of ${answer.protocolType ?? '-'} ${answer.protocolName ?? '-'}, ${leader} leads ${answer.members.length}${answer.skipAssignment ? ' without assigning' : ''}`
        : `${words(errorCode)}${memberId === '' && answer.memberId !== '' ? ' with an id' : ''}`;
    return { told, member: { memberId: answer.memberId, generation }, isLeader };
  }

  /** A classic member that has joined by itself and is alone; it gets all partitions of `t`. */
  async aloneClassic(groupId: string, fields: Parameters<GroupAsker['joinClassic']>[2] = {}): Promise<ClassicMember> {
    const first = await this.joinClassic(groupId, '', fields);
    const { member } = await this.joinClassic(groupId, first.member.memberId, fields);
    await this.sync(groupId, member, { assigns: [member.memberId] });
    return member;
  }

  /** SyncGroup; a leader assigns partitions 0 to 3 of `t` to `assigns` in turn. */
  async sync(
    groupId: string,
    { memberId, generation }: ClassicMember,
    fields: {
      readonly version?: number;
      readonly assigns?: readonly string[];
      readonly protocolType?: string | null;
      readonly protocolName?: string | null;
      readonly groupInstanceId?: string | null;
    } = {},
  ): Promise<string> {
    const {
      version = 5,
      assigns = [],
      protocolType = 'consumer',
      protocolName = 'range',
      groupInstanceId = null,
    } = fields;
    const assignments = assigns.map((each, index) => ({
      memberId: each,
      assignment: assignmentOf([0, 1, 2, 3].filter((partition) => partition % assigns.length === index)),
    }));
    const names = version < 5 ? {} : { protocolType, protocolName };
    const instance = version < 3 ? {} : { groupInstanceId };
    const body = { groupId, generationId: generation, memberId, assignments, ...names, ...instance };
    const { errorCode, assignment } = await this.wire.ask(SyncGroup, version, body);
    return errorCode === ErrorCode.NONE ? `t${assignedTo(assignment)}` : words(errorCode);
  }

  async heartbeat(
    groupId: string,
    { memberId, generation }: ClassicMember,
    groupInstanceId: string | null = null,
  ): Promise<string> {
    const body = { groupId, generationId: generation, memberId, groupInstanceId };
    return words((await this.wire.ask(Heartbeat, 4, body)).errorCode);
  }

  async leave(
    groupId: string,
    members: readonly { readonly memberId: string; readonly groupInstanceId?: string | null }[],
  ): Promise<string> {
    const leaving = members.map(({ memberId, groupInstanceId = null }) => ({ memberId, groupInstanceId }));
    const answer = await this.wire.ask(LeaveGroup, 4, { groupId, members: leaving });
    if (answer.errorCode !== ErrorCode.NONE) return words(answer.errorCode);
    return answer.members.map(({ errorCode }) => words(errorCode)).join('+');
  }
}

import { ErrorCode, Heartbeat, JoinGroup, LeaveGroup, type ResponseOf, SyncGroup } from '@ks/protocol';
import type { Beat } from '../../history/consumer-group-history.ts';
import { assignmentBytesOf, assignmentFrom, subscriptionBytes, subscriptionFrom } from './consumer-bytes.ts';
import { leaderPlan } from './leader-plan.ts';
import type { MixedMember, MixedMemberStage, StepOutcome } from './mixed-member.ts';
import type { OwningMember } from './owned-offsets.ts';

const PROTOCOL_TYPE = 'consumer';
/** Since when these know instance ids. */
const STATIC_JOIN_SINCE = 5;
const STATIC_SINCE = 3;
const MANY_LEAVE_SINCE = 3;
const COMMIT_SINCE = 2;

/** A member of the classic protocol: an eager one, or a cooperative one (KIP-429). */
export class ClassicMixedMember implements MixedMember {
  readonly #on: MixedMemberStage;
  readonly #protocolName: string;
  readonly owned = new Set<string>();
  #memberId = '';
  #generationId = -1;
  #mustJoin = true;
  /** What it was given last. */
  #assigned: ReadonlySet<string> = new Set();
  #isLeader = false;
  /** How large the topics were when it was given what it has. */
  #sizes = '';
  /** Makes its subscription another, so that a member that does not lead can ask for a rebalance, too. */
  #wishes = 0;

  constructor(on: MixedMemberStage) {
    this.#on = on;
    this.#protocolName = on.group.plan.isCooperative ? 'cooperative-sticky' : 'range';
  }

  get identity(): OwningMember | undefined {
    if (this.#generationId < 0) return undefined;
    const { instanceId } = this.#on.traits;
    return { memberId: this.#memberId, generationId: this.#generationId, instanceId, sinceVersion: COMMIT_SINCE };
  }

  step(): Promise<StepOutcome> {
    const { random } = this.#on.stage;
    this.#watchTopics();
    const isGivingUp = this.owned.size > this.#assigned.size || (this.owned.size > 0 && this.#mustJoin);
    // Giving up takes its time: now and then too long.
    if (this.#generationId >= 0 && isGivingUp && random.chance(0.3)) return this.#heartbeat();
    for (const key of [...this.owned]) {
      if (this.#assigned.has(key)) continue;
      this.owned.delete(key);
      this.#mustJoin = true;
    }
    this.#on.offsets.keep(this.owned);
    return this.#mustJoin ? this.#join() : this.#heartbeat();
  }

  /**
   * A leader has what it assigns from in view. In the end all have, for a group may be without a leader after a downgrade or a restart;
   * and who was in over a power cut asks what it has.
   */
  #watchTopics(): void {
    const { stage, group } = this.#on;
    if (this.#generationId < 0 || this.#mustJoin) return;
    const hasChanged = this.#sizes !== group.sizes;
    const asks = stage.isOver() && (hasChanged || !group.history.knows(this.#memberId));
    if (!asks && !(hasChanged && this.#isLeader)) return;
    this.#wishes += 1;
    this.#mustJoin = true;
  }

  refusedCommit(errorCode: number): void {
    if (errorCode === ErrorCode.REBALANCE_IN_PROGRESS) this.#mustJoin = true;
    else if (errorCode === ErrorCode.ILLEGAL_GENERATION || errorCode === ErrorCode.UNKNOWN_MEMBER_ID) {
      this.#isOut(errorCode);
    }
  }

  async leave(): Promise<boolean> {
    const { client, group, stage, traits } = this.#on;
    if (this.#memberId === '') return false;
    const { instanceId } = traits;
    // As a consumer with an instance id: it just goes.
    if (instanceId !== undefined && stage.random.chance(0.7)) {
      this.vanish();
      return false;
    }
    const version = client.version(LeaveGroup, instanceId === undefined ? 0 : MANY_LEAVE_SINCE);
    if (version === undefined) throw new Error('LeaveGroup is not advertised');
    const member = { memberId: this.#memberId, groupInstanceId: instanceId ?? null };
    const members = { groupId: group.id, members: [member] };
    group.history.isOut(this.#memberId);
    const answer = await client.request(
      LeaveGroup,
      version,
      version >= MANY_LEAVE_SINCE ? members : { groupId: group.id, memberId: this.#memberId },
    );
    const errorCode = answer?.errorCode === 0 ? (answer.members?.[0]?.errorCode ?? 0) : answer?.errorCode;
    stage.note(`${client.name} leaves as ${this.#memberId}: ${errorCode}`);
    this.vanish();
    this.#isOut(ErrorCode.UNKNOWN_MEMBER_ID);
    return errorCode === ErrorCode.NONE;
  }

  vanish(): void {
    this.#on.group.present.delete(this.#memberId);
    this.owned.clear();
    this.#generationId = -1;
  }

  async #join(): Promise<StepOutcome> {
    const { stage, client, group, traits, topics } = this.#on;
    const { instanceId, limits } = traits;
    const version = client.version(JoinGroup, instanceId === undefined ? 1 : STATIC_JOIN_SINCE);
    if (version === undefined) throw new Error('JoinGroup is not advertised');
    // An eager member gives up all before it joins.
    if (!group.plan.isCooperative) this.owned.clear();
    this.#on.offsets.keep(this.owned);
    if (instanceId !== undefined && this.#memberId === '') group.history.asksForInstance(instanceId, '', true);
    const beat = this.#begins(this.#memberId === '' ? undefined : this.owned);
    const said = [...this.owned].join();
    const answer = await client.request(JoinGroup, version, {
      groupId: group.id,
      ...limits,
      memberId: this.#memberId,
      ...(instanceId === undefined ? {} : { groupInstanceId: instanceId }),
      protocolType: PROTOCOL_TYPE,
      protocols: [
        { name: this.#protocolName, metadata: subscriptionBytes({ topics, owned: this.owned }, this.#wishes) },
      ],
    });
    if (answer === undefined) return 'done';
    const { errorCode, generationId, memberId } = answer;
    stage.history.count(`mixed join: ${errorCode}`);
    stage.note(`${client.name} joins as ${this.#memberId} with ${said}: ${errorCode} ${memberId}@${generationId}`);
    if (errorCode === ErrorCode.MEMBER_ID_REQUIRED) this.#memberId = memberId;
    if (errorCode !== ErrorCode.NONE) return this.#refused(beat, errorCode);
    this.#memberId = memberId;
    this.#generationId = generationId;
    return this.#sync({ ...beat, memberId }, answer);
  }

  async #sync(joined: Beat, join: ResponseOf<typeof JoinGroup>): Promise<StepOutcome> {
    const { stage, client, group, traits, topics } = this.#on;
    const { instanceId } = traits;
    const version = client.version(SyncGroup, instanceId === undefined ? 0 : STATIC_SINCE);
    if (version === undefined) throw new Error('SyncGroup is not advertised');
    if (joined.memberId !== '') group.history.toldToJoin(joined);
    const generationId = this.#generationId;
    const { sizes } = group;
    const beat = this.#begins(undefined);
    const answer = await client.request(SyncGroup, version, {
      groupId: group.id,
      generationId,
      memberId: this.#memberId,
      ...(instanceId === undefined ? {} : { groupInstanceId: instanceId }),
      protocolType: PROTOCOL_TYPE,
      protocolName: this.#protocolName,
      assignments: this.#assignments(join),
    });
    if (answer === undefined) return 'done';
    stage.history.count(`mixed sync: ${answer.errorCode}`);
    stage.note(`${client.name} syncs as ${beat.memberId}@${generationId}: ${answer.errorCode}`);
    if (answer.errorCode !== ErrorCode.NONE) return this.#refused(beat, answer.errorCode);
    const assigned = assignmentFrom(answer.assignment);
    stage.note(`${client.name} is given ${[...assigned].join() || 'nothing'} at ${generationId}`);
    const nowMs = stage.clock.monotonicMs();
    group.loadedLife = Math.max(group.loadedLife, client.life);
    group.letIn(this.#memberId, traits, [], nowMs);
    group.history.told(beat, generationId, assigned, nowMs);
    // Nobody leads where the coordinator assigns.
    if (instanceId !== undefined && join.leader !== '') group.shareTold(generationId, instanceId, assigned);
    group.present.set(this.#memberId, { topics, isClassic: true });
    this.#assigned = assigned;
    for (const key of assigned) this.owned.add(key);
    this.#mustJoin = false;
    this.#isLeader = join.leader !== '' && join.leader === join.memberId;
    this.#sizes = join.skipAssignment ? 'unknown' : sizes;
    return 'done';
  }

  #assignments({ leader, memberId, members, skipAssignment }: ResponseOf<typeof JoinGroup>) {
    const { group } = this.#on;
    if (leader !== memberId || leader === '' || skipAssignment) return [];
    const subscriptions = new Map(members.map((each) => [each.memberId, subscriptionFrom(each.metadata)]));
    const plan = leaderPlan(subscriptions, (topic) => group.partitionCount(topic), group.plan.isCooperative);
    return [...plan].map(([each, share]) => ({ memberId: each, assignment: assignmentBytesOf(share) }));
  }

  async #heartbeat(): Promise<StepOutcome> {
    const { stage, client, group, traits } = this.#on;
    const { instanceId } = traits;
    const version = client.version(Heartbeat, instanceId === undefined ? 0 : STATIC_SINCE);
    if (version === undefined) throw new Error('Heartbeat is not advertised');
    const beat = this.#begins(undefined);
    const isLoaded = group.loadedLife === client.life;
    const answer = await client.request(Heartbeat, version, {
      groupId: group.id,
      generationId: this.#generationId,
      memberId: this.#memberId,
      ...(instanceId === undefined ? {} : { groupInstanceId: instanceId }),
    });
    if (answer === undefined) return 'done';
    const { errorCode } = answer;
    stage.history.count(`mixed classic heartbeat: ${errorCode}`);
    stage.note(`${client.name} beats as ${beat.memberId}@${this.#generationId}: ${errorCode}`);
    if (errorCode !== ErrorCode.NONE) return this.#refused(beat, errorCode);
    if (isLoaded) group.history.told(beat, this.#generationId, undefined, stage.clock.monotonicMs());
    return 'done';
  }

  #begins(owned: ReadonlySet<string> | undefined): Beat {
    const { stage, group, traits } = this.#on;
    // Its generation says nothing where it joins: it goes on with what it has.
    return group.history.beats(this.#memberId, 1, owned, stage.clock.monotonicMs(), traits);
  }

  #refused(beat: Beat, errorCode: number): StepOutcome {
    const { stage, group } = this.#on;
    switch (errorCode) {
      case ErrorCode.REBALANCE_IN_PROGRESS:
        group.history.toldToJoin(beat);
        this.#mustJoin = true;
        return 'done';
      case ErrorCode.UNKNOWN_MEMBER_ID:
        if (beat.memberId !== '') group.history.forgotten(beat, stage.clock.monotonicMs());
        this.#isOut(errorCode);
        return 'done';
      case ErrorCode.ILLEGAL_GENERATION:
        this.#isOut(errorCode);
        return 'done';
      case ErrorCode.FENCED_INSTANCE_ID:
        this.#isOut(errorCode);
        return 'fenced';
      case ErrorCode.INCONSISTENT_GROUP_PROTOCOL:
        this.#isOut(errorCode);
        return 'refused';
      default:
        return 'done';
    }
  }

  /** What it had is lost. After ILLEGAL_GENERATION it keeps its member id. */
  #isOut(errorCode: number): void {
    const { group } = this.#on;
    group.present.delete(this.#memberId);
    this.owned.clear();
    this.#assigned = new Set();
    this.#generationId = -1;
    this.#mustJoin = true;
    if (errorCode === ErrorCode.ILLEGAL_GENERATION) return;
    group.history.isOut(this.#memberId);
    this.#memberId = '';
  }
}

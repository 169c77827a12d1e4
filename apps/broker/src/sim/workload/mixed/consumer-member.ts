import { ConsumerGroupHeartbeat, ErrorCode, type RequestInput, type ResponseOf } from '@ks/protocol';
import type { Beat } from '../../history/consumer-group-history.ts';
import { byTopic } from './consumer-bytes.ts';
import type { MixedMember, MixedMemberStage, StepOutcome } from './mixed-member.ts';
import { keyOf, MIXED_TOPICS } from './mixed-group.ts';
import type { OwningMember } from './owned-offsets.ts';

const JOIN_EPOCH = 0;
const LEAVE_EPOCH = -1;
const STATIC_LEAVE_EPOCH = -2;
/** From here on a client makes its member id, and may subscribe by a regular expression. */
const OWN_ID_SINCE = 1;
const COMMIT_SINCE = 9;
const REGEX = 'm[0-9]';

type Answer = ResponseOf<typeof ConsumerGroupHeartbeat>;

/** A member of the new protocol (KIP-848). */
export class ConsumerMixedMember implements MixedMember {
  readonly #on: MixedMemberStage;
  readonly #hasRegex: boolean;
  readonly owned = new Set<string>();
  readonly #memberId: string;
  #epoch = JOIN_EPOCH;
  /** What it was told to have. */
  #target: ReadonlySet<string> = new Set();
  /** What it has told the broker last; undefined where the broker may not have heard it. */
  #said: string | undefined;
  /** Whether it has asked to join without an answer: it may have been let in. */
  #mayBeIn = false;

  constructor(on: MixedMemberStage) {
    this.#on = on;
    this.#memberId = `${on.client.name}#${on.group.newId()}`;
    this.#hasRegex = on.topics.length === MIXED_TOPICS.length && on.stage.random.chance(0.4);
  }

  get identity(): OwningMember | undefined {
    if (this.#epoch === JOIN_EPOCH) return undefined;
    const { instanceId } = this.#on.traits;
    return { memberId: this.#memberId, generationId: this.#epoch, instanceId, sinceVersion: COMMIT_SINCE };
  }

  async step(): Promise<StepOutcome> {
    const { random, sleep } = this.#on.stage;
    // Giving up takes its time: now and then too long.
    const isSlow = this.owned.size > 0 && random.chance(0.3);
    if (!isSlow) for (const key of [...this.owned]) if (!this.#target.has(key)) this.owned.delete(key);
    this.#on.offsets.keep(this.owned);
    const answer = await this.#send(this.#epoch, this.#epoch === JOIN_EPOCH || random.chance(0.1));
    if (answer === undefined) return 'done';
    switch (answer.errorCode) {
      case ErrorCode.UNRELEASED_INSTANCE_ID:
        // The process before has not left: it has to be waited for.
        await sleep(random.fraction() * 200);
        return 'done';
      case ErrorCode.GROUP_ID_NOT_FOUND:
        return this.#epoch === JOIN_EPOCH ? 'refused' : 'done';
      case ErrorCode.FENCED_INSTANCE_ID:
        return 'fenced';
      default:
        return 'done';
    }
  }

  refusedCommit(errorCode: number): void {
    if (errorCode === ErrorCode.UNKNOWN_MEMBER_ID) this.#isOut();
  }

  async leave(): Promise<boolean> {
    const { stage, group, traits } = this.#on;
    if (this.#epoch === JOIN_EPOCH) return false;
    const isForAWhile = traits.instanceId !== undefined && stage.random.chance(0.7);
    const kept = new Set([...this.owned].filter((key) => this.#target.has(key)));
    if (isForAWhile) group.history.leavesForAWhile(this.#memberId, kept);
    const answer = await this.#send(isForAWhile ? STATIC_LEAVE_EPOCH : LEAVE_EPOCH, false);
    if (isForAWhile) this.vanish();
    else this.#isOut();
    return answer?.errorCode === ErrorCode.NONE && !isForAWhile;
  }

  vanish(): void {
    this.#on.group.present.delete(this.#memberId);
    this.owned.clear();
    this.#epoch = JOIN_EPOCH;
  }

  async #send(memberEpoch: number, saysAll: boolean): Promise<Answer | undefined> {
    const { stage, client, group, traits } = this.#on;
    const version = client.version(ConsumerGroupHeartbeat, this.#hasRegex ? OWN_ID_SINCE : 0);
    if (version === undefined) throw new Error('ConsumerGroupHeartbeat is not advertised');
    const [nowMs, memberId] = [stage.clock.monotonicMs(), this.#memberId];
    const isJoining = memberEpoch === JOIN_EPOCH;
    const saysOwned = memberEpoch >= JOIN_EPOCH && (isJoining || saysAll || this.#ownedText() !== this.#said);
    const classic = isJoining ? group.classicToUpgrade(nowMs) : [];
    if (isJoining) group.consumerAsks();
    const { instanceId } = traits;
    if (isJoining && instanceId !== undefined) group.history.asksForInstance(instanceId, memberId, true);
    const said = this.#ownedText();
    const beat = this.#begins(memberEpoch, saysOwned);
    this.#said = undefined;
    const answer = await client.request(ConsumerGroupHeartbeat, version, this.#body(memberEpoch, saysOwned, saysAll));
    if (answer === undefined) {
      this.#mayBeIn ||= isJoining;
      return undefined;
    }
    const { errorCode } = answer;
    stage.history.count(`mixed heartbeat: ${errorCode}`);
    stage.note(`${client.name} beats as ${memberId}@${memberEpoch} with ${said}: ${errorCode}`);
    if (errorCode === ErrorCode.NONE) {
      this.#said = said;
      group.loadedLife = Math.max(group.loadedLife, client.life);
      if (isJoining) group.letIn(memberId, traits, classic, stage.clock.monotonicMs());
      if (memberEpoch >= JOIN_EPOCH) this.#hear(beat, answer);
    } else this.#refused(beat, errorCode, memberEpoch);
    return answer;
  }

  /** A static member that leaves for a while says nothing of what it has: that stays its own. */
  #begins(memberEpoch: number, saysOwned: boolean): Beat {
    const { stage, group, traits } = this.#on;
    const known = memberEpoch === STATIC_LEAVE_EPOCH ? this.#epoch : memberEpoch;
    const owned = saysOwned ? this.owned : undefined;
    return group.history.beats(this.#memberId, known, owned, stage.clock.monotonicMs(), traits);
  }

  #body(memberEpoch: number, saysOwned: boolean, saysAll: boolean): RequestInput<typeof ConsumerGroupHeartbeat> {
    const { group, traits, topics } = this.#on;
    const byId = byTopic(this.owned).map(({ topic, partitions }) => ({ topicId: group.topicId(topic), partitions }));
    return {
      groupId: group.id,
      memberId: this.#memberId,
      ...(traits.instanceId === undefined ? {} : { instanceId: traits.instanceId }),
      memberEpoch,
      ...(saysAll && memberEpoch >= JOIN_EPOCH
        ? {
            rebalanceTimeoutMs: traits.limits.rebalanceTimeoutMs,
            subscribedTopicNames: this.#hasRegex ? null : [...topics],
            ...(this.#hasRegex ? { subscribedTopicRegex: REGEX } : {}),
          }
        : {}),
      topicPartitions: saysOwned ? byId : null,
    };
  }

  #hear(beat: Beat, { assignment, memberEpoch }: Answer): void {
    const { stage, group, topics } = this.#on;
    this.#epoch = memberEpoch;
    const told = assignment?.topicPartitions.flatMap(({ topicId, partitions }) =>
      partitions.map((index) => keyOf(group.topicName(topicId), index)),
    );
    const target = told === undefined ? undefined : new Set(told);
    group.history.told(beat, memberEpoch, target, stage.clock.monotonicMs());
    group.present.set(this.#memberId, { topics, isClassic: false });
    if (target === undefined) return;
    stage.note(`${this.#on.client.name} is given ${[...target].join()} at ${memberEpoch}`);
    this.#target = target;
    for (const key of target) this.owned.add(key);
  }

  #refused(beat: Beat, errorCode: number, memberEpoch: number): void {
    const { stage, group, traits } = this.#on;
    const { instanceId } = traits;
    const nowMs = stage.clock.monotonicMs();
    switch (errorCode) {
      case ErrorCode.UNRELEASED_INSTANCE_ID:
        if (instanceId !== undefined && !this.#mayBeIn) {
          group.history.asksForInstance(instanceId, this.#memberId, false);
        }
        break;
      case ErrorCode.UNKNOWN_MEMBER_ID:
      case ErrorCode.GROUP_ID_NOT_FOUND:
        if (memberEpoch > JOIN_EPOCH) group.history.forgotten(beat, nowMs);
        this.#isOut();
        break;
      case ErrorCode.FENCED_INSTANCE_ID:
      case ErrorCode.FENCED_MEMBER_EPOCH:
        this.#isOut();
        break;
      default:
    }
  }

  #ownedText(): string {
    return [...this.owned].sort().join();
  }

  #isOut(): void {
    const { group } = this.#on;
    group.history.isOut(this.#memberId);
    group.present.delete(this.#memberId);
    this.#epoch = JOIN_EPOCH;
    this.owned.clear();
    this.#target = new Set();
    this.#said = undefined;
  }
}

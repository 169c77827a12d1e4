import type { CommittedProgress } from '../../history/committed-progress.ts';
import type { ConsumerGroupHistory, ConsumerGroupLimits, MemberTraits } from '../../history/consumer-group-history.ts';
import { PartitionHistory } from '../../history/partition-history.ts';
import type { MixedGroupPlan } from '../../mixed-group-plan.ts';
import type { Stage } from '../actor.ts';

/** The group's topics: nobody else has to do with them, and they are never deleted. */
export const MIXED_TOPICS: readonly string[] = ['m0', 'm1'];

const TRAITS = { isFlushed: false, isTrimmed: false, isCompacted: false, isAppendTime: false };

/** A partition as the history names it. */
export function keyOf(topic: string, index: number): string {
  return `${topic}-${index}`;
}

/** What the members of a group of both protocols share, and what is known of it. */
export class MixedGroup {
  readonly id = 'm';
  readonly plan: MixedGroupPlan;
  readonly history: ConsumerGroupHistory;
  readonly progress: CommittedProgress;
  /** Ids of the members that are there, and the topics that each subscribes to. */
  readonly present = new Map<string, { readonly topics: readonly string[]; readonly isClassic: boolean }>();
  /** Whether the group is of the kind that it has to be in the end. */
  isOfRightKind = false;
  /** The last life of the broker that has answered from what it knows of the group. Heartbeats it answers blindly while it loads. */
  loadedLife = 0;
  readonly #violate: (what: string) => void;
  readonly #topicIds = new Map<string, string>();
  readonly #topicNames = new Map<string, string>();
  readonly #partitionCounts = new Map<string, number>();
  readonly #partitions = new Map<string, PartitionHistory>();
  /** What each static member of a classic generation was given, by generation and instance id. */
  readonly #shares = new Map<string, string>();
  /** Whether a member of the new protocol has ever asked to join. */
  #hadConsumers = false;
  #idCount = 0;

  constructor(plan: MixedGroupPlan, histories: Pick<Stage['history'], 'mixedGroup' | 'mixedProgress' | 'violate'>) {
    this.plan = plan;
    this.history = histories.mixedGroup;
    this.progress = histories.mixedProgress;
    this.#violate = (what) => histories.violate(`group ${this.id}: ${what}`);
  }

  get limits(): ConsumerGroupLimits {
    return this.history.limits;
  }

  newId(): number {
    this.#idCount += 1;
    return this.#idCount;
  }

  /** The broker shows a topic. */
  shows(topic: string, topicId: string, partitionCount: number): void {
    this.#topicIds.set(topic, topicId);
    this.#topicNames.set(topicId, topic);
    this.#partitionCounts.set(topic, Math.max(partitionCount, this.partitionCount(topic)));
  }

  /** Whether all its topics are there. */
  get isReady(): boolean {
    return MIXED_TOPICS.every((topic) => this.#topicIds.has(topic));
  }

  partitionCount(topic: string): number {
    return this.#partitionCounts.get(topic) ?? 0;
  }

  /** How large its topics are, as text. */
  get sizes(): string {
    return MIXED_TOPICS.map((topic) => this.partitionCount(topic)).join();
  }

  topicName(topicId: string): string {
    const name = this.#topicNames.get(topicId);
    if (name === undefined)
      this.#violate(`partitions of topic ${topicId} are given to a member, which did not ask for them`);
    return name ?? topicId;
  }

  topicId(topic: string): string {
    return this.#topicIds.get(topic) ?? '';
  }

  partition(key: string): PartitionHistory {
    let partition = this.#partitions.get(key);
    if (partition === undefined) {
      const at = key.lastIndexOf('-');
      const topic = key.slice(0, at);
      const identity = { topic, topicId: this.topicId(topic), index: Number(key.slice(at + 1)) };
      partition = new PartitionHistory(identity, TRAITS, 0, this.#violate);
      this.#partitions.set(key, partition);
    }
    return partition;
  }

  /** All that somebody who is there subscribes to. */
  wanted(): readonly string[] {
    const topics = new Set([...this.present.values()].flatMap((each) => each.topics));
    return [...topics].flatMap((topic) =>
      Array.from({ length: this.partitionCount(topic) }, (_, index) => keyOf(topic, index)),
    );
  }

  /** A member of the new protocol asks to join. */
  consumerAsks(): void {
    this.#hadConsumers = true;
  }

  /** The classic members that are in for sure and make the group a classic one, as far as is known. */
  classicToUpgrade(nowMs: number): readonly string[] {
    if (this.#hadConsumers) return [];
    return [...this.history.members()].flatMap(([memberId, { isClassic }]) =>
      isClassic && this.history.isIn(memberId, nowMs) ? [memberId] : [],
    );
  }

  /** A member was let in. @param classic those that were in a classic group when it asked */
  letIn(memberId: string, traits: MemberTraits, classic: readonly string[], nowMs: number): void {
    const { policy } = this.plan;
    // Generations begin anew where a consumer group was between.
    if (!traits.isClassic) this.#shares.clear();
    const isStillClassic = classic.some((each) => this.history.isIn(each, nowMs));
    if (isStillClassic && (policy === 'disabled' || policy === 'downgrade')) {
      this.#violate(`${memberId} was let in among classic members, against the policy ${policy}`);
    }
    if (policy !== 'disabled') return;
    for (const [other, { isClassic }] of this.history.members()) {
      if (other === memberId || isClassic === traits.isClassic || !this.history.isIn(other, nowMs)) continue;
      this.#violate(`${memberId} and ${other} share the group, with two protocols, though migration is disabled`);
    }
  }

  /** A static member was told what it has in a generation of a classic group: whoever comes back as it is told the same. */
  shareTold(generationId: number, instanceId: string, share: ReadonlySet<string>): void {
    const key = `${this.history.cutCount} ${generationId} ${instanceId}`;
    const told = [...share].sort().join();
    const before = this.#shares.get(key);
    this.#shares.set(key, told);
    if (before === undefined || before === told) return;
    this.#violate(`${instanceId} has "${before}" in generation ${generationId}, and is told "${told}"`);
  }
}

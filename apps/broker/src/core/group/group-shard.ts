import type { Instant } from '../../ports/clock.ts';
import type { Deadline, Decision, RecordPosition, ReplicatedState, Softened, Ticket } from '../replicated-state.ts';
import { type ClassicGroup, emptyGroup, rebalanceTimeoutMs, restoredGroup } from './classic-group.ts';
import { type ClusterImage, configKey, emptyClusterImage } from '../metadata/image.ts';
import type { GroupCommand, TimeoutCommand } from './commands.ts';
import { ConsumerGroup } from './consumer-group.ts';
import { loadedDeadlines } from './consumer-loaded.ts';
import { periodsOf } from './consumer-periods.ts';
import type { ConsumerGroupRecord } from './consumer-records.ts';
import { type DeadlineKind, deadlineKey, timeoutCommand } from './deadlines.ts';
import { decideGroupCommand } from './decide.ts';
import type { ConsumerGroupPeriods, GroupConfig } from './group-config.ts';
import { type GroupChange, GroupDraft } from './group-draft.ts';
import { GroupOffsets } from './offsets.ts';
import type { DurableGroup, GroupRecord } from './records.ts';
import type { CompiledRegex } from './regex/compiled-regex.ts';
import { RegexCache } from './regex/regex-cache.ts';
import type { GroupReply } from './replies.ts';
import { type AssignmentOutcome, assigned, assignmentFailed } from './sync.ts';
import { TopicHashes } from './topic-hashes.ts';

/** Deadlines that move without anything else changing, as at a heartbeat. */
export interface DeadlinesChange {
  readonly type: 'deadlines';
  readonly timers: readonly Deadline[];
}

/** A consumer group's subscriptions have been held against the topics of this image. */
export interface TopicsCheckedChange {
  readonly type: 'topics-checked';
  readonly groupId: string;
  readonly revision: number;
}

export type GroupSoftChange = GroupChange | DeadlinesChange | TopicsCheckedChange | AssignmentOutcome;
/** What follows a commit of records is a soft change, too. */
export type GroupEffect = AssignmentOutcome;
export type GroupDecision = Decision<GroupRecord, GroupReply, GroupSoftChange, GroupEffect>;

/** What decisions are made from: nothing here changes. */
export interface GroupView {
  readonly config: GroupConfig;
  group(groupId: string): ClassicGroup | undefined;
  groups(): Iterable<ClassicGroup>;
  consumerGroup(groupId: string): ConsumerGroup | undefined;
  consumerGroups(): Iterable<ConsumerGroup>;
  /** The periods in force for a consumer group. */
  consumerPeriods(groupId: string): ConsumerGroupPeriods;
  /** The metadata in force. It may change between commands, never within one. */
  image(): ClusterImage;
  readonly topicHashes: TopicHashes;
  /** Of the topic that came or grew last. */
  newestTopicRevision(): number;
  /** What is wrong with the expression where it cannot be used. */
  compileRegex(regex: string): CompiledRegex | string;
  /** Whether the consumer group's subscriptions have been held against the metadata in force. */
  haveTopicsBeenChecked(groupId: string): boolean;
  offsets(groupId: string): GroupOffsets | undefined;
  /** Whether the log has the group's metadata. */
  isDurable(groupId: string): boolean;
  /** Whether the deadline is set. */
  isArmed(kind: DeadlineKind, groupId: string, memberId: string): boolean;
  /** Whether the deadline is set and has passed. */
  isDue(key: string, now: Instant): boolean;
}

/** The groups of one partition of `__consumer_offsets`. */
export class GroupShard
  implements ReplicatedState<GroupCommand, GroupRecord, GroupReply, GroupSoftChange, GroupEffect>, GroupView
{
  readonly config: GroupConfig;
  readonly image: () => ClusterImage;
  readonly topicHashes = new TopicHashes();
  /** Durable: written by `apply` alone. */
  readonly #durable = new Map<string, DurableGroup>();
  readonly #consumerGroups = new Map<string, ConsumerGroup>();
  readonly #offsets = new Map<string, GroupOffsets>();
  /** In whose open transactions which groups' offsets wait. */
  readonly #groupsByProducer = new Map<number, Set<string>>();
  /** Soft: written by `soften` alone (and set up by `loaded`). */
  readonly #groups = new Map<string, ClassicGroup>();
  readonly #deadlines = new Map<string, number>();
  /** By group: revision of the image that its subscriptions were held against last. */
  readonly #regexes = new RegexCache();
  readonly #checkedRevisions = new Map<string, number>();

  constructor(config: GroupConfig, image: () => ClusterImage = () => emptyClusterImage) {
    this.config = config;
    this.image = image;
  }

  decide(command: GroupCommand, now: Instant, ticket: Ticket): GroupDecision {
    return decideGroupCommand(this, command, now, ticket);
  }

  expired(key: string): TimeoutCommand {
    return timeoutCommand(key);
  }

  apply(record: GroupRecord, at: RecordPosition): void {
    switch (record.type) {
      case 'group':
        if (record.value === null) this.#durable.delete(record.groupId);
        else this.#durable.set(record.groupId, record.value);
        return;
      case 'offset':
        this.#applyOffset(record, at);
        return;
      default:
        this.#applyToConsumerGroup(record);
    }
  }

  #applyToConsumerGroup(record: ConsumerGroupRecord): void {
    const { groupId } = record;
    if (record.type === 'consumer-group' && record.value === null) {
      this.#consumerGroups.delete(groupId);
      this.#checkedRevisions.delete(groupId);
      return;
    }
    const group = this.#consumerGroups.get(groupId);
    if (group !== undefined) group.apply(record);
    else if (record.value !== null) {
      // A compacted log may begin with any of a group's records.
      const first = new ConsumerGroup(groupId);
      first.apply(record);
      this.#consumerGroups.set(groupId, first);
    }
  }

  #applyOffset(record: GroupRecord & { readonly type: 'offset' }, at: RecordPosition): void {
    const offsets = this.#offsets.get(record.groupId) ?? new GroupOffsets();
    if (at.transactional) {
      offsets.applyPending(record, at.offset, at.producerId);
      this.#noteTransaction(at.producerId, record.groupId);
    } else offsets.apply(record, at.offset);
    if (offsets.isEmpty) this.#offsets.delete(record.groupId);
    else this.#offsets.set(record.groupId, offsets);
  }

  #noteTransaction(producerId: number, groupId: string): void {
    const groups = this.#groupsByProducer.get(producerId);
    if (groups === undefined) this.#groupsByProducer.set(producerId, new Set([groupId]));
    else groups.add(groupId);
  }

  applyMarker(producerId: number, _producerEpoch: number, committed: boolean): void {
    for (const groupId of this.#groupsByProducer.get(producerId) ?? []) {
      const offsets = this.#offsets.get(groupId);
      offsets?.applyMarker(producerId, committed);
      if (offsets?.isEmpty) this.#offsets.delete(groupId);
    }
    this.#groupsByProducer.delete(producerId);
  }

  soften(change: GroupSoftChange, now: Instant): Softened<GroupReply> {
    switch (change.type) {
      case 'deadlines':
        return this.#softened({ answers: [], timers: change.timers });
      case 'topics-checked':
        if (this.#consumerGroups.has(change.groupId)) this.#checkedRevisions.set(change.groupId, change.revision);
        return { answers: [], timers: [] };
      case 'group':
        this.#install(change.groupId, change.group);
        return this.#softened(change);
      case 'assigned':
      case 'assignment-failed':
        return this.#settleAssignment(change, now);
      default:
        return change satisfies never;
    }
  }

  #settleAssignment(outcome: AssignmentOutcome, now: Instant): Softened<GroupReply> {
    const group = this.#groups.get(outcome.groupId);
    if (group === undefined) return { answers: [], timers: [] };
    const draft = new GroupDraft(group, this.config, now);
    if (outcome.type === 'assigned') assigned(draft, outcome);
    else assignmentFailed(draft, outcome);
    return this.soften(draft.change(), now);
  }

  #install(groupId: string, group: ClassicGroup | undefined): void {
    const unused =
      group === undefined || (group.state === 'Empty' && group.pendingMembers.size === 0 && !this.isDurable(groupId));
    if (unused) this.#groups.delete(groupId);
    else this.#groups.set(groupId, group);
  }

  #softened(softened: Softened<GroupReply>): Softened<GroupReply> {
    for (const { key, atMs } of softened.timers) {
      if (atMs === undefined) this.#deadlines.delete(key);
      else this.#deadlines.set(key, atMs);
    }
    return { answers: softened.answers, timers: softened.timers };
  }

  loaded(now: Instant): { readonly timers: readonly Deadline[]; readonly effects: readonly GroupEffect[] } {
    const timers: Deadline[] = [];
    for (const [groupId, durable] of this.#durable) {
      const group = restoredGroup(groupId, durable);
      this.#groups.set(groupId, group);
      for (const { memberId, sessionTimeoutMs } of group.members.values()) {
        timers.push({ key: deadlineKey('session', groupId, memberId), atMs: now.monotonicMs + sessionTimeoutMs });
      }
      if (group.state === 'PreparingRebalance') {
        timers.push({ key: deadlineKey('join', groupId), atMs: now.monotonicMs + rebalanceTimeoutMs(group) });
      }
    }
    for (const group of this.#consumerGroups.values()) {
      timers.push(...loadedDeadlines(group, this.consumerPeriods(group.groupId).sessionTimeoutMs, now));
    }
    return { timers: this.#softened({ answers: [], timers }).timers, effects: [] };
  }

  group(groupId: string): ClassicGroup | undefined {
    const group = this.#groups.get(groupId);
    if (group !== undefined) return group;
    // Offsets alone make a group, too: of consumers that manage their partitions themselves.
    return this.#offsets.has(groupId) && !this.#consumerGroups.has(groupId) ? emptyGroup(groupId) : undefined;
  }

  *groups(): Generator<ClassicGroup, void, undefined> {
    yield* this.#groups.values();
    for (const groupId of this.#offsets.keys()) {
      if (!this.#groups.has(groupId) && !this.#consumerGroups.has(groupId)) yield emptyGroup(groupId);
    }
  }

  consumerGroup(groupId: string): ConsumerGroup | undefined {
    return this.#consumerGroups.get(groupId);
  }

  consumerGroups(): IterableIterator<ConsumerGroup> {
    return this.#consumerGroups.values();
  }

  consumerPeriods(groupId: string): ConsumerGroupPeriods {
    return periodsOf(this.config.consumer, this.image().configs.get(configKey('group', groupId)));
  }

  newestTopicRevision(): number {
    let newest = 0;
    for (const { modRevision } of this.image().topicsByName.values()) newest = Math.max(newest, modRevision);
    return newest;
  }

  compileRegex(regex: string): CompiledRegex | string {
    return this.#regexes.compile(regex);
  }

  haveTopicsBeenChecked(groupId: string): boolean {
    return this.#checkedRevisions.get(groupId) === this.image().revision;
  }

  /** The committed offsets of all groups. */
  allOffsets(): IterableIterator<[groupId: string, offsets: GroupOffsets]> {
    return this.#offsets.entries();
  }

  offsets(groupId: string): GroupOffsets | undefined {
    return this.#offsets.get(groupId);
  }

  isDurable(groupId: string): boolean {
    return this.#durable.has(groupId);
  }

  isArmed(kind: DeadlineKind, groupId: string, memberId: string): boolean {
    return this.#deadlines.has(deadlineKey(kind, groupId, memberId));
  }

  isDue(key: string, now: Instant): boolean {
    const atMs = this.#deadlines.get(key);
    return atMs !== undefined && atMs <= now.monotonicMs;
  }

  /** What the log has made of this, in plain values: a replayed shard must have the same. */
  durableSnapshot(): unknown {
    const offsets = [...this.#offsets].map(([groupId, each]) => [
      groupId,
      [...each.topics()].map(([topic, partitions]) => [topic, [...partitions].sort(([a], [b]) => a - b)]).sort(),
    ]);
    const consumerGroups = [...this.#consumerGroups].map(([groupId, group]) => [groupId, group.snapshot()]);
    return {
      groups: [...this.#durable].sort(byName),
      consumerGroups: consumerGroups.sort(byName),
      offsets: offsets.sort(byName),
    };
  }
}

function byName(a: readonly unknown[], b: readonly unknown[]): number {
  return String(a[0]) < String(b[0]) ? -1 : 1;
}

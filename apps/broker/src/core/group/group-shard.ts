import type { Instant } from '../../ports/clock.ts';
import type { Deadline, Decision, RecordPosition, ReplicatedState, Softened, Ticket } from '../replicated-state.ts';
import { type ClassicGroup, emptyGroup, restoredGroup } from './classic-group.ts';
import type { GroupCommand, TimeoutCommand } from './commands.ts';
import { deadlineKey, timeoutCommand } from './deadlines.ts';
import { decideGroupCommand } from './decide.ts';
import type { GroupConfig } from './group-config.ts';
import { type GroupChange, GroupDraft } from './group-draft.ts';
import { GroupOffsets } from './offsets.ts';
import type { DurableGroup, GroupRecord } from './records.ts';
import type { GroupReply } from './replies.ts';
import { type AssignmentOutcome, assigned, assignmentFailed } from './sync.ts';

/** Deadlines that move without anything else changing, as at a heartbeat. */
export interface DeadlinesChange {
  readonly type: 'deadlines';
  readonly timers: readonly Deadline[];
}

export type GroupSoftChange = GroupChange | DeadlinesChange | AssignmentOutcome;
/** What follows a commit of records is a soft change, too. */
export type GroupEffect = AssignmentOutcome;
export type GroupDecision = Decision<GroupRecord, GroupReply, GroupSoftChange, GroupEffect>;

/** What decisions are made from: nothing here changes. */
export interface GroupView {
  readonly config: GroupConfig;
  group(groupId: string): ClassicGroup | undefined;
  groups(): Iterable<ClassicGroup>;
  offsets(groupId: string): GroupOffsets | undefined;
  /** Whether the log has the group's metadata. */
  isDurable(groupId: string): boolean;
  /** Whether the deadline is set and has passed. */
  isDue(key: string, now: Instant): boolean;
}

/** The groups of one partition of `__consumer_offsets`. */
export class GroupShard
  implements ReplicatedState<GroupCommand, GroupRecord, GroupReply, GroupSoftChange, GroupEffect>, GroupView
{
  readonly config: GroupConfig;
  /** Durable: written by `apply` alone. */
  readonly #durable = new Map<string, DurableGroup>();
  readonly #offsets = new Map<string, GroupOffsets>();
  /** Soft: written by `soften` alone (and set up by `loaded`). */
  readonly #groups = new Map<string, ClassicGroup>();
  readonly #deadlines = new Map<string, number>();

  constructor(config: GroupConfig) {
    this.config = config;
  }

  decide(command: GroupCommand, now: Instant, ticket: Ticket): GroupDecision {
    return decideGroupCommand(this, command, now, ticket);
  }

  expired(key: string): TimeoutCommand {
    return timeoutCommand(key);
  }

  apply(record: GroupRecord, at: RecordPosition): void {
    if (record.type === 'group') {
      if (record.value === null) this.#durable.delete(record.groupId);
      else this.#durable.set(record.groupId, record.value);
      return;
    }
    const offsets = this.#offsets.get(record.groupId) ?? new GroupOffsets();
    if (at.transactional) offsets.applyPending(record, at.producerId);
    else offsets.apply(record);
    if (offsets.isEmpty) this.#offsets.delete(record.groupId);
    else this.#offsets.set(record.groupId, offsets);
  }

  applyMarker(producerId: number, _producerEpoch: number, committed: boolean): void {
    for (const [groupId, offsets] of this.#offsets) {
      offsets.applyMarker(producerId, committed);
      if (offsets.isEmpty) this.#offsets.delete(groupId);
    }
  }

  soften(change: GroupSoftChange, now: Instant): Softened<GroupReply> {
    switch (change.type) {
      case 'deadlines':
        return this.#softened({ answers: [], timers: change.timers });
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
    }
    return { timers: this.#softened({ answers: [], timers }).timers, effects: [] };
  }

  group(groupId: string): ClassicGroup | undefined {
    const group = this.#groups.get(groupId);
    if (group !== undefined) return group;
    // Offsets alone make a group, too: of consumers that manage their partitions themselves.
    return this.#offsets.has(groupId) ? emptyGroup(groupId) : undefined;
  }

  *groups(): Generator<ClassicGroup, void, undefined> {
    yield* this.#groups.values();
    for (const groupId of this.#offsets.keys()) if (!this.#groups.has(groupId)) yield emptyGroup(groupId);
  }

  offsets(groupId: string): GroupOffsets | undefined {
    return this.#offsets.get(groupId);
  }

  isDurable(groupId: string): boolean {
    return this.#durable.has(groupId);
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
    return { groups: [...this.#durable].sort(byName), offsets: offsets.sort(byName) };
  }
}

function byName(a: readonly unknown[], b: readonly unknown[]): number {
  return String(a[0]) < String(b[0]) ? -1 : 1;
}

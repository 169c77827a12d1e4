import type { Instant } from '../../ports/clock.ts';
import type { Deadline } from '../replicated-state.ts';
import type { ConsumerGroup } from './consumer-group.ts';
import { assignmentOfMember, type ConsumerMember, metadataOfMember } from './consumer-member.ts';
import type { ConsumerGroupRecord } from './consumer-records.ts';
import { consumerDeadlineKeys, type DeadlineKind, deadlineKey } from './deadlines.ts';
import type { GroupView } from './group-shard.ts';
import type { GroupRecord } from './records.ts';
import type { GroupDecision, GroupSoftChange } from './group-shard.ts';
import type { GroupReply } from './replies.ts';
import type { PARKED } from '../replicated-state.ts';

/**
 * The next value of a consumer group while it is worked out: `write` notes a record and applies it to an overlay, so that later steps
 * see it. The group itself changes when the records are applied to it.
 */
export class ConsumerGroupDraft {
  readonly view: GroupView;
  readonly now: Instant;
  /** The group with what has been written. */
  readonly group: ConsumerGroup;
  /** Includes what came before the group's own, such as the tombstones of the group that it replaces. */
  readonly records: GroupRecord[];
  readonly soft: GroupSoftChange[];
  readonly #timers: Deadline[] = [];

  constructor(
    view: GroupView,
    now: Instant,
    group: ConsumerGroup,
    before: { readonly records: readonly GroupRecord[]; readonly soft: readonly GroupSoftChange[] } = nothing,
  ) {
    this.view = view;
    this.now = now;
    this.group = group.overlay();
    this.records = [...before.records];
    this.soft = [...before.soft];
  }

  get groupId(): string {
    return this.group.groupId;
  }

  write(record: ConsumerGroupRecord): void {
    this.records.push(record);
    this.group.apply(record);
  }

  writeMetadata(member: ConsumerMember): void {
    const { groupId } = this;
    this.write({ type: 'consumer-member', groupId, memberId: member.memberId, value: metadataOfMember(member) });
  }

  writeAssignment(member: ConsumerMember): void {
    const { groupId } = this;
    this.write({ type: 'current-assignment', groupId, memberId: member.memberId, value: assignmentOfMember(member) });
  }

  /** Takes a member out. */
  removeMember(memberId: string): void {
    const { groupId } = this;
    this.write({ type: 'current-assignment', groupId, memberId, value: null });
    this.write({ type: 'target-member', groupId, memberId, value: null });
    this.write({ type: 'consumer-member', groupId, memberId, value: null });
    this.disarmMember(memberId);
  }

  arm(kind: DeadlineKind, delayMs: number, memberId = ''): void {
    this.#timers.push({ key: deadlineKey(kind, this.groupId, memberId), atMs: this.now.monotonicMs + delayMs });
  }

  disarm(kind: DeadlineKind, memberId = ''): void {
    this.#timers.push({ key: deadlineKey(kind, this.groupId, memberId), atMs: undefined });
  }

  /** Takes back every deadline of a member. */
  disarmMember(memberId: string): void {
    for (const key of consumerDeadlineKeys(this.groupId, memberId)) this.#timers.push({ key, atMs: undefined });
  }

  /** What it all comes to. */
  decision(reply: GroupReply | typeof PARKED): GroupDecision {
    return { records: this.records, reply, soft: [...this.soft, { type: 'deadlines', timers: this.#timers }] };
  }
}

const nothing = { records: [], soft: [] };

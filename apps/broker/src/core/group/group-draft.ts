import type { Instant } from '../../ports/clock.ts';
import type { Answer, Deadline, Ticket } from '../replicated-state.ts';
import { type ClassicGroup, durableGroup, type GroupState, type Member, metadataBytesOf } from './classic-group.ts';
import { type DeadlineKind, deadlineKey } from './deadlines.ts';
import type { GroupConfig } from './group-config.ts';
import type { GroupRecord } from './records.ts';
import type { GroupReply } from './replies.ts';

type Writable<T> = { -readonly [Key in keyof T]: T[Key] };

/** What a draft came to: the next group with everything that must happen with it. */
export interface GroupChange {
  readonly type: 'group';
  readonly groupId: string;
  /** Undefined: the group is forgotten. */
  readonly group: ClassicGroup | undefined;
  readonly answers: readonly Answer<GroupReply>[];
  readonly timers: readonly Deadline[];
}

/**
 * The next value of a group while it is worked out. The rules (join.ts, sync.ts, rebalance.ts...) work on a draft; nothing of it is
 * visible before `change` is given to `soften`.
 */
export class GroupDraft {
  readonly config: GroupConfig;
  readonly now: Instant;
  readonly records: GroupRecord[] = [];
  readonly members: Map<string, Member>;
  readonly pendingMembers: Set<string>;
  readonly pendingSyncs: Set<string>;
  readonly #group: Writable<ClassicGroup>;
  readonly #answers: Answer<GroupReply>[] = [];
  readonly #timers: Deadline[] = [];

  constructor(group: ClassicGroup, config: GroupConfig, now: Instant) {
    this.config = config;
    this.now = now;
    this.members = new Map(group.members);
    this.pendingMembers = new Set(group.pendingMembers);
    this.pendingSyncs = new Set(group.pendingSyncs);
    const { members, pendingMembers, pendingSyncs } = this;
    this.#group = { ...group, members, pendingMembers, pendingSyncs };
  }

  /** The draft as it stands. */
  get group(): ClassicGroup {
    return this.#group;
  }

  set(fields: Partial<Omit<ClassicGroup, 'groupId' | 'state' | 'members' | 'pendingMembers' | 'pendingSyncs'>>): void {
    Object.assign(this.#group, fields);
  }

  moveTo(state: GroupState): void {
    this.#group.state = state;
    this.#group.currentStateTimestamp = this.now.wallMs;
  }

  /** Adds or replaces a member, keeping its place. */
  put(member: Member): void {
    const before = this.members.get(member.memberId);
    this.members.set(member.memberId, member);
    this.#count((before === undefined ? 0 : -metadataBytesOf(before.protocols)) + metadataBytesOf(member.protocols));
  }

  update(memberId: string, fields: Partial<Omit<Member, 'memberId'>>): void {
    const member = this.members.get(memberId);
    if (member !== undefined) this.put({ ...member, ...fields });
  }

  /** Takes a member out; what it waits for is the caller's business. */
  drop(member: Member): void {
    this.members.delete(member.memberId);
    this.pendingSyncs.delete(member.memberId);
    this.#count(-metadataBytesOf(member.protocols));
    this.disarm('session', member.memberId);
  }

  #count(bytes: number): void {
    this.#group.metadataBytes += bytes;
  }

  answer(ticket: Ticket | undefined, reply: GroupReply): void {
    if (ticket !== undefined) this.#answers.push({ ticket, reply });
  }

  arm(kind: DeadlineKind, delayMs: number, memberId = ''): void {
    const key = deadlineKey(kind, this.#group.groupId, memberId);
    this.#timers.push({ key, atMs: this.now.monotonicMs + delayMs });
  }

  disarm(kind: DeadlineKind, memberId = ''): void {
    this.#timers.push({ key: deadlineKey(kind, this.#group.groupId, memberId), atMs: undefined });
  }

  /** Takes back the deadline of this key. */
  clear(key: string): void {
    this.#timers.push({ key, atMs: undefined });
  }

  /** Has the group written as it stands, with the assignments its members have unless others are given. */
  write(assignmentOf: (member: Member) => Uint8Array = (member) => member.assignment): void {
    const value = durableGroup(this.#group, assignmentOf, this.now.wallMs);
    this.records.push({ type: 'group', groupId: this.#group.groupId, value });
  }

  /** What installs the draft. */
  change(): GroupChange {
    return {
      type: 'group',
      groupId: this.#group.groupId,
      group: this.#group,
      answers: this.#answers,
      timers: this.#timers,
    };
  }
}

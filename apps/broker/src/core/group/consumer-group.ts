import {
  assignmentOfMember,
  type ConsumerMember,
  metadataOfMember,
  newMember,
  noAssignment,
} from './consumer-member.ts';
import type { ConsumerGroupRecord, ResolvedRegex } from './consumer-records.ts';
import { OverlayMap, type WritableMap } from './overlay-map.ts';
import { type AssignedPartitions, NO_PARTITIONS, type TopicPartitions } from './topic-partitions.ts';

/** Kafka's names, as ConsumerGroupDescribe and ListGroups show them. */
export type ConsumerGroupState = 'Empty' | 'Assigning' | 'Reconciling' | 'Stable' | 'Dead';

/**
 * A consumer group (KIP-848) as its records make it: `apply` alone changes it. `overlay` gives one whose changes leave this one as it
 * is, for a decision to work on.
 */
export class ConsumerGroup {
  readonly groupId: string;
  /** Moves on whenever something changes that assignments depend on. Begins at 1, as Kafka's does. */
  groupEpoch = 1;
  /** Of the topics subscribed to, as they were at `groupEpoch`. */
  metadataHash = 0;
  /** The group epoch that the target assignment was made for. */
  assignmentEpoch = 0;
  /** Wall time in milliseconds of the target assignment, 0 where there was none. */
  assignmentTimestamp = 0;
  readonly #members: WritableMap<string, ConsumerMember>;
  readonly #targets: WritableMap<string, TopicPartitions>;
  readonly #regexes: WritableMap<string, ResolvedRegex>;
  readonly #staticMembers: WritableMap<string, string>;
  /** Who holds a partition, or has yet to give it up: topic id, partition, member id. */
  readonly #owners: WritableMap<string, WritableMap<number, string>>;
  /** Of an overlay: the topics whose owners are not the map's below any more. */
  readonly #ownOwners: Set<string> | undefined;

  constructor(groupId: string, below?: ConsumerGroup) {
    this.groupId = groupId;
    if (below === undefined) {
      this.#members = new Map();
      this.#targets = new Map();
      this.#regexes = new Map();
      this.#staticMembers = new Map();
      this.#owners = new Map();
      return;
    }
    this.#members = new OverlayMap(below.#members);
    this.#targets = new OverlayMap(below.#targets);
    this.#regexes = new OverlayMap(below.#regexes);
    this.#staticMembers = new OverlayMap(below.#staticMembers);
    this.#owners = new OverlayMap(below.#owners);
    this.groupEpoch = below.groupEpoch;
    this.metadataHash = below.metadataHash;
    this.assignmentEpoch = below.assignmentEpoch;
    this.assignmentTimestamp = below.assignmentTimestamp;
    this.#ownOwners = new Set();
  }

  /** A group like this one, whose changes leave this one as it is. */
  overlay(): ConsumerGroup {
    return new ConsumerGroup(this.groupId, this);
  }

  get size(): number {
    return this.#members.size;
  }

  member(memberId: string): ConsumerMember | undefined {
    return this.#members.get(memberId);
  }

  members(): IterableIterator<ConsumerMember> {
    return this.#members.values();
  }

  /** The member that an instance id belongs to. */
  staticMember(instanceId: string): ConsumerMember | undefined {
    const memberId = this.#staticMembers.get(instanceId);
    return memberId === undefined ? undefined : this.#members.get(memberId);
  }

  /** What the member is to have in the end. */
  target(memberId: string): TopicPartitions {
    return this.#targets.get(memberId) ?? NO_PARTITIONS;
  }

  /** Whether a target was written for the member. */
  hasTarget(memberId: string): boolean {
    return this.#targets.has(memberId);
  }

  /** The members that a target was written for. */
  targetMemberIds(): IterableIterator<string> {
    return this.#targets.keys();
  }

  regex(regex: string): ResolvedRegex | undefined {
    return this.#regexes.get(regex);
  }

  regexes(): IterableIterator<[string, ResolvedRegex]> {
    return this.#regexes[Symbol.iterator]() as IterableIterator<[string, ResolvedRegex]>;
  }

  /** The member that holds the partition or has yet to give it up. */
  owner(topicId: string, partition: number): string | undefined {
    return this.#owners.get(topicId)?.get(partition);
  }

  /** The topics that a member subscribes to, by name and by what its regular expression was resolved to. */
  subscribedTopics(member: ConsumerMember): ReadonlySet<string> {
    const resolved = member.subscribedTopicRegex === '' ? undefined : this.#regexes.get(member.subscribedTopicRegex);
    return new Set([...member.subscribedTopicNames, ...(resolved?.topics ?? [])]);
  }

  /** The topics that anyone subscribes to. */
  allSubscribedTopics(): ReadonlySet<string> {
    const topics = new Set<string>();
    for (const member of this.members()) {
      for (const topic of member.subscribedTopicNames) topics.add(topic);
      for (const topic of this.#regexes.get(member.subscribedTopicRegex)?.topics ?? []) topics.add(topic);
    }
    return topics;
  }

  get state(): ConsumerGroupState {
    if (this.size === 0) return 'Empty';
    if (this.groupEpoch > this.assignmentEpoch) return 'Assigning';
    for (const member of this.members()) if (!this.isReconciled(member)) return 'Reconciling';
    return 'Stable';
  }

  /** Whether the member has all that the target assignment gives it. */
  isReconciled(member: ConsumerMember): boolean {
    return member.state === 'stable' && member.memberEpoch === this.assignmentEpoch;
  }

  /** The only writer. Records may come from a log that has been compacted: a tombstone may lack what it takes back. */
  apply(record: ConsumerGroupRecord): void {
    switch (record.type) {
      case 'consumer-group':
        this.groupEpoch = record.value?.groupEpoch ?? 0;
        this.metadataHash = record.value?.metadataHash ?? 0;
        break;
      case 'target-metadata':
        this.assignmentEpoch = record.value?.assignmentEpoch ?? 0;
        this.assignmentTimestamp = record.value?.assignmentTimestamp ?? 0;
        break;
      case 'consumer-member': {
        const before = this.#members.get(record.memberId);
        if (record.value === null) this.#remove(before);
        else {
          const { memberId } = record;
          this.#put({
            memberId,
            ...record.value,
            ...(before === undefined ? noAssignment : assignmentOfMember(before)),
          });
        }
        break;
      }
      case 'current-assignment': {
        const before = this.#members.get(record.memberId);
        if (record.value === null && before === undefined) break;
        const { memberId } = record;
        this.#put({ ...metadataOfMember(before ?? newMember(memberId)), memberId, ...(record.value ?? noAssignment) });
        break;
      }
      case 'target-member':
        if (record.value === null) this.#targets.delete(record.memberId);
        else this.#targets.set(record.memberId, record.value);
        break;
      case 'regex':
        if (record.value === null) this.#regexes.delete(record.regex);
        else this.#regexes.set(record.regex, record.value);
        break;
      default:
        record satisfies never;
    }
  }

  #put(member: ConsumerMember): void {
    const before = this.#members.get(member.memberId);
    if (before !== undefined) this.#release(before);
    this.#members.set(member.memberId, member);
    if (member.instanceId !== null) this.#staticMembers.set(member.instanceId, member.memberId);
    this.#hold(member.assigned, member.memberId);
    this.#hold(member.pendingRevocation, member.memberId);
  }

  #remove(member: ConsumerMember | undefined): void {
    if (member === undefined) return;
    this.#release(member);
    this.#members.delete(member.memberId);
  }

  #release(member: ConsumerMember): void {
    const { instanceId, memberId } = member;
    if (instanceId !== null && this.#staticMembers.get(instanceId) === memberId) this.#staticMembers.delete(instanceId);
    this.#letGo(member.assigned, memberId);
    this.#letGo(member.pendingRevocation, memberId);
  }

  #hold(partitions: AssignedPartitions, memberId: string): void {
    for (const [topicId, each] of partitions) {
      const owners = this.#ownersToWrite(topicId);
      for (const partition of each.keys()) owners.set(partition, memberId);
    }
  }

  #letGo(partitions: AssignedPartitions, memberId: string): void {
    for (const [topicId, each] of partitions) {
      const owners = this.#ownersToWrite(topicId);
      for (const partition of each.keys()) if (owners.get(partition) === memberId) owners.delete(partition);
      if (owners.size === 0) this.#owners.delete(topicId);
    }
  }

  #ownersToWrite(topicId: string): WritableMap<number, string> {
    const owners = this.#owners.get(topicId);
    if (owners !== undefined && (this.#ownOwners === undefined || this.#ownOwners.has(topicId))) return owners;
    const own = owners === undefined ? new Map<number, string>() : new OverlayMap(owners);
    this.#owners.set(topicId, own);
    this.#ownOwners?.add(topicId);
    return own;
  }

  /** What the records have made of this, in plain values: a replayed group must have the same. */
  snapshot(): unknown {
    const { groupEpoch, metadataHash, assignmentEpoch, assignmentTimestamp } = this;
    const sorted = <Value>(map: WritableMap<string, Value>) => [...map].sort(([a], [b]) => (a < b ? -1 : 1));
    return {
      ...{ groupEpoch, metadataHash, assignmentEpoch, assignmentTimestamp },
      members: sorted(this.#members),
      targets: sorted(this.#targets),
      regexes: sorted(this.#regexes),
      staticMembers: sorted(this.#staticMembers),
      owners: sorted(this.#owners).map(([topicId, owners]) => [topicId, [...owners].sort(([a], [b]) => a - b)]),
    };
  }
}

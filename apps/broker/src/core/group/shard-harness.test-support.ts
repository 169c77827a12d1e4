import type { CommitCommand, ConsumerHeartbeatCommand, GroupCommand, JoinCommand, SyncCommand } from './commands.ts';
import { defaultGroupConfig, type GroupConfig } from './group-config.ts';
import { type GroupEffect, GroupShard } from './group-shard.ts';
import type { KeyAndValue } from './record-bytes.ts';
import { decodeGroupRecord, encodeGroupRecord } from './records.ts';
import type { ConsumerHeartbeatReply, GroupReply } from './replies.ts';
import { type ClusterImage, emptyClusterImage } from '../metadata/image.ts';
import { withTopics } from './topic-fixtures.test-support.ts';
import { PARKED, type Softened } from '../replicated-state.ts';
import type { Instant } from '../../ports/clock.ts';

/** A reply that is decided but held back until the records before it are committed. */
interface Held {
  readonly answers: readonly { readonly ticket: number; readonly reply: GroupReply }[];
  readonly whenCommitted: readonly GroupEffect[];
  readonly whenFailed: readonly GroupEffect[];
}

/** Runs a shard as the runtime does, but by hand: time stands still unless told, and a commit happens when asked for. */
export class ShardHarness {
  readonly config: GroupConfig;
  readonly log: KeyAndValue[] = [];
  readonly replies = new Map<number, GroupReply>();
  readonly parked = new Set<number>();
  shard: GroupShard;
  /** The metadata in force. */
  image: ClusterImage = emptyClusterImage;
  /** Whether records are committed at once. */
  autoCommit = true;
  #held: Held[] = [];
  #timers = new Map<string, number>();
  #nextTicket = 1;
  #nextMember = 1;
  #monotonicMs = 0;

  constructor(config: Partial<GroupConfig> = {}) {
    this.config = { ...defaultGroupConfig, ...config };
    this.shard = new GroupShard(this.config, () => this.image);
  }

  get now(): Instant {
    return { monotonicMs: this.#monotonicMs, wallMs: 1_000_000 + this.#monotonicMs };
  }

  /** Deadlines that are set. */
  get timers(): ReadonlyMap<string, number> {
    return this.#timers;
  }

  /** Whether anything waits to be committed. */
  get hasHeld(): boolean {
    return this.#held.length > 0;
  }

  /** Whose replies are decided but held back. */
  get heldTickets(): readonly number[] {
    return this.#held.flatMap((held) => held.answers.map((answer) => answer.ticket));
  }

  /** Sends a command; returns its ticket. */
  send(command: GroupCommand): number {
    const ticket = this.#nextTicket++;
    const {
      records,
      reply,
      soft = [],
      whenCommitted = [],
      whenFailed = [],
    } = this.shard.decide(command, this.now, ticket);
    for (const record of records) this.#append(encodeGroupRecord(record));
    const softened = soft.map((change) => this.#soften(change));
    const own = reply === PARKED ? [] : [{ ticket, reply }];
    if (reply === PARKED) this.parked.add(ticket);
    const answers = [...own, ...softened.flatMap((each) => each.answers)];
    if (records.length === 0 && this.#held.length === 0) this.#give(answers);
    else this.#held.push({ answers, whenCommitted, whenFailed });
    if (this.autoCommit) this.commit();
    return ticket;
  }

  #append({ key, value }: KeyAndValue): void {
    const record = decodeGroupRecord(key, value);
    if (record === undefined) throw new Error('a record of our own that we cannot read');
    const at = {
      offset: this.log.length,
      timestamp: this.now.wallMs,
      transactional: false,
      producerId: -1,
      producerEpoch: -1,
    };
    this.log.push({ key, value });
    this.shard.apply(record, at);
  }

  #soften(change: Parameters<GroupShard['soften']>[0]): Softened<GroupReply> {
    const softened = this.shard.soften(change, this.now);
    this.#arm(softened.timers);
    return softened;
  }

  #arm(timers: Softened<GroupReply>['timers']): void {
    for (const { key, atMs } of timers) {
      if (atMs === undefined) this.#timers.delete(key);
      else this.#timers.set(key, atMs);
    }
  }

  #give(answers: Held['answers']): void {
    for (const { ticket, reply } of answers) {
      if (this.replies.has(ticket)) throw new Error(`ticket ${ticket} is answered twice`);
      this.replies.set(ticket, reply);
      this.parked.delete(ticket);
    }
  }

  /** Everything appended so far is committed. */
  commit(): void {
    const held = this.#held;
    this.#held = [];
    for (const { answers, whenCommitted } of held) {
      this.#give(answers);
      for (const effect of whenCommitted) this.#give(this.#soften(effect).answers);
    }
  }

  /** What was appended does not commit in time: own replies are given all the same here, as errors would be. */
  fail(): void {
    const held = this.#held;
    this.#held = [];
    for (const { answers, whenFailed } of held) {
      this.#give(answers);
      for (const effect of whenFailed) this.#give(this.#soften(effect).answers);
    }
  }

  /** Lets time pass, serving deadlines in order. */
  advance(ms: number): void {
    const end = this.#monotonicMs + ms;
    for (;;) {
      const [next] = [...this.#timers].sort(([, a], [, b]) => a - b);
      if (next === undefined || next[1] > end) break;
      this.#monotonicMs = Math.max(this.#monotonicMs, next[1]);
      this.#timers.delete(next[0]);
      this.send(this.shard.expired(next[0]));
    }
    this.#monotonicMs = end;
  }

  /** Another instance with the same log, as on another broker. */
  replayed(): GroupShard {
    const shard = new GroupShard(this.config, () => this.image);
    for (const [offset, { key, value }] of this.log.entries()) {
      const record = decodeGroupRecord(key, value);
      if (record === undefined) throw new Error('unreadable record');
      shard.apply(record, { offset, timestamp: 0, transactional: false, producerId: -1, producerEpoch: -1 });
    }
    return shard;
  }

  /** The coordinator moves: what is soft is lost, whoever waits is turned away. */
  failOver(): void {
    this.#held = [];
    this.parked.clear();
    this.#timers.clear();
    this.shard = this.replayed();
    this.#arm(this.shard.loaded(this.now).timers);
  }

  reply<T extends GroupReply['type']>(ticket: number, type: T): GroupReply & { type: T } {
    const reply = this.replies.get(ticket);
    if (reply?.type !== type) throw new Error(`ticket ${ticket}: ${JSON.stringify(reply)} is no ${type}`);
    return reply as GroupReply & { type: T };
  }

  join(memberId: string, fields: Partial<JoinCommand> = {}): number {
    return this.send({
      type: 'join',
      groupId: 'g',
      memberId,
      newMemberId: `m${this.#nextMember++}`,
      groupInstanceId: null,
      clientId: 'client',
      clientHost: '/127.0.0.1',
      sessionTimeoutMs: 10_000,
      rebalanceTimeoutMs: 60_000,
      protocolType: 'consumer',
      protocols: [{ name: 'range', metadata: Uint8Array.of(1) }],
      requireKnownMemberId: false,
      supportsSkipAssignment: true,
      ...fields,
    });
  }

  sync(
    memberId: string,
    generationId: number,
    assignments: Record<string, number> = {},
    fields: Partial<SyncCommand> = {},
  ): number {
    return this.send({
      type: 'sync',
      groupId: 'g',
      generationId,
      memberId,
      groupInstanceId: null,
      protocolType: 'consumer',
      protocolName: 'range',
      assignments: Object.entries(assignments).map(([id, byte]) => ({ memberId: id, assignment: Uint8Array.of(byte) })),
      ...fields,
    });
  }

  /** A ConsumerGroupHeartbeat of group `g`, answered at once. By default it says nothing new. */
  beat(memberId: string, memberEpoch: number, fields: Partial<ConsumerHeartbeatCommand> = {}): ConsumerHeartbeatReply {
    const ticket = this.send({
      type: 'consumer-heartbeat',
      groupId: 'g',
      memberId,
      memberEpoch,
      instanceId: null,
      rackId: null,
      rebalanceTimeoutMs: -1,
      subscribedTopicNames: null,
      subscribedTopicRegex: null,
      serverAssignor: null,
      topicPartitions: null,
      clientId: 'client',
      clientHost: '/127.0.0.1',
      mayDescribe: () => true,
      ...fields,
    });
    return this.reply(ticket, 'consumer-heartbeat');
  }

  /** A first heartbeat: the member joins with these topics. */
  joinConsumer(
    memberId: string,
    subscribedTopicNames: readonly string[] | null,
    fields: Partial<ConsumerHeartbeatCommand> = {},
  ): ConsumerHeartbeatReply {
    const first = { rebalanceTimeoutMs: 30_000, subscribedTopicNames, topicPartitions: new Map() };
    return this.beat(memberId, 0, { ...first, ...fields });
  }

  /** Puts topics with these partition counts in force. */
  setTopics(partitionCounts: Readonly<Record<string, number>>): void {
    this.image = withTopics(this.image, partitionCounts);
  }

  /** The error code of a heartbeat that is answered at once. */
  heartbeat(memberId: string, generationId: number, groupInstanceId: string | null = null): number {
    return this.reply(this.sendHeartbeat(memberId, generationId, groupInstanceId), 'status').errorCode;
  }

  sendHeartbeat(memberId: string, generationId: number, groupInstanceId: string | null = null): number {
    return this.send({ type: 'heartbeat', groupId: 'g', generationId, memberId, groupInstanceId });
  }

  leave(...memberIds: string[]): number {
    const members = memberIds.map((memberId) => ({ memberId, groupInstanceId: null }));
    return this.send({ type: 'leave', groupId: 'g', members });
  }

  commitOffset(memberId: string, generationId: number, offset: number, fields: Partial<CommitCommand> = {}): number {
    return this.send({
      type: 'commit',
      groupId: 'g',
      generationId,
      memberId,
      groupInstanceId: null,
      retentionTimeMs: -1,
      knowsConsumerGroups: true,
      topics: [
        {
          topic: 't',
          topicId: 'AAAAAAAAAAAAAAAAAAAAAA',
          partitions: [{ partitionIndex: 0, offset, leaderEpoch: 3, metadata: 'note' }],
        },
      ],
      ...fields,
    });
  }

  /** The committed offset of partition 0 of `t`, with its error. */
  fetchOffset(requireStable = false): { readonly committedOffset: number; readonly errorCode: number } {
    const topics = [{ topic: 't', partitionIndexes: [0] }];
    const ticket = this.send({
      type: 'fetch-offsets',
      groupId: 'g',
      memberId: null,
      memberEpoch: -1,
      requireStable,
      topics,
    });
    const partition = this.reply(ticket, 'fetch-offsets').topics[0]?.partitions[0];
    if (partition === undefined) throw new Error('no partition');
    return { committedOffset: partition.committedOffset, errorCode: partition.errorCode };
  }

  /** A stable group of `count` members in generation 1; the first leads. */
  stableGroup(count: number, fields: Partial<JoinCommand> = {}): string[] {
    const tickets = Array.from({ length: count }, () => this.join('', fields));
    this.advance(this.config.initialRebalanceDelayMs * 2);
    const members = tickets.map((ticket) => this.reply(ticket, 'join').memberId);
    members.forEach((memberId, index) => {
      this.sync(memberId, 1, index === 0 ? Object.fromEntries(members.map((id, at) => [id, at])) : {});
    });
    return members;
  }
}

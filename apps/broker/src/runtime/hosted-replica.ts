import { ErrorCode } from '@ks/protocol';
import type { PartitionImage } from '../core/metadata/image.ts';
import type { FetcherVerdict, FollowerFetch, FollowerState, LiveBrokers } from '../core/partition/followers.ts';
import {
  type IsrChangeOutcome,
  Partition,
  type PartitionEffect,
  type PartitionEvent,
  type PartitionSettings,
} from '../core/partition/partition.ts';
import type { Log } from '../storage/log.ts';
import type { HostedReplicaOptions } from './hosted-replica-options.ts';
import { OffsetWaiters } from './offset-waiters.ts';
import { PartitionTraffic } from './partition-traffic.ts';
import type { HostedPartition, LeaderIdAndEpoch } from './replica-manager.ts';

export type { HostedReplicaOptions, IsrWish } from './hosted-replica-options.ts';

/** One replica of this broker: carries out what its state machine decides on the log and on those who wait. */
export class HostedReplica implements HostedPartition {
  readonly topic: string;
  readonly topicId: string;
  readonly partitionIndex: number;
  readonly log: Log;
  readonly traffic = new PartitionTraffic();
  /** Appends with acks=1, until the leader vouches for them. */
  readonly written = new OffsetWaiters();
  /** Appends with acks=all, until the high watermark passes them. */
  readonly committed = new OffsetWaiters();
  readonly #machine: Partition;
  readonly #options: HostedReplicaOptions;
  readonly #listeners = new Set<(partition: HostedPartition) => void>();
  #closedWith: number = ErrorCode.NONE;
  /** What the image said last. */
  #image: PartitionImage | undefined;
  #version = 0;
  /** A truncation under way. */
  #cutting: Promise<void> | undefined;

  constructor(options: HostedReplicaOptions) {
    const { log } = options;
    this.topic = log.topic;
    this.topicId = log.topicId;
    this.partitionIndex = log.partition;
    this.log = log;
    this.#options = options;
    log.producers.highWatermarkReached(options.highWatermark);
    this.#machine = new Partition({
      brokerId: options.brokerId,
      logStartOffset: log.logStartOffset,
      logEndOffset: log.logEndOffset,
      flushedEndOffset: log.flushedEndOffset,
      highWatermark: options.highWatermark,
      settings: options.settings,
      lagTimeMaxMs: options.lagTimeMaxMs,
    });
  }

  /** Another one whenever something may have changed that readers are told, or that decides who is told. */
  get version(): number {
    return this.#version;
  }
  get isOpen(): boolean {
    return this.#closedWith === ErrorCode.NONE;
  }
  get isLeader(): boolean {
    return this.#machine.isLeader;
  }
  get leaderEpoch(): number {
    return this.#machine.leaderEpoch;
  }
  get currentLeader(): LeaderIdAndEpoch {
    return { leaderId: this.#machine.leaderId, leaderEpoch: this.#machine.leaderEpoch };
  }
  get logStartOffset(): number {
    return this.log.logStartOffset;
  }
  get highWatermark(): number {
    return this.#machine.highWatermark;
  }
  get lastStableOffset(): number {
    return this.log.producers.lastStableOffset(this.#machine.highWatermark, this.log.logStartOffset);
  }
  get logEndOffset(): number {
    return this.#machine.logEndOffset;
  }
  /** Exclusive end of what this replica vouches for: acks=1 is answered there, and followers read up to it. */
  get vouchedEndOffset(): number {
    return this.#machine.vouchedEndOffset;
  }
  get partitionEpoch(): number {
    return this.#machine.partitionEpoch;
  }
  get isr(): readonly number[] {
    return this.#machine.isr;
  }
  /** min(min.insync.replicas, assigned replicas) */
  get effectiveMinIsr(): number {
    return this.#machine.effectiveMinIsr;
  }
  get replicaIds(): readonly number[] {
    return this.#machine.replicas;
  }
  get isEpochCommitted(): boolean {
    return this.#machine.isEpochCommitted;
  }
  get isUnderMinIsr(): boolean {
    return this.#machine.isUnderMinIsr;
  }

  /** Why it cannot serve as leader now: a Kafka error code, 0 where it can. */
  get refusal(): number {
    if (this.#closedWith !== ErrorCode.NONE) return this.#closedWith;
    return this.#machine.isLeader ? ErrorCode.NONE : ErrorCode.NOT_LEADER_OR_FOLLOWER;
  }

  /** Why consumers cannot read from it now, be it leader or follower. */
  get readRefusal(): number {
    return this.isOpen && this.#machine.leaderId >= 0 ? ErrorCode.NONE : this.refusal;
  }

  /** Takes over what the image says; `mayLead` is false where this broker must not act on being named leader. */
  follow(image: PartitionImage, mayLead: boolean): void {
    const { leaderEpoch, partitionEpoch, isr, replicas } = image;
    const { brokerId, nowMs, roleChanged } = this.#options;
    const leads = mayLead && image.leader === brokerId;
    const leaderId = leads || image.leader !== brokerId ? image.leader : -1;
    const assignment = { leaderId, leaderEpoch, partitionEpoch, isr, replicas };
    this.#image = image;
    if (leads) {
      const { appendedEndOffset } = this.log;
      this.#step({ type: 'becomeLeader', assignment, appendedEndOffset, nowMs: nowMs() });
    } else this.#step({ type: 'becomeFollower', assignment });
    roleChanged(this);
  }

  /** Brokers were born, died, or are about to stop. */
  brokersChanged(live: LiveBrokers): void {
    this.#step({ type: 'brokersChanged', live });
  }

  /** To be called about twice in replica.lag.time.max.ms. */
  tick(): void {
    this.#step({ type: 'tick', nowMs: this.#options.nowMs() });
  }

  /** Whether a broker may fetch as a replica of this partition, which is led here. */
  judgeFetcher(brokerId: number, brokerEpoch: number): FetcherVerdict {
    return this.#machine.judgeFetcher(brokerId, brokerEpoch);
  }

  /** What the leader knows of a follower. */
  follower(brokerId: number): FollowerState | undefined {
    return this.#machine.follower(brokerId);
  }

  /** A follower that `judgeFetcher` has let pass asks for what follows its log, a prefix of this one. */
  followerFetched(fetch: Omit<FollowerFetch, 'nowMs'>): void {
    this.#step({ type: 'followerFetched', fetch: { ...fetch, nowMs: this.#options.nowMs() } });
  }

  isrChangeEnded(partitionEpoch: number, outcome: IsrChangeOutcome): void {
    this.#step({ type: 'isrChangeEnded', partitionEpoch, outcome });
  }

  /** Whether it follows the leader of this epoch, and its log may be appended to. */
  isFollowing(leaderEpoch: number): boolean {
    const { isLeader, leaderId } = this.#machine;
    const isSame = this.isOpen && !isLeader && leaderId >= 0 && this.leaderEpoch === leaderEpoch;
    return isSame && this.#cutting === undefined;
  }

  /** As follower: what the leader of the epoch says is committed. */
  leaderWatermark(leaderEpoch: number, highWatermark: number): void {
    this.#step({ type: 'leaderWatermark', leaderEpoch, highWatermark });
  }

  /** As follower: drops what lies at `offset` or beyond. Rejects where the disk fails. */
  truncateTo(offset: number): Promise<void> {
    return this.#cut(() => this.log.truncateTo(offset));
  }

  /** As follower: drops everything and goes on at `offset`, where the leader's log starts. Rejects where the disk fails. */
  restartAt(offset: number): Promise<void> {
    return this.#cut(() => this.log.truncateFullyAndStartAt(offset));
  }

  /** Settles when no truncation is under way: only then may it be made leader. */
  async settled(): Promise<void> {
    while (this.#cutting !== undefined) await this.#cutting.catch(() => undefined);
  }
  get isSettled(): boolean {
    return this.#cutting === undefined;
  }

  /** Settles when this replica vouches for everything below `endOffset`, or will not any more. */
  vouches(endOffset: number): Promise<void> {
    if (!this.isOpen || this.vouchedEndOffset >= endOffset) return Promise.resolve();
    return new Promise((resolve) => this.written.add(endOffset, { isSettled: false, settle: () => resolve() }));
  }

  configure(settings: PartitionSettings): void {
    this.#step({ type: 'configured', settings });
  }

  /** The log's ends moved. */
  advanced(): void {
    // While the log is cut its ends are not what the machine knows; it is told afterwards.
    if (this.#cutting !== undefined) return;
    const { logEndOffset, flushedEndOffset } = this.log;
    const before = this.vouchedEndOffset;
    this.#step({ type: 'written', logEndOffset, flushedEndOffset });
    const after = this.vouchedEndOffset;
    this.written.reach(after);
    if (after > before && this.isLeader && this.replicaIds.length > 1) this.#options.wakeFetches(this);
  }

  /** The log's start moved. */
  trimmed(): void {
    this.#step({ type: 'logStartMoved', logStartOffset: this.log.logStartOffset });
  }

  /** Takes it out of service; everything that waits is answered with `errorCode`, as is everything that comes. */
  close(errorCode: number): void {
    if (!this.isOpen) return;
    this.#closedWith = errorCode;
    const wasLeader = this.isLeader;
    this.#step({ type: 'closed' });
    if (!wasLeader) this.#changed();
    this.written.failAll(errorCode);
    this.#options.wakeFetches(this);
    this.#options.roleChanged(this);
    this.#listeners.clear();
  }

  onChange(listener: (partition: HostedPartition) => void): () => void {
    this.#listeners.add(listener);
    return () => void this.#listeners.delete(listener);
  }

  async #cut(action: () => Promise<void>): Promise<void> {
    if (this.#cutting !== undefined) throw new Error('a log is cut once at a time');
    const cutting = this.#cutAlone(action).finally(() => {
      this.#cutting = undefined;
    });
    this.#cutting = cutting;
    return cutting;
  }

  async #cutAlone(action: () => Promise<void>): Promise<void> {
    await action();
    if (!this.isOpen) return;
    const { logStartOffset, logEndOffset, flushedEndOffset } = this.log;
    this.#step({ type: 'truncated', logStartOffset, logEndOffset, flushedEndOffset });
    this.log.producers.highWatermarkReached(this.highWatermark);
  }

  #step(event: PartitionEvent): void {
    // These two only note what time it is, unless they have an effect.
    if (event.type !== 'followerFetched' && event.type !== 'tick') this.#version += 1;
    for (const effect of this.#machine.step(event)) {
      this.#version += 1;
      this.#carryOut(effect);
    }
  }

  #carryOut(effect: PartitionEffect): void {
    switch (effect.type) {
      case 'startLeaderEpoch':
        this.log.assignLeaderEpoch(effect.leaderEpoch);
        return;
      case 'highWatermarkAdvanced':
        this.log.producers.highWatermarkReached(effect.highWatermark);
        this.committed.reach(effect.highWatermark);
        this.#options.wakeFetches(this);
        this.#changed();
        return;
      case 'changeIsr': {
        const { isr, effectiveMinIsr } = effect;
        if (this.#image !== undefined) this.#options.changeIsr(this, { partition: this.#image, isr, effectiveMinIsr });
        return;
      }
      case 'leadershipLost': {
        const errorCode = this.isOpen ? ErrorCode.NOT_LEADER_OR_FOLLOWER : this.#closedWith;
        this.written.failAll(errorCode);
        this.committed.failAll(errorCode);
        this.#options.wakeFetches(this);
        this.#changed();
        return;
      }
      default:
        effect satisfies never;
    }
  }

  #changed(): void {
    for (const listener of this.#listeners) listener(this);
  }
}

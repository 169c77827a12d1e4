import { ErrorCode } from '@ks/protocol';
import type { PartitionImage } from '../core/metadata/image.ts';
import {
  Partition,
  type PartitionEffect,
  type PartitionEvent,
  type PartitionSettings,
} from '../core/partition/partition.ts';
import type { Log } from '../storage/log.ts';
import { OffsetWaiters } from './offset-waiters.ts';
import { PartitionTraffic } from './partition-traffic.ts';
import type { HostedPartition, LeaderIdAndEpoch } from './replica-manager.ts';

export interface HostedReplicaOptions {
  readonly brokerId: number;
  readonly log: Log;
  readonly highWatermark: number;
  readonly settings: PartitionSettings;
  /** Called when parked fetches should look again: the watermark moved, or the partition stopped serving. */
  readonly wakeFetches: (replica: HostedReplica) => void;
}

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
  readonly #brokerId: number;
  readonly #wakeFetches: (replica: HostedReplica) => void;
  readonly #listeners = new Set<(partition: HostedPartition) => void>();
  #closedWith: number = ErrorCode.NONE;

  constructor(options: HostedReplicaOptions) {
    const { log } = options;
    this.topic = log.topic;
    this.topicId = log.topicId;
    this.partitionIndex = log.partition;
    this.log = log;
    this.#brokerId = options.brokerId;
    this.#wakeFetches = options.wakeFetches;
    log.producers.highWatermarkReached(options.highWatermark);
    this.#machine = new Partition({
      brokerId: options.brokerId,
      logStartOffset: log.logStartOffset,
      logEndOffset: log.logEndOffset,
      flushedEndOffset: log.flushedEndOffset,
      highWatermark: options.highWatermark,
      settings: options.settings,
    });
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
  /** Exclusive end of what acks=1 may acknowledge. */
  get leaderEndOffset(): number {
    return this.#machine.leaderEndOffset;
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

  /** Takes over what the image says; `mayLead` is false where this broker must not act on being named leader. */
  follow(image: PartitionImage, mayLead: boolean): void {
    const { leaderEpoch, partitionEpoch, isr, replicas } = image;
    const leads = mayLead && image.leader === this.#brokerId;
    const leaderId = leads || image.leader !== this.#brokerId ? image.leader : -1;
    const assignment = { leaderId, leaderEpoch, partitionEpoch, isr, replicas };
    if (leads) this.#step({ type: 'becomeLeader', assignment, appendedEndOffset: this.log.appendedEndOffset });
    else this.#step({ type: 'becomeFollower', assignment });
  }

  configure(settings: PartitionSettings): void {
    this.#step({ type: 'configured', settings });
  }

  /** The log's ends moved. */
  advanced(): void {
    const { logEndOffset, flushedEndOffset } = this.log;
    this.#step({ type: 'written', logEndOffset, flushedEndOffset });
    this.written.reach(this.#machine.leaderEndOffset);
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
    this.#wakeFetches(this);
    this.#listeners.clear();
  }

  onChange(listener: (partition: HostedPartition) => void): () => void {
    this.#listeners.add(listener);
    return () => void this.#listeners.delete(listener);
  }

  #step(event: PartitionEvent): void {
    for (const effect of this.#machine.step(event)) this.#carryOut(effect);
  }

  #carryOut(effect: PartitionEffect): void {
    switch (effect.type) {
      case 'startLeaderEpoch':
        this.log.assignLeaderEpoch(effect.leaderEpoch);
        return;
      case 'highWatermarkAdvanced':
        this.log.producers.highWatermarkReached(effect.highWatermark);
        this.committed.reach(effect.highWatermark);
        this.#wakeFetches(this);
        this.#changed();
        return;
      case 'leadershipLost': {
        const errorCode = this.isOpen ? ErrorCode.NOT_LEADER_OR_FOLLOWER : this.#closedWith;
        this.written.failAll(errorCode);
        this.committed.failAll(errorCode);
        this.#wakeFetches(this);
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

import { highWatermarkOf } from './high-watermark.ts';

/** What the cluster image says of the partition, as far as the machine needs it. */
export interface PartitionAssignment {
  /** -1: no leader. */
  readonly leaderId: number;
  readonly leaderEpoch: number;
  readonly partitionEpoch: number;
  readonly isr: readonly number[];
  readonly replicas: readonly number[];
}

/** The topic settings that decide what counts as replicated. */
export interface PartitionSettings {
  /** `min.insync.replicas` */
  readonly minInsyncReplicas: number;
  /** `flush.messages` is 1: only flushed records count as the leader's share. */
  readonly flushEveryMessage: boolean;
}

export type PartitionEvent =
  /** The image names this broker leader, or has a newer ISR or partition epoch under the same leader epoch. */
  | {
      readonly type: 'becomeLeader';
      readonly assignment: PartitionAssignment;
      /** Where a new epoch would start: records before it, written or not, carry the epoch they were appended under. */
      readonly appendedEndOffset: number;
    }
  /** The image names another leader, or none. */
  | { readonly type: 'becomeFollower'; readonly assignment: PartitionAssignment }
  /** A write or a sync of the log returned. */
  | { readonly type: 'written'; readonly logEndOffset: number; readonly flushedEndOffset: number }
  /** Records before `logStartOffset` were deleted; it never exceeds the high watermark. */
  | { readonly type: 'logStartMoved'; readonly logStartOffset: number }
  | { readonly type: 'configured'; readonly settings: PartitionSettings }
  /** The log's directory failed, or the partition was deleted. Nothing follows. */
  | { readonly type: 'closed' };

export type PartitionEffect =
  /** Records from `startOffset` on are stamped with `leaderEpoch`; the leader-epoch cache needs the entry before any of them. */
  | { readonly type: 'startLeaderEpoch'; readonly leaderEpoch: number; readonly startOffset: number }
  | { readonly type: 'highWatermarkAdvanced'; readonly highWatermark: number }
  /** What waits on this leadership is to be answered. */
  | { readonly type: 'leadershipLost' };

export interface PartitionStart {
  readonly brokerId: number;
  readonly logStartOffset: number;
  readonly logEndOffset: number;
  readonly flushedEndOffset: number;
  /** From the checkpoint; brought into [logStartOffset, logEndOffset]. */
  readonly highWatermark: number;
  readonly settings: PartitionSettings;
}

const NO_ASSIGNMENT: PartitionAssignment = { leaderId: -1, leaderEpoch: -1, partitionEpoch: -1, isr: [], replicas: [] };
const NOTHING: readonly PartitionEffect[] = [];

/**
 * One replica's role, in-sync replicas and high watermark: events in, effects out, no clock and no disk (design: cluster.md,
 * Replication). After every step `logStartOffset <= highWatermark <= logEndOffset`, and the watermark never goes back.
 */
export class Partition {
  readonly #brokerId: number;
  #role: 'leader' | 'follower' | 'closed' = 'follower';
  #assignment = NO_ASSIGNMENT;
  #settings: PartitionSettings;
  #logStartOffset: number;
  #logEndOffset: number;
  #flushedEndOffset: number;
  #highWatermark: number;
  #leaderEpochStartOffset = -1;
  /** Known end offsets by replica; the leader's own share is kept current by `written`. */
  readonly #endOffsets = new Map<number, number>();

  constructor(start: PartitionStart) {
    this.#brokerId = start.brokerId;
    this.#settings = start.settings;
    this.#logStartOffset = start.logStartOffset;
    this.#logEndOffset = start.logEndOffset;
    this.#flushedEndOffset = start.flushedEndOffset;
    this.#highWatermark = Math.min(Math.max(start.highWatermark, start.logStartOffset), start.logEndOffset);
    this.#assertInvariants();
  }

  get isLeader(): boolean {
    return this.#role === 'leader';
  }
  /** -1 before the first image. */
  get leaderEpoch(): number {
    return this.#assignment.leaderEpoch;
  }
  get leaderId(): number {
    return this.#assignment.leaderId;
  }
  get partitionEpoch(): number {
    return this.#assignment.partitionEpoch;
  }
  /** The committed in-sync replicas. */
  get isr(): readonly number[] {
    return this.#assignment.isr;
  }
  get highWatermark(): number {
    return this.#highWatermark;
  }
  get logStartOffset(): number {
    return this.#logStartOffset;
  }
  get logEndOffset(): number {
    return this.#logEndOffset;
  }
  /**
   * Exclusive end of what this replica vouches for as leader: flushed where every message is flushed, else written. acks=1 is
   * answered there.
   */
  get leaderEndOffset(): number {
    return this.#settings.flushEveryMessage ? this.#flushedEndOffset : this.#logEndOffset;
  }
  /** False until the start of this leader's epoch is committed: "latest" is not known to clients yet (OFFSET_NOT_AVAILABLE). */
  get isEpochCommitted(): boolean {
    return this.#role === 'leader' && this.#highWatermark >= this.#leaderEpochStartOffset;
  }
  /** Whether acks=all is refused with NOT_ENOUGH_REPLICAS. Decided on the committed ISR. */
  get isUnderMinIsr(): boolean {
    return this.#assignment.isr.length < this.#effectiveMinIsr;
  }

  step(event: PartitionEvent): readonly PartitionEffect[] {
    if (this.#role === 'closed') return NOTHING;
    const effects = this.#handle(event);
    this.#assertInvariants();
    return effects;
  }

  #handle(event: PartitionEvent): readonly PartitionEffect[] {
    switch (event.type) {
      case 'becomeLeader':
        return this.#becomeLeader(event.assignment, event.appendedEndOffset);
      case 'becomeFollower':
        return this.#becomeFollower(event.assignment);
      case 'written':
        return this.#written(event.logEndOffset, event.flushedEndOffset);
      case 'logStartMoved':
        this.#logStartOffset = Math.max(this.#logStartOffset, event.logStartOffset);
        return NOTHING;
      case 'configured':
        this.#settings = event.settings;
        return this.#advanceHighWatermark();
      case 'closed':
        return this.#close();
      default:
        return event satisfies never;
    }
  }

  #becomeLeader(assignment: PartitionAssignment, appendedEndOffset: number): readonly PartitionEffect[] {
    if (assignment.leaderEpoch < this.#assignment.leaderEpoch) return NOTHING;
    assert(assignment.leaderId === this.#brokerId, 'a leader is named by its own broker id');
    assert(assignment.isr.includes(this.#brokerId), 'a leader is in its own ISR');
    assert(appendedEndOffset >= this.#logEndOffset, 'nothing is written that was not appended');
    const isNewEpoch = this.#role !== 'leader' || assignment.leaderEpoch > this.#assignment.leaderEpoch;
    this.#role = 'leader';
    this.#assignment = assignment;
    if (!isNewEpoch) return this.#advanceHighWatermark();
    // What other replicas had under an earlier epoch says nothing about this one.
    this.#endOffsets.clear();
    this.#leaderEpochStartOffset = appendedEndOffset;
    return [
      { type: 'startLeaderEpoch', leaderEpoch: assignment.leaderEpoch, startOffset: appendedEndOffset },
      ...this.#advanceHighWatermark(),
    ];
  }

  #becomeFollower(assignment: PartitionAssignment): readonly PartitionEffect[] {
    if (assignment.leaderEpoch < this.#assignment.leaderEpoch) return NOTHING;
    assert(assignment.leaderId !== this.#brokerId, 'a follower is not named leader');
    const wasLeader = this.#role === 'leader';
    this.#role = 'follower';
    this.#assignment = assignment;
    this.#endOffsets.clear();
    return wasLeader ? [{ type: 'leadershipLost' }] : NOTHING;
  }

  #written(logEndOffset: number, flushedEndOffset: number): readonly PartitionEffect[] {
    assert(logEndOffset >= this.#logEndOffset, 'the log end never goes back under a leader');
    assert(flushedEndOffset <= logEndOffset, 'nothing is flushed that was not written');
    this.#logEndOffset = logEndOffset;
    this.#flushedEndOffset = Math.max(this.#flushedEndOffset, flushedEndOffset);
    return this.#advanceHighWatermark();
  }

  #close(): readonly PartitionEffect[] {
    const wasLeader = this.#role === 'leader';
    this.#role = 'closed';
    return wasLeader ? [{ type: 'leadershipLost' }] : NOTHING;
  }

  #advanceHighWatermark(): readonly PartitionEffect[] {
    if (this.#role !== 'leader') return NOTHING;
    this.#endOffsets.set(this.#brokerId, this.leaderEndOffset);
    const { isr } = this.#assignment;
    const reached = highWatermarkOf({
      maximalIsr: isr,
      isr,
      effectiveMinIsr: this.#effectiveMinIsr,
      endOffsets: this.#endOffsets,
    });
    if (reached === undefined || reached <= this.#highWatermark) return NOTHING;
    this.#highWatermark = reached;
    return [{ type: 'highWatermarkAdvanced', highWatermark: reached }];
  }

  get #effectiveMinIsr(): number {
    return Math.min(this.#settings.minInsyncReplicas, this.#assignment.replicas.length);
  }

  #assertInvariants(): void {
    assert(this.#logStartOffset <= this.#highWatermark, 'logStartOffset <= highWatermark');
    assert(this.#highWatermark <= this.#logEndOffset, 'highWatermark <= logEndOffset');
    assert(this.#flushedEndOffset <= this.#logEndOffset, 'flushedEndOffset <= logEndOffset');
  }
}

function assert(condition: boolean, invariant: string): asserts condition {
  if (!condition) throw new Error(`partition: ${invariant}`);
}

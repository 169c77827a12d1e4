import type { FetcherVerdict, FollowerFetch, FollowerState } from './followers.ts';
import { highWatermarkOf } from './high-watermark.ts';
import { InSyncReplicas, type LeaderView } from './in-sync-replicas.ts';
import type {
  PartitionAssignment,
  PartitionEffect,
  PartitionEvent,
  PartitionSettings,
  PartitionStart,
} from './partition-events.ts';

export type * from './partition-events.ts';

const NO_ASSIGNMENT: PartitionAssignment = { leaderId: -1, leaderEpoch: -1, partitionEpoch: -1, isr: [], replicas: [] };
const NOTHING: readonly PartitionEffect[] = [];

/**
 * One replica's role, in-sync replicas and high watermark: events in, effects out, no clock and no disk (design: cluster.md,
 * Replication). After every step `logStartOffset <= highWatermark <= logEndOffset`, and the watermark only goes back where the log
 * is truncated below it.
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
  readonly #inSync: InSyncReplicas;
  /** As follower: how far the leader has committed. */
  #leaderHighWatermark = -1;

  constructor(start: PartitionStart) {
    this.#brokerId = start.brokerId;
    this.#inSync = new InSyncReplicas(start.brokerId, start.lagTimeMaxMs);
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
  get replicas(): readonly number[] {
    return this.#assignment.replicas;
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
   * Exclusive end of what this replica vouches for: flushed where every message is flushed, else written. acks=1 is answered there,
   * followers read up to it, and a follower asks its leader for what follows.
   */
  get vouchedEndOffset(): number {
    return this.#settings.flushEveryMessage ? this.#flushedEndOffset : this.#logEndOffset;
  }
  /** False until the start of this leader's epoch is committed: "latest" is not known to clients yet (OFFSET_NOT_AVAILABLE). */
  get isEpochCommitted(): boolean {
    return this.#role === 'leader' && this.#highWatermark >= this.#leaderEpochStartOffset;
  }
  /** min(min.insync.replicas, assigned replicas) */
  get effectiveMinIsr(): number {
    return Math.min(this.#settings.minInsyncReplicas, this.#assignment.replicas.length);
  }
  /** Whether acks=all is refused with NOT_ENOUGH_REPLICAS. Decided on the committed ISR. */
  get isUnderMinIsr(): boolean {
    return this.#assignment.isr.length < this.effectiveMinIsr;
  }

  /** Whether a broker may fetch as a replica: asked before its position is looked at. Only a leader may be asked. */
  judgeFetcher(brokerId: number, brokerEpoch: number): FetcherVerdict {
    return this.#inSync.judge(brokerId, brokerEpoch);
  }

  /** What is known of a follower; undefined where the broker is none, or this is not the leader. */
  follower(brokerId: number): FollowerState | undefined {
    return this.#inSync.follower(brokerId);
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
        return this.#becomeLeader(event.assignment, event.appendedEndOffset, event.nowMs);
      case 'becomeFollower':
        return this.#becomeFollower(event.assignment);
      case 'brokersChanged':
        this.#inSync.brokersChanged(event.live);
        // A joiner that died is waited for no longer.
        return this.#advanceHighWatermark();
      case 'written':
        return this.#written(event.logEndOffset, event.flushedEndOffset);
      case 'followerFetched':
        return this.#followerFetched(event.fetch);
      case 'isrChangeEnded':
        this.#inSync.ended(event.partitionEpoch, event.outcome);
        return this.#advanceHighWatermark();
      case 'tick':
        return this.#tick(event.nowMs);
      case 'leaderWatermark':
        return this.#leaderWatermark(event.leaderEpoch, event.highWatermark);
      case 'truncated':
        return this.#truncated(event.logStartOffset, event.logEndOffset, event.flushedEndOffset);
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

  #becomeLeader(assignment: PartitionAssignment, appendedEndOffset: number, nowMs: number): readonly PartitionEffect[] {
    if (this.#isOlder(assignment)) return NOTHING;
    assert(assignment.leaderId === this.#brokerId, 'a leader is named by its own broker id');
    assert(assignment.isr.includes(this.#brokerId), 'a leader is in its own ISR');
    assert(appendedEndOffset >= this.#logEndOffset, 'nothing is written that was not appended');
    const isNewEpoch = this.#role !== 'leader' || assignment.leaderEpoch > this.#assignment.leaderEpoch;
    this.#role = 'leader';
    this.#assignment = assignment;
    this.#inSync.lead(assignment, isNewEpoch, nowMs);
    if (!isNewEpoch) return this.#advanceHighWatermark();
    this.#leaderEpochStartOffset = appendedEndOffset;
    return [
      { type: 'startLeaderEpoch', leaderEpoch: assignment.leaderEpoch, startOffset: appendedEndOffset },
      ...this.#advanceHighWatermark(),
    ];
  }

  #becomeFollower(assignment: PartitionAssignment): readonly PartitionEffect[] {
    if (this.#isOlder(assignment)) return NOTHING;
    assert(assignment.leaderId !== this.#brokerId, 'a follower is not named leader');
    const wasLeader = this.#role === 'leader';
    if (assignment.leaderEpoch > this.#assignment.leaderEpoch) this.#leaderHighWatermark = -1;
    this.#role = 'follower';
    this.#assignment = assignment;
    this.#inSync.resign();
    return wasLeader ? [{ type: 'leadershipLost' }] : NOTHING;
  }

  #isOlder({ leaderEpoch, partitionEpoch }: PartitionAssignment): boolean {
    const current = this.#assignment;
    if (leaderEpoch !== current.leaderEpoch) return leaderEpoch < current.leaderEpoch;
    return partitionEpoch < current.partitionEpoch;
  }

  #written(logEndOffset: number, flushedEndOffset: number): readonly PartitionEffect[] {
    assert(logEndOffset >= this.#logEndOffset, 'the log end goes back by truncation only');
    assert(flushedEndOffset <= logEndOffset, 'nothing is flushed that was not written');
    this.#logEndOffset = logEndOffset;
    this.#flushedEndOffset = Math.max(this.#flushedEndOffset, flushedEndOffset);
    return this.#advanceHighWatermark();
  }

  #followerFetched(fetch: FollowerFetch): readonly PartitionEffect[] {
    if (this.#role !== 'leader') return NOTHING;
    this.#inSync.fetched(fetch, this.vouchedEndOffset);
    const advanced = this.#advanceHighWatermark();
    const isr = this.#inSync.isrWith(fetch.brokerId, this.#view);
    return isr === undefined ? advanced : [...advanced, this.#changeIsr(isr)];
  }

  #tick(nowMs: number): readonly PartitionEffect[] {
    if (this.#role !== 'leader') return NOTHING;
    this.#inSync.tick(nowMs);
    const isr = this.#inSync.isrNow(this.#view);
    const changed = isr === undefined ? NOTHING : [this.#changeIsr(isr)];
    return [...this.#advanceHighWatermark(), ...changed];
  }

  get #view(): LeaderView {
    const { vouchedEndOffset: endOffset, highWatermark } = this;
    return { endOffset, highWatermark, leaderEpochStartOffset: this.#leaderEpochStartOffset };
  }

  #changeIsr(isr: readonly number[]): PartitionEffect {
    this.#inSync.begin(isr);
    const { effectiveMinIsr, partitionEpoch } = this;
    return { type: 'changeIsr', partitionEpoch, isr, effectiveMinIsr };
  }

  #leaderWatermark(leaderEpoch: number, highWatermark: number): readonly PartitionEffect[] {
    if (this.#role !== 'follower' || leaderEpoch !== this.#assignment.leaderEpoch) return NOTHING;
    this.#leaderHighWatermark = Math.max(this.#leaderHighWatermark, highWatermark);
    return this.#advanceHighWatermark();
  }

  #truncated(logStartOffset: number, logEndOffset: number, flushedEndOffset: number): readonly PartitionEffect[] {
    assert(this.#role === 'follower', 'a leader never truncates');
    this.#logStartOffset = logStartOffset;
    this.#logEndOffset = logEndOffset;
    this.#flushedEndOffset = Math.min(flushedEndOffset, logEndOffset);
    this.#highWatermark = Math.max(logStartOffset, Math.min(this.#highWatermark, logEndOffset));
    return NOTHING;
  }

  #close(): readonly PartitionEffect[] {
    const wasLeader = this.#role === 'leader';
    this.#role = 'closed';
    return wasLeader ? [{ type: 'leadershipLost' }] : NOTHING;
  }

  #advanceHighWatermark(): readonly PartitionEffect[] {
    const reached = this.#role === 'leader' ? this.#committedEndOffset() : this.#replicatedEndOffset();
    if (reached === undefined || reached <= this.#highWatermark) return NOTHING;
    this.#highWatermark = reached;
    return [{ type: 'highWatermarkAdvanced', highWatermark: reached }];
  }

  #replicatedEndOffset(): number | undefined {
    return this.#role === 'follower' ? Math.min(this.#leaderHighWatermark, this.#logEndOffset) : undefined;
  }

  #committedEndOffset(): number | undefined {
    const { vouchedEndOffset } = this;
    return highWatermarkOf({
      counted: this.#inSync.counted(vouchedEndOffset),
      isrSize: this.#assignment.isr.length,
      effectiveMinIsr: this.effectiveMinIsr,
      endOffsetOf: (id) => (id === this.#brokerId ? vouchedEndOffset : this.#inSync.follower(id)?.endOffset),
    });
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

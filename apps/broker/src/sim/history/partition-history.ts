import type { Attempt, SeenBatch } from './attempt.ts';
import type { ShownRecords } from './compacted-records.ts';
import type { SeenMarker } from './transaction-history.ts';

/** How a life of the broker ended: what is kept over it. */
export type Ending = 'stop' | 'kill' | 'power-cut';

/** What the broker says of a partition at the moment it begins to serve. */
export interface PartitionStartFacts {
  readonly life: number;
  readonly logStartOffset: number;
  readonly logEndOffset: number;
  readonly leaderEpoch: number;
}

export interface PartitionIdentity {
  readonly topic: string;
  readonly topicId: string;
  readonly index: number;
}

/** What a topic was created with, as far as it bears on what may be expected. */
export interface TopicTraits {
  /** flush.messages=1: every acknowledgement comes after an fsync. */
  readonly isFlushed: boolean;
  /** Retention may delete its old records. */
  readonly isTrimmed: boolean;
  /** Of each key only the newest record is sure to stay. */
  readonly isCompacted: boolean;
  /** The broker puts its own time on records. */
  readonly isAppendTime: boolean;
}

/** A batch whose place is known. */
export interface Placed {
  readonly attempt: Attempt;
  readonly baseOffset: number;
  readonly endOffset: number;
  /** -1 until a reader has seen it. */
  leaderEpoch: number;
}

/**
 * All that clients were told of one partition, and what must hold of what they are told next. Offsets here are facts: an offset that
 * was acknowledged or read names one batch for ever, unless a power cut takes back what was never flushed.
 */
export class PartitionHistory {
  /** `<topic>-<index>`. */
  readonly name: string;
  readonly topic: string;
  readonly index: number;
  readonly topicId: string;
  readonly traits: TopicTraits;
  /** Its topic's deletion was asked for: what it says does not count any more. */
  isDoomed = false;
  readonly #violate: (what: string) => void;
  /** By base offset. */
  #placed = new Map<number, Placed>();
  readonly shownRecords: ShownRecords = new Map();
  /** Transaction markers by offset. */
  readonly #markers = new Map<number, SeenMarker>();
  /** Base offset of the batch that holds an offset. */
  #baseOf = new Map<number, number>();
  /** Log end at the start of each life that has begun: what earlier lives appended lies below it. */
  readonly #startEnds: { readonly life: number; readonly endOffset: number }[] = [];
  #firstLifeSinceCut = 0;
  /** Power cuts over which it was served. */
  cutCount = 0;
  /** The worst that has happened since it was served last. */
  #ending: Ending = 'stop';
  /** Exclusive end of what was acknowledged. */
  ackedEndOffset = 0;
  /** Exclusive end of what was acknowledged after an fsync. */
  flushedEndOffset = 0;
  /** The greatest high watermark that anybody was told. */
  highWatermark = 0;
  logStartOffset = 0;
  /** Where clients have asked the log to begin, at most; above every offset while one asked for all that is committed. */
  #deleteAskedOffset = 0;
  /** Where a client was told that the log begins now: what lies before is gone for good, whatever befalls the broker. */
  #deletedToOffset = 0;
  leaderEpoch = -1;

  /** The broker's process that serves it now. */
  life: number;

  constructor(identity: PartitionIdentity, traits: TopicTraits, life: number, violate: (what: string) => void) {
    const { topic, topicId, index } = identity;
    this.name = `${topic}-${index}`;
    this.topic = topic;
    this.index = index;
    this.topicId = topicId;
    this.traits = traits;
    this.life = life;
    this.#violate = (what) => {
      if (!this.isDoomed) violate(`${this.name}: ${what}`);
    };
  }

  /** Batches whose place is known. */
  get placedCount(): number {
    return this.#placed.size;
  }

  /** All of them, in the order of their offsets. */
  placed(): readonly Placed[] {
    return [...this.#placed.values()].sort((a, b) => a.baseOffset - b.baseOffset);
  }

  /** Transaction markers that were read, by offset. */
  get markers(): ReadonlyMap<number, SeenMarker> {
    return this.#markers;
  }

  /** The broker acknowledged a batch: acks 1 or all. */
  acked(attempt: Attempt, baseOffset: number): void {
    if (baseOffset < 0) {
      this.#violate(`batch ${attempt.id} was acknowledged at ${baseOffset}`);
      return;
    }
    if (this.isDoomed) {
      attempt.status = 'unknown';
      return;
    }
    const endOffset = baseOffset + attempt.count;
    if (this.#isForgotten(attempt.life) && this.#isTooLate(attempt, endOffset)) return;
    this.#place(attempt, baseOffset);
    attempt.status = 'acked';
    this.ackedEndOffset = Math.max(this.ackedEndOffset, endOffset);
    if (this.traits.isFlushed) this.flushedEndOffset = Math.max(this.flushedEndOffset, endOffset);
    // One replica: what is acknowledged is committed.
    this.highWatermark = Math.max(this.highWatermark, endOffset);
  }

  /** A reader of the broker's process `life` found a batch. */
  seen(batch: SeenBatch, life: number): void {
    const { attempt, baseOffset, leaderEpoch } = batch;
    if (this.#isForgotten(life) || this.isDoomed) return;
    if (batch.lastOffset - baseOffset + 1 !== attempt.count) {
      this.#violate(`batch ${attempt.id} of ${attempt.count} records takes ${baseOffset} to ${batch.lastOffset}`);
    }
    const placed = this.#place(attempt, baseOffset);
    if (placed === undefined) return;
    if (placed.leaderEpoch >= 0 && placed.leaderEpoch !== leaderEpoch) {
      this.#violate(`the batch at ${baseOffset} had epoch ${placed.leaderEpoch}, now ${leaderEpoch}`);
    }
    placed.leaderEpoch = leaderEpoch;
  }

  /** A reader of the broker's process `life` found a transaction marker. */
  seenMarker(offset: number, marker: SeenMarker, life: number): void {
    if (this.#isForgotten(life) || this.isDoomed) return;
    const known = this.#markers.get(offset);
    if (known !== undefined && (known.producerId !== marker.producerId || known.type !== marker.type)) {
      this.#violate(`the marker at ${offset} was a ${known.type} of producer ${known.producerId}`);
    }
    if (this.#baseOf.has(offset)) this.#violate(`a marker is at ${offset}, where a batch was`);
    this.#markers.set(offset, marker);
  }

  /** The broker told a high watermark, to a request sent when `floor` was known. */
  toldHighWatermark(highWatermark: number, floor: number, life: number): void {
    if (highWatermark < floor) this.#violate(`the high watermark went back from ${floor} to ${highWatermark}`);
    if (!this.#isForgotten(life)) this.highWatermark = Math.max(this.highWatermark, highWatermark);
  }

  /** A client is about to ask that the records below an offset be deleted. */
  askedToDelete(offset: number): void {
    this.#deleteAskedOffset = Math.max(this.#deleteAskedOffset, offset);
  }

  /** Whether any records may have been deleted because a client asked. */
  get mayHaveDeletions(): boolean {
    return this.#deleteAskedOffset > 0;
  }

  /** The broker acknowledged a deletion: the log begins at `lowWatermark`, and no restart brings the rest back. */
  deletedTo(lowWatermark: number, life: number): void {
    if (this.#isForgotten(life) && lowWatermark > this.logStartOffset) {
      this.#violate(`records below ${lowWatermark} were deleted and are back after a power cut`);
    }
    this.#deletedToOffset = Math.max(this.#deletedToOffset, lowWatermark);
    this.toldLogStart(lowWatermark, 0, life);
  }

  /** The broker told the log's start, to a request sent when `floor` was known. */
  toldLogStart(logStartOffset: number, floor: number, life: number): void {
    this.#checkReason(logStartOffset);
    if (logStartOffset < floor) this.#violate(`the log start went back from ${floor} to ${logStartOffset}`);
    // What an earlier life said of a start that no checkpoint held yet does not bind this one.
    if (life === this.life) this.logStartOffset = Math.max(this.logStartOffset, logStartOffset);
  }

  #checkReason(logStartOffset: number): void {
    if (this.traits.isTrimmed || logStartOffset <= this.#deleteAskedOffset) return;
    this.#violate(`the log starts at ${logStartOffset} for no reason`);
  }

  toldLeaderEpoch(leaderEpoch: number, floor: number): void {
    if (leaderEpoch < floor) this.#violate(`the leader epoch went back from ${floor} to ${leaderEpoch}`);
    this.leaderEpoch = Math.max(this.leaderEpoch, leaderEpoch);
  }

  /** The disk holds a recovery point: everything below it has to survive a power cut. */
  recoveryPoint(offset: number): void {
    this.flushedEndOffset = Math.max(this.flushedEndOffset, offset);
  }

  /** The life of the broker that served the partition, or was to, has ended. */
  ended(how: Ending): void {
    if (how === 'stop') this.flushedEndOffset = Math.max(this.ackedEndOffset, this.highWatermark);
    if (this.#ending !== 'power-cut') this.#ending = how;
  }

  /** A new life of the broker serves the partition. */
  started(facts: PartitionStartFacts): void {
    const { life, logStartOffset, logEndOffset, leaderEpoch } = facts;
    const ending = this.#ending;
    this.#ending = 'stop';
    if (leaderEpoch <= this.leaderEpoch) {
      this.#violate(`a new life leads under epoch ${leaderEpoch}, after ${this.leaderEpoch}`);
    }
    this.leaderEpoch = leaderEpoch;
    this.life = life;
    const kept = ending === 'power-cut' ? this.flushedEndOffset : Math.max(this.ackedEndOffset, this.highWatermark);
    if (logEndOffset < kept) {
      this.#violate(`after a ${ending} the log ends at ${logEndOffset}, but ${kept} was promised`);
    }
    // Retention tells the new start before it renames the first file: a crash may bring segments back, as in Kafka.
    if (ending === 'stop' && logStartOffset < this.logStartOffset) {
      this.#violate(`after a ${ending} the log starts at ${logStartOffset}, before ${this.logStartOffset}`);
    }
    if (logStartOffset < this.#deletedToOffset) {
      this.#violate(`after a ${ending} the log starts at ${logStartOffset}, but ${this.#deletedToOffset} was deleted`);
    }
    this.#checkReason(logStartOffset);
    this.logStartOffset = logStartOffset;
    if (ending === 'power-cut') this.#loseFrom(logEndOffset, life);
    // Recovery has flushed what it kept.
    this.flushedEndOffset = Math.max(this.flushedEndOffset, logEndOffset);
    this.#startEnds.push({ life, endOffset: logEndOffset });
  }

  /** Whether a power cut came after that life: what it said last may reach a client after the next one has begun. */
  #isForgotten(life: number): boolean {
    return life < this.#firstLifeSinceCut;
  }

  /** Whether an acknowledgement from before a power cut speaks of what the cut took; where it was flushed it must not have. */
  #isTooLate(attempt: Attempt, endOffset: number): boolean {
    const next = this.#startEnds.find(({ life }) => life > attempt.life);
    if (next === undefined || endOffset <= next.endOffset) return false;
    if (this.traits.isFlushed)
      this.#violate(`batch ${attempt.id} was acknowledged up to ${endOffset} and lost by a power cut`);
    attempt.status = 'lost';
    return true;
  }

  #loseFrom(endOffset: number, life: number): void {
    this.#firstLifeSinceCut = life;
    this.cutCount += 1;
    for (const placed of this.placed()) {
      if (placed.endOffset <= endOffset) continue;
      // A log that lost more than was deleted begins where that ends, be it within a batch.
      if (placed.baseOffset < endOffset && endOffset > this.logStartOffset)
        this.#violate(`a power cut left a part of the batch at ${placed.baseOffset}`);
      placed.attempt.status = 'lost';
      this.#placed.delete(placed.baseOffset);
      for (let offset = placed.baseOffset; offset < placed.endOffset; offset++) this.#baseOf.delete(offset);
    }
    for (const offset of [...this.#markers.keys()]) if (offset >= endOffset) this.#markers.delete(offset);
    this.ackedEndOffset = Math.min(this.ackedEndOffset, endOffset);
    this.highWatermark = Math.min(this.highWatermark, endOffset);
  }

  /** Notes where a batch is; undefined, with a violation, where it cannot be there. */
  #place(attempt: Attempt, baseOffset: number): Placed | undefined {
    const fault = this.#faultOf(attempt, baseOffset);
    if (fault !== undefined) {
      this.#violate(`batch ${attempt.id} of life ${attempt.life} at ${baseOffset}: ${fault}`);
      return undefined;
    }
    const known = this.#placed.get(baseOffset);
    if (known !== undefined) return known;
    const placed: Placed = { attempt, baseOffset, endOffset: baseOffset + attempt.count, leaderEpoch: -1 };
    this.#placed.set(baseOffset, placed);
    for (let offset = baseOffset; offset < placed.endOffset; offset++) this.#baseOf.set(offset, baseOffset);
    attempt.baseOffset = baseOffset;
    return placed;
  }

  #faultOf(attempt: Attempt, baseOffset: number): string | undefined {
    const known = this.#placed.get(baseOffset);
    if (known?.attempt === attempt) return undefined;
    const mayStray = attempt.target.topic === this.topic && attempt.target.isDoomed && !attempt.isSentById;
    if (attempt.target.index !== this.index || (attempt.target !== this && !mayStray)) {
      return `it was sent to ${attempt.target.name} of ${attempt.target.topicId}`;
    }
    if (attempt.status === 'refused') return 'it was refused';
    if (attempt.status === 'lost') return 'a power cut had taken it';
    if (attempt.baseOffset >= 0) return `it is at ${attempt.baseOffset} already`;
    if (attempt.target === this && baseOffset < attempt.floor)
      return `${attempt.floor} was acknowledged before it was sent`;
    for (let offset = baseOffset; offset < baseOffset + attempt.count; offset++) {
      const base = this.#baseOf.get(offset);
      if (base !== undefined) return `batch ${this.#placed.get(base)?.attempt.id} is at ${base}`;
    }
    const next = this.#startEnds.find(({ life }) => life > attempt.life);
    if (next !== undefined && baseOffset + attempt.count > next.endOffset) {
      return `the log ended at ${next.endOffset} when life ${next.life} began`;
    }
    return undefined;
  }
}

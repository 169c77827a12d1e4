import {
  attributes,
  baseOffset as batchBaseOffset,
  leaderEpoch as batchLeaderEpoch,
  isBatchCrcValid,
  isLogAppendTime as claimsAppendTime,
  lastOffsetDelta,
  LOG_APPEND_TIME_BIT,
  maxTimestamp,
  sealBatch,
  setAttributes,
  setBaseOffset,
  setLeaderEpoch,
  setMaxTimestamp,
  stampLogAppendTime,
} from '@ks/protocol';
import { placeAt } from './batch-scan.ts';
import type { LogConfig } from './log-config.ts';
import type { AppendOptions, FollowerAppend, FollowerAppendFailure, LogAppend } from './log-options.ts';
import type { LogParts } from './log-parts.ts';
import type { LogProducers } from './log-producers.ts';
import { shouldRoll } from './roll.ts';
import { emptyIndexes, Segment } from './segment.ts';
import { RELATIVE_OFFSET_MAX } from './segment-scan.ts';

export interface LogAppenderHost {
  readonly config: LogConfig;
  readonly directory: string;
}

/** Puts batches at the end of a log's tail: offsets, leader epochs, append times, segment rolls, index entries. Synchronous. */
export class LogAppender {
  /** Next offset to assign. */
  appendedEndOffset: number;
  readonly #parts: LogParts;
  readonly #host: LogAppenderHost;
  readonly #producers: LogProducers;
  /** Taken off segment.ms, for the active segment. */
  #rollJitterMs: number;

  constructor(parts: LogParts, host: LogAppenderHost, producers: LogProducers, endOffset: number) {
    this.#parts = parts;
    this.#producers = producers;
    this.#host = host;
    this.appendedEndOffset = endOffset;
    this.#rollJitterMs = this.#drawRollJitter();
  }

  /** One validated batch, as leader. */
  append(batch: Uint8Array, options: AppendOptions): LogAppend {
    const { core, clock } = this.#parts.environment;
    const nowMs = options.nowMs ?? clock.wallMs();
    const isLogAppendTime = this.#host.config.messageTimestampType === 'LogAppendTime';
    const headerMax = maxTimestamp(batch, 0);
    const maxTimestampMs = isLogAppendTime ? nowMs : (options.maxTimestampMs ?? headerMax);
    const baseOffset = this.appendedEndOffset;
    const lastOffset = baseOffset + lastOffsetDelta(batch, 0);
    const copy = this.#place(batch, { baseOffset, lastOffset, maxTimestampMs, nowMs });
    setBaseOffset(copy, 0, baseOffset);
    setLeaderEpoch(copy, 0, options.leaderEpoch);
    if (isLogAppendTime) stampLogAppendTime(copy, 0, nowMs, core);
    else if (maxTimestampMs !== headerMax || claimsAppendTime(batch, 0)) {
      // A producer may not say that its times are the broker's.
      setAttributes(copy, 0, attributes(copy, 0) & ~LOG_APPEND_TIME_BIT);
      setMaxTimestamp(copy, 0, maxTimestampMs);
      sealBatch(copy, 0, core);
    }
    this.#producers.appended(copy, baseOffset, nowMs);
    this.#placed(options.leaderEpoch, baseOffset, lastOffset);
    return { baseOffset, lastOffset, logAppendTimeMs: isLogAppendTime ? nowMs : -1 };
  }

  /** A leader's batches, as they are, up to the first that is not in order. */
  appendAsFollower(batches: Uint8Array): FollowerAppend {
    const nowMs = this.#parts.environment.clock.wallMs();
    let batchCount = 0;
    for (let at = 0; at < batches.length; ) {
      const place = placeAt(batches, at, batches.length, at);
      if (place === undefined || at + place.sizeBytes > batches.length) {
        return { batchCount, failure: corrupt(`no whole record batch at byte ${at}`) };
      }
      const batch = batches.subarray(at, at + place.sizeBytes);
      const failure = this.#judge(batch);
      if (failure !== undefined) return { batchCount, failure };
      const { baseOffset, lastOffset, maxTimestampMs } = place;
      this.#place(batch, { baseOffset, lastOffset, maxTimestampMs, nowMs });
      this.#producers.appended(batch, baseOffset, nowMs);
      this.#placed(batchLeaderEpoch(batch, 0), baseOffset, lastOffset);
      batchCount += 1;
      at += place.sizeBytes;
    }
    return { batchCount, failure: undefined };
  }

  /** Seals the active segment; the next batch starts a new one. */
  roll(nowMs: number): Segment {
    const { segments, flusher, producers, snapshots } = this.#parts;
    segments.active.seal();
    snapshots.capture(this.appendedEndOffset, producers.entries);
    const segment = new Segment(this.#host.directory, this.appendedEndOffset, nowMs);
    segment.indexes = emptyIndexes(segment.baseOffset);
    segments.add(segment);
    this.#rollJitterMs = this.#drawRollJitter();
    // Kafka's rule: a sealed segment is flushed, so that recovery never reads more than the active one.
    flusher.request(this.appendedEndOffset);
    return segment;
  }

  #judge(batch: Uint8Array): FollowerAppendFailure | undefined {
    const offset = batchBaseOffset(batch, 0);
    if (offset < this.appendedEndOffset) {
      return { reason: 'not-next', message: `offset ${offset} where ${this.appendedEndOffset} or more was due` };
    }
    // Every segment keeps its last batch, so compaction leaves no larger gap than a segment spans.
    if (offset - this.appendedEndOffset > RELATIVE_OFFSET_MAX) {
      return corrupt(`offset ${offset} lies too far beyond ${this.appendedEndOffset}, where the log ends`);
    }
    if (isBatchCrcValid(batch, 0, this.#parts.environment.core)) return undefined;
    return corrupt(`the checksum of the batch at offset ${offset} does not match`);
  }

  /** The batch's copy in the tail. */
  #place(
    batch: Uint8Array,
    at: {
      readonly baseOffset: number;
      readonly lastOffset: number;
      readonly maxTimestampMs: number;
      readonly nowMs: number;
    },
  ): Uint8Array {
    const { segments, tail } = this.#parts;
    const { config } = this.#host;
    const { lastOffset, maxTimestampMs, nowMs } = at;
    const sizeBytes = batch.length;
    let segment = segments.active;
    const input = { config, rollJitterMs: this.#rollJitterMs, nowMs, sizeBytes, lastOffset, maxTimestampMs };
    if (shouldRoll(segment, input)) {
      // Segments follow each other without a gap (recovery relies on it) unless the batch would not fit the indexes.
      const fitsIndexes = lastOffset - this.appendedEndOffset <= RELATIVE_OFFSET_MAX;
      if (!fitsIndexes) this.appendedEndOffset = at.baseOffset;
      segment = this.roll(nowMs);
    }
    const copy = tail.place(segment, segment.sizeBytes, sizeBytes, at.baseOffset);
    copy.set(batch);
    segment.noteBatch({ lastOffset, maxTimestampMs, sizeBytes }, config.indexIntervalBytes);
    return copy;
  }

  #placed(leaderEpoch: number, baseOffset: number, lastOffset: number): void {
    const { epochs, tail, writer } = this.#parts;
    if (leaderEpoch > epochs.latestEpoch) epochs.assign(leaderEpoch, baseOffset);
    this.appendedEndOffset = lastOffset + 1;
    tail.placed(this.appendedEndOffset);
    writer.schedule();
  }

  #drawRollJitter(): number {
    const { segmentMs, segmentJitterMs } = this.#host.config;
    const jitter = Math.min(segmentJitterMs, segmentMs, 0x7fffffff);
    return jitter > 0 ? this.#parts.environment.random.int(jitter) : 0;
  }
}

function corrupt(message: string): FollowerAppendFailure {
  return { reason: 'corrupt', message };
}

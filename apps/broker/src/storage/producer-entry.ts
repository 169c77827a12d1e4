import { sequenceBefore } from './producer-sequence.ts';

/** Batches of a producer that are remembered: as many as a client may have in flight. */
export const REMEMBERED_BATCHES = 5;
export const NO_PRODUCER_EPOCH = -1;
export const NO_COORDINATOR_EPOCH = -1;

/** One appended batch, by which a repetition of it is known. */
export interface AppendedBatch {
  readonly lastSequence: number;
  readonly lastOffset: number;
  readonly offsetDelta: number;
  readonly timestampMs: number;
}

/** What one partition knows of one producer id. */
export interface ProducerEntry {
  readonly producerId: number;
  /** -1 where only an older epoch's fate is known. */
  readonly producerEpoch: number;
  /** Of the coordinator that wrote the last marker, -1 before the first. */
  readonly coordinatorEpoch: number;
  /** Timestamp of the newest batch or marker, as it carries it. */
  readonly lastTimestampMs: number;
  /** Wall time at which the producer was last heard of; expiry counts from it. */
  readonly seenMs: number;
  /** Offset of the open transaction's first batch; undefined where none is open. */
  readonly transactionFirstOffset: number | undefined;
  /** Of the current epoch, oldest first, at most `REMEMBERED_BATCHES`. Empty after a marker that raised the epoch. */
  readonly batches: readonly AppendedBatch[];
}

export function baseSequenceOf(batch: AppendedBatch): number {
  return sequenceBefore(batch.lastSequence, batch.offsetDelta);
}

export function baseOffsetOf(batch: AppendedBatch): number {
  return batch.lastOffset - batch.offsetDelta;
}

/** Last sequence number of the current epoch, -1 where there is none. */
export function lastSequenceOf(entry: ProducerEntry): number {
  return entry.batches.at(-1)?.lastSequence ?? -1;
}

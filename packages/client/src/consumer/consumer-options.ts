import type { RecordBatch } from '@ks/protocol';
import type { IsolationLevel, OffsetSpec, TopicPartition } from '../offsets/list-offsets.ts';
import type { ConsumedRecord } from '../topic/record-types.ts';
import type { AnyTopic } from '../topic/topic.ts';
import type { Readable } from './read-arguments.ts';
import type { InvalidRecord, OnInvalid } from './typed-record.ts';

export interface ConsumerOptions {
  /** Where partitions start that are assigned without an offset. Default 'end'. */
  readonly from?: OffsetSpec | undefined;
  /** Whether records of open and aborted transactions are shown. Default 'read_uncommitted'. */
  readonly isolationLevel?: IsolationLevel | undefined;
  /** What to do when the position is not in the log: go to a place, or throw OFFSET_OUT_OF_RANGE. Default 'error'. */
  readonly outOfRange?: 'beginning' | 'end' | 'error' | undefined;
  /** Where this consumer is: brokers that know of a replica nearer than the leader say so, and it is read there (KIP-392). */
  readonly rack?: string | undefined;
  /** How long a broker may wait for `minBytes`, in milliseconds. Default 500. */
  readonly maxWaitMs?: number | undefined;
  /** Default 1. */
  readonly minBytes?: number | undefined;
  /** The most that one fetch brings. Default 50 MB. */
  readonly maxBytes?: number | undefined;
  /** The most that one fetch brings of a partition; a single larger batch comes all the same. Default 1 MB. */
  readonly partitionMaxBytes?: number | undefined;
  /** What is fetched ahead of the reader, over all partitions. Default 16 MB. */
  readonly prefetchBytes?: number | undefined;
  /** The most that one batch may take after decompression. Default 128 MB. */
  readonly maxDecompressedBytes?: number | undefined;
  /** Whether batches' checksums are compared. Default true. */
  readonly checkCrcs?: boolean | undefined;
}

/** A partition to read, or all of a topic's, and where to start. */
export interface Assignment {
  readonly topic: AnyTopic | string;
  /** Default: every partition of the topic. */
  readonly partition?: number | undefined;
  /** An offset, or a place. Default: the consumer's `from`. */
  readonly offset?: number | OffsetSpec | undefined;
}

export interface PartitionOffset extends TopicPartition {
  readonly offset: number;
}

/** How far a reader is behind. */
export interface PartitionLag extends PartitionOffset {
  /** Where the partition ends; under read_committed, before its first open transaction. */
  readonly endOffset: number;
  /** Offsets between the next record and the end; markers and holes count. */
  readonly lag: number;
}

export interface ReadOptions {
  /** Ends the reading by throwing ABORTED. */
  readonly signal?: AbortSignal | undefined;
  /**
   * Where to stop: at the end that each partition has now, or before the given offsets (partitions that are not named are read
   * on for ever). Reading ends when every position has come there, whatever lies between: nothing, markers, or holes.
   */
  readonly until?: 'end' | readonly PartitionOffset[] | undefined;
  /**
   * What to do with records that their topic's schema or codec refuses: throw INVALID_DATA (the default), leave them out, give them as
   * bytes, or write them to `deadLetter` and go on.
   */
  readonly onInvalid?: OnInvalid | undefined;
  /** Where `onInvalid: 'deadLetter'` writes: key, value and headers as they are, and headers `ks.*` that say what was wrong and where. */
  readonly deadLetter?: AnyTopic | string | undefined;
}

/** What `read` gives: typed records of the topics; with `onInvalid: 'raw'` invalid ones among them. */
export type ReadRecord<Topics extends readonly Readable[], Options> =
  | RecordOf<Topics>
  | (Options extends { readonly onInvalid: 'raw' } ? InvalidRecord : never);

/** A record of one of the topics; without topics, of any, as bytes. */
export type RecordOf<Topics extends readonly Readable[]> = ConsumedRecord<
  Topics extends readonly [] ? string : NamedBy<Topics[number]>
>;

type NamedBy<T> = T extends RegExp ? string : T extends AnyTopic | string ? T : never;

/** A batch, decompressed, whose records are decoded one by one as they are asked for. */
export interface ConsumedBatch<T> extends Iterable<T> {
  readonly topic: string;
  readonly partition: number;
  readonly batch: RecordBatch;
  /** The offset of the first record that the reader wants: it may lie within the batch. */
  readonly firstOffset: number;
  readonly lastOffset: number;
  /** Where the partition's log began, was stable and ended, as far as the last fetch told: -1 where the broker does not say. */
  readonly logStartOffset: number;
  readonly lastStableOffset: number;
  readonly highWatermark: number;
  /** May be called once or more. Throws as `read` does. */
  records(): IterableIterator<T, void, undefined>;
}

/** A batch as it is stored, compressed or not: what mirrors pass on. */
export interface RawBatch {
  readonly topic: string;
  readonly partition: number;
  readonly batch: RecordBatch;
  /** The offset of the first record that the reader wants: it may lie within the batch. */
  readonly firstOffset: number;
}

import {
  BATCH_HEADER_BYTES,
  encodeEndTransactionMarker,
  encodePlainRecordBatch,
  ErrorCode,
  type RecordBatch,
  type RecordInput,
  recordBatchesOf,
} from '@ks/protocol';
import type { TransactionalProducer } from '../core/replicated-state.ts';
import type { Codec, CompressionType } from '../ports/codec.ts';
import { bytesOfParts } from '../ports/wire-part.ts';
import { recompress } from '../storage/recompress.ts';
import type { HostedPartition, ReplicaManager } from './replica-manager.ts';

/** A batch on its way to being committed. */
export interface CoordinatorAppend {
  /** A Kafka error code; not NONE: nothing was appended. */
  readonly errorCode: number;
  /** Offset of the first record, -1 where nothing was appended. */
  readonly baseOffset: number;
  /** NONE once the batch is below the high watermark, else why it is not. Never rejects. */
  readonly committed: Promise<number>;
}

/** The end of a producer's transaction, as its coordinator decided it. */
export interface EndMarker {
  readonly producerId: number;
  readonly producerEpoch: number;
  readonly committed: boolean;
  readonly coordinatorEpoch: number;
  /** 2 and more: the epoch is above that of the transaction (KIP-890). */
  readonly transactionVersion: number;
}

/** One partition's log as a coordinator uses it: appended to by nobody else, under one leader epoch. */
export interface CoordinatorLog {
  /** Largest batch it takes. */
  readonly maxBatchBytes: number;
  /** Why it would refuse an append (of that producer's records) now, as a Kafka error code; NONE where it would not. */
  refusal(producer?: TransactionalProducer): number;
  /** The offset that the next appended record gets. */
  readonly nextOffset: number;
  /** `producer`: the records belong to its open transaction. */
  append(records: readonly RecordInput[], producer?: TransactionalProducer): CoordinatorAppend;
  /** Appends the one record that ends a producer's transaction here. Refused where a later epoch of it, or of its coordinator, was seen. */
  appendMarker(marker: EndMarker, timestampMs: number): CoordinatorAppend;
  /**
   * Every batch of the log in order, in bounded pieces, once all of them are committed. Ends early when the partition is no longer
   * led here. Fails when the log does.
   */
  replay(): AsyncIterable<RecordBatch>;
}

export interface ReplicaLogOptions {
  readonly partition: HostedPartition;
  readonly replicas: Pick<ReplicaManager, 'append'>;
  readonly checksum: { crc32c(bytes: Uint8Array, seed?: number): number };
  /** offsets.commit.timeout.ms */
  readonly commitTimeoutMs: number;
  /** offsets.load.buffer.size: bytes read at a time. */
  readonly loadBufferBytes: number;
  /** The newest Produce version: what batches are checked by. */
  readonly produceVersion: number;
  /** What records are written with; default: as they are. Markers never are compressed. */
  readonly compression?: { readonly type: CompressionType; readonly codec: Codec };
}

/** What codecs work on at once; larger inputs go to another thread. */
const COMPRESSED_BYTES_MAX = 65_536;

/** A coordinator's log that is a partition hosted here. */
export class ReplicaLog implements CoordinatorLog {
  readonly #options: ReplicaLogOptions;
  readonly #leaderEpoch: number;

  constructor(options: ReplicaLogOptions) {
    this.#options = options;
    this.#leaderEpoch = options.partition.leaderEpoch;
  }

  get maxBatchBytes(): number {
    return this.#options.partition.log.config.maxMessageBytes;
  }

  get nextOffset(): number {
    return this.#options.partition.log.appendedEndOffset;
  }

  refusal(producer?: TransactionalProducer): number {
    const { partition } = this.#options;
    if (!this.isLed) return ErrorCode.NOT_LEADER_OR_FOLLOWER;
    if (partition.isUnderMinIsr) return ErrorCode.NOT_ENOUGH_REPLICAS;
    return producer === undefined ? ErrorCode.NONE : partition.log.producers.coordinatorFault(producer);
  }

  /** Whether the partition is still led here under the epoch this began with. */
  get isLed(): boolean {
    const { partition } = this.#options;
    return partition.isOpen && partition.isLeader && partition.leaderEpoch === this.#leaderEpoch;
  }

  append(records: readonly RecordInput[], producer?: TransactionalProducer): CoordinatorAppend {
    const { checksum } = this.#options;
    return this.#append(this.#compressed(encodePlainRecordBatch(records, { checksum, ...sealOf(producer) })), 0);
  }

  /** An append is decided and made in one turn: a batch that would be compressed on another thread stays as it is. */
  #compressed(batch: Uint8Array): Uint8Array {
    const { compression, checksum } = this.#options;
    const plain = batch.subarray(BATCH_HEADER_BYTES);
    if (compression === undefined || compression.type === 'none' || plain.length > COMPRESSED_BYTES_MAX) return batch;
    const { type, codec } = compression;
    const compressed = recompress(batch, plain, { target: type, level: undefined, codec, checksum });
    if (compressed instanceof Promise) {
      compressed.catch(() => undefined);
      return batch;
    }
    return compressed.length < batch.length ? compressed : batch;
  }

  appendMarker(marker: EndMarker, timestampMs: number): CoordinatorAppend {
    const { checksum } = this.#options;
    return this.#append(encodeEndTransactionMarker({ ...marker, timestampMs }, checksum), marker.transactionVersion);
  }

  #append(batch: Uint8Array, transactionVersion: number): CoordinatorAppend {
    const { partition, replicas, commitTimeoutMs, produceVersion } = this.#options;
    const { topic, topicId, partitionIndex } = partition;
    const { admitted, completion } = replicas.append({
      acks: -1,
      timeoutMs: commitTimeoutMs,
      origin: 'coordinator',
      transactionVersion,
      apiVersion: produceVersion,
      partitions: [{ topic, topicId, partitionIndex, records: batch }],
    });
    const errorCode = admitted[0]?.errorCode ?? ErrorCode.UNKNOWN_SERVER_ERROR;
    return {
      errorCode,
      baseOffset: admitted[0]?.baseOffset ?? -1,
      committed: completion.then((results) => results[0]?.errorCode ?? ErrorCode.UNKNOWN_SERVER_ERROR),
    };
  }

  async *replay(): AsyncGenerator<RecordBatch, void, undefined> {
    const { partition, loadBufferBytes } = this.#options;
    const { log } = partition;
    const endOffset = log.appendedEndOffset;
    // What is not committed yet might still be lost: nobody may see it.
    await this.#highWatermarkAt(endOffset);
    let offset = log.logStartOffset;
    while (offset < endOffset && this.isLed) {
      const read = await log.read(offset, loadBufferBytes, endOffset, { minOneBatch: true });
      if (read.type === 'out-of-range') {
        // Retention moved the start up meanwhile.
        offset = Math.max(read.logStartOffset, offset + 1);
        continue;
      }
      yield* recordBatchesOf(await bytesOfParts(read.parts));
      if (read.nextOffset <= offset) return;
      offset = read.nextOffset;
    }
  }

  #highWatermarkAt(offset: number): Promise<void> {
    const { partition } = this.#options;
    return new Promise((resolve) => {
      const isDone = (): boolean => partition.highWatermark >= offset || !this.isLed;
      if (isDone()) return resolve();
      const end = partition.onChange(() => {
        if (!isDone()) return;
        end();
        resolve();
      });
    });
  }
}

/** What a batch says of the transaction it belongs to. */
function sealOf(producer: TransactionalProducer | undefined) {
  if (producer === undefined) return {};
  const { producerId, producerEpoch } = producer;
  return { producerId, producerEpoch, isTransactional: true };
}

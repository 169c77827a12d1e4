import { encodePlainRecordBatch, ErrorCode, type RecordBatch, type RecordInput, recordBatchesOf } from '@ks/protocol';
import { bytesOfParts } from '../ports/wire-part.ts';
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

/** One partition's log as a coordinator uses it: appended to by nobody else, under one leader epoch. */
export interface CoordinatorLog {
  /** Largest batch it takes. */
  readonly maxBatchBytes: number;
  /** Why it would refuse an append now, as a Kafka error code; NONE where it would not. */
  refusal(): number;
  /** The offset that the next appended record gets. */
  readonly nextOffset: number;
  append(records: readonly RecordInput[]): CoordinatorAppend;
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
}

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

  refusal(): number {
    const { partition } = this.#options;
    if (!this.isLed) return ErrorCode.NOT_LEADER_OR_FOLLOWER;
    return partition.isUnderMinIsr ? ErrorCode.NOT_ENOUGH_REPLICAS : ErrorCode.NONE;
  }

  /** Whether the partition is still led here under the epoch this began with. */
  get isLed(): boolean {
    const { partition } = this.#options;
    return partition.isOpen && partition.isLeader && partition.leaderEpoch === this.#leaderEpoch;
  }

  append(records: readonly RecordInput[]): CoordinatorAppend {
    const { partition, replicas, checksum, commitTimeoutMs, produceVersion } = this.#options;
    const { topic, topicId, partitionIndex } = partition;
    const batch = encodePlainRecordBatch(records, { checksum });
    const { admitted, completion } = replicas.append({
      acks: -1,
      timeoutMs: commitTimeoutMs,
      origin: 'coordinator',
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

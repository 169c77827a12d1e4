import type { Core } from '@ks/core-wasm';
import {
  type BatchRecord,
  type Codec,
  CodecError,
  ErrorCode,
  ProtocolError,
  type RecordBatch,
  type RecordCursor,
} from '@ks/protocol';
import { KafkaError } from '../kafka-error.ts';
import type { TopicPartition } from '../offsets/list-offsets.ts';

export interface BatchOpenerOptions {
  readonly core: Core;
  readonly codec: Codec;
  readonly maxDecompressedBytes: number;
  readonly checkCrcs: boolean;
}

/** Checks and decompresses batches, and walks their records. What is wrong with one is a CORRUPT_MESSAGE that says where. */
export class BatchOpener {
  readonly #options: BatchOpenerOptions;

  constructor(options: BatchOpenerOptions) {
    this.#options = options;
  }

  check(place: TopicPartition, batch: RecordBatch): void {
    if (!this.#options.checkCrcs || batch.isCrcValid(this.#options.core)) return;
    throw corrupt(place, batch, 'its checksum does not fit its bytes');
  }

  /** The plain records of a batch: at once where nothing is compressed, or little. */
  open(place: TopicPartition, batch: RecordBatch): Uint8Array | Promise<Uint8Array> {
    this.check(place, batch);
    try {
      const plain = batch.decompress(this.#options.codec, this.#options.maxDecompressedBytes);
      if (!(plain instanceof Promise)) return plain;
      return plain.catch((error: unknown) => {
        throw explained(place, batch, error);
      });
    } catch (error) {
      throw explained(place, batch, error);
    }
  }

  /** A cursor before the first of the plain records. */
  cursor(place: TopicPartition, batch: RecordBatch, plain: Uint8Array): RecordCursor {
    try {
      return batch.cursor(plain);
    } catch (error) {
      throw explained(place, batch, error);
    }
  }

  /** Moves a cursor; false behind the last record. */
  next(place: TopicPartition, batch: RecordBatch, cursor: RecordCursor): boolean {
    try {
      return cursor.next();
    } catch (error) {
      throw explained(place, batch, error);
    }
  }

  *records(place: TopicPartition, batch: RecordBatch, plain: Uint8Array): Generator<BatchRecord, void, undefined> {
    const cursor = this.cursor(place, batch, plain);
    while (this.next(place, batch, cursor)) yield cursor.record();
  }
}

function explained(place: TopicPartition, batch: RecordBatch, error: unknown): unknown {
  const isExpected = error instanceof ProtocolError || error instanceof CodecError;
  return isExpected ? corrupt(place, batch, error.message, error) : error;
}

function corrupt(place: TopicPartition, batch: RecordBatch, what: string, cause?: unknown): KafkaError {
  const { topic, partition } = place;
  const message = `the batch at offset ${batch.baseOffset} of ${topic}-${partition} cannot be read: ${what}. Seek to ${batch.nextOffset} to leave it out.`;
  return new KafkaError(ErrorCode.CORRUPT_MESSAGE, message, {
    topic,
    partition,
    offset: batch.baseOffset,
    retriable: false,
    cause,
  });
}

import { BATCH_HEADER_BYTES, type BatchSeal, RecordBatchBuilder, type RecordHeader } from '@ks/protocol';
import type { KafkaError } from '../kafka-error.ts';
import type { SentRecord } from '../topic/record-types.ts';

/** Who waits for a record. */
interface Waiting {
  readonly timestamp: number;
  readonly resolve: (sent: SentRecord) => void;
  readonly reject: (error: KafkaError) => void;
}

/** What a broker said of a batch it took. */
export interface BatchReceipt {
  /** -1 with acks 0. */
  readonly baseOffset: number;
  /** Milliseconds since the epoch where the topic has LogAppendTime, else -1. */
  readonly logAppendTimeMs: number;
}

/** Records of one partition that go out together, from the first that was added until all who wait were told. */
export class PendingBatch {
  readonly topic: string;
  readonly partition: number;
  /** Monotonic. */
  readonly createdAtMs: number;
  /** After this, monotonic, it is given up. */
  readonly deadlineMs: number;
  /** Settles, always well, when all who wait were told. */
  readonly settled: Promise<void>;
  /** No more records may be added: it is due however small. */
  isClosed = false;
  attempts = 0;
  lastError: KafkaError | undefined;
  readonly #builder = new RecordBatchBuilder();
  readonly #waiting: Waiting[] = [];
  #settle: () => void = () => {};
  #sealed: Uint8Array | undefined;

  constructor(topic: string, partition: number, createdAtMs: number, deadlineMs: number) {
    this.topic = topic;
    this.partition = partition;
    this.createdAtMs = createdAtMs;
    this.deadlineMs = deadlineMs;
    this.settled = new Promise((resolve) => {
      this.#settle = resolve;
    });
  }

  get recordsCount(): number {
    return this.#waiting.length;
  }

  /** Before compression. */
  get sizeBytes(): number {
    return this.#builder.recordsCount === 0 ? BATCH_HEADER_BYTES : this.#builder.sizeBytes;
  }

  append(
    timestamp: number,
    key: Uint8Array | null,
    value: Uint8Array | null,
    headers: readonly RecordHeader[],
  ): Promise<SentRecord> {
    this.#builder.append(timestamp, key, value, headers);
    return new Promise((resolve, reject) => {
      this.#waiting.push({ timestamp, resolve, reject });
    });
  }

  /** The batch's bytes, made once. */
  async seal(options: BatchSeal): Promise<Uint8Array> {
    this.isClosed = true;
    this.#sealed ??= await this.#builder.seal(options);
    return this.#sealed;
  }

  /** Tells each record its offset. */
  succeed(receipt: BatchReceipt): void {
    this.#waiting.forEach(({ timestamp, resolve }, index) => {
      resolve({
        topic: this.topic,
        partition: this.partition,
        offset: receipt.baseOffset < 0 ? -1 : receipt.baseOffset + index,
        timestamp: receipt.logAppendTimeMs >= 0 ? receipt.logAppendTimeMs : timestamp,
      });
    });
    this.#settle();
  }

  fail(error: KafkaError): void {
    for (const { reject } of this.#waiting) reject(error);
    this.#settle();
  }
}

import {
  BATCH_HEADER_BYTES,
  type BatchSeal,
  type Checksum,
  RecordBatch,
  RecordBatchBuilder,
  type RecordHeader,
} from '@ks/protocol';
import type { KafkaError } from '../kafka-error.ts';
import { type BatchSequence, type ProducerId, sequenceAfter } from './producer-identity.ts';
import { offsetsOf, resealed } from './raw-batch.ts';
import type { RecordWaiter } from './record-waiter.ts';
import { WaiterRuns } from './waiter-runs.ts';

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
  /** Younger batches have higher ones. */
  readonly number: number;
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
  /** The id that it was sent under, and its place; undefined where that was none, or it was not sent. */
  sequence: BatchSequence | undefined;
  readonly #builder: RecordBatchBuilder;
  readonly #raw: RecordBatch | undefined;
  readonly #waiting = new WaiterRuns();
  /** Of the numbers between this batch and the next: its halves share it. */
  #span = 1;
  #settle: () => void = () => {};
  #sealed: Uint8Array | undefined;

  /** `expectedBytes`, where it is known, saves growing. `raw`: it is this batch, to which no record can be added. */
  constructor(
    topic: string,
    partition: number,
    number: number,
    createdAtMs: number,
    deadlineMs: number,
    expectedBytes?: number,
    raw?: RecordBatch,
    memory?: Uint8Array,
  ) {
    this.#raw = raw;
    this.isClosed = raw !== undefined;
    this.number = number;
    this.#builder = new RecordBatchBuilder(expectedBytes, memory);
    this.topic = topic;
    this.partition = partition;
    this.createdAtMs = createdAtMs;
    this.deadlineMs = deadlineMs;
    this.settled = new Promise((resolve) => {
      this.#settle = resolve;
    });
  }

  get sentAs(): ProducerId | undefined {
    return this.sequence?.id;
  }

  /** Of sequence numbers too. */
  get recordsCount(): number {
    if (this.#raw !== undefined) return offsetsOf(this.#raw);
    return this.#waiting.count;
  }

  /** Before compression. */
  get sizeBytes(): number {
    if (this.#raw !== undefined) return this.#raw.sizeBytes;
    return this.#builder.recordsCount === 0 ? BATCH_HEADER_BYTES : this.#builder.sizeBytes;
  }

  /** `waiter` is told of the whole batch, a raw one, as number 0. */
  announce(waiter: RecordWaiter): void {
    this.#waiting.add(this.#raw?.maxTimestamp ?? -1, waiter, 0);
  }

  /** Adds a record; `waiter` is told of it as number `index`. */
  append(
    timestamp: number,
    key: Uint8Array | null,
    value: Uint8Array | null,
    headers: readonly RecordHeader[],
    waiter: RecordWaiter,
    index: number,
  ): void {
    this.#builder.append(timestamp, key, value, headers);
    this.#waiting.add(timestamp, waiter, index);
  }

  /** The batch's bytes, made once: what is sent again is the same, so that brokers know it again. */
  async seal(options: BatchSeal): Promise<Uint8Array> {
    this.isClosed = true;
    this.#sealed ??= this.#raw === undefined ? await this.#builder.seal(options) : resealed(this.#raw, options);
    return this.#sealed;
  }

  /**
   * The memory of its records, for another batch: once a broker has answered the only request that it was part of. Undefined where a
   * socket may still hold it.
   */
  get spareMemory(): Uint8Array | undefined {
    return this.attempts === 0 && this.#raw === undefined ? this.#builder.memory : undefined;
  }

  /** A broker has refused it for its sequence: it may be sealed with another. */
  unseal(): void {
    this.#sealed = undefined;
    this.sequence = undefined;
  }

  /**
   * Two batches of its records, the first half and the others, which take its place; undefined where it has but one record, or was given
   * whole. Those keep its number, deadline and sequence; it is settled when both are.
   */
  split(checksum: Checksum): readonly [PendingBatch, PendingBatch] | undefined {
    if (this.#raw !== undefined || this.recordsCount < 2) return undefined;
    const plain = this.#builder.seal({ checksum });
    // Without a codec there is nothing to wait for.
    if (plain instanceof Promise) return undefined;
    const firstCount = this.recordsCount >>> 1;
    this.#span /= 2;
    const first = this.#half(this.number, 0);
    const second = this.#half(this.number + this.#span, firstCount);
    const batch = new RecordBatch(plain);
    const records = batch.records(batch.payload);
    for (const { waiter, index } of this.#waiting.each()) {
      const { value: record } = records.next();
      if (record === undefined) break;
      const half = first.recordsCount < firstCount ? first : second;
      half.append(record.timestamp, record.key, record.value, record.headers, waiter, index);
    }
    void Promise.all([first.settled, second.settled]).then(() => this.#settle());
    return [first, second];
  }

  #half(number: number, skipped: number): PendingBatch {
    const half = new PendingBatch(this.topic, this.partition, number, this.createdAtMs, this.deadlineMs);
    half.isClosed = true;
    half.attempts = this.attempts;
    half.lastError = this.lastError;
    half.#span = this.#span;
    if (this.sequence !== undefined) {
      const { id, baseSequence } = this.sequence;
      half.sequence = { id, baseSequence: sequenceAfter(baseSequence, skipped) };
    }
    return half;
  }

  /** Tells each record its offset. */
  succeed({ baseOffset, logAppendTimeMs }: BatchReceipt): void {
    this.#waiting.succeed(this.topic, this.partition, baseOffset, logAppendTimeMs);
    this.#settle();
  }

  fail(error: KafkaError): void {
    this.#waiting.fail(error);
    this.#settle();
  }
}

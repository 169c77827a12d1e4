import { type RecordHeader, recordSizeUpperBound } from '@ks/protocol';
import type { KafkaError } from '../kafka-error.ts';
import { PendingBatch } from './pending-batch.ts';
import { SequenceCounter } from './producer-identity.ts';
import type { RecordWaiter } from './record-waiter.ts';

export interface AccumulatorOptions {
  /** A batch of this size is sent without waiting for more. */
  readonly batchBytes: number;
  /** How long a batch waits for more records. */
  readonly lingerMs: number;
  /** How long from being added until a record is given up. */
  readonly deliveryTimeoutMs: number;
}

/** The batches of one partition, oldest first. One is out at a time: that keeps records in order when it is sent again. */
export interface PartitionQueue {
  readonly topic: string;
  readonly partition: number;
  readonly batches: PendingBatch[];
  /** The batch that is out. */
  inFlight: PendingBatch | undefined;
  /** Not before this monotonic time, after a failure. */
  retryAtMs: number;
  readonly sequences: SequenceCounter;
}

/** Records on their way to being sent, collected per partition. Pure: it is told the time and does nothing by itself. */
export class Accumulator {
  readonly #options: AccumulatorOptions;
  readonly #topics = new Map<string, PartitionQueue[]>();
  readonly #busy = new Set<PartitionQueue>();
  #bufferedBytes = 0;

  constructor(options: AccumulatorOptions) {
    this.#options = options;
  }

  /** Bytes of all records that are not settled. */
  get bufferedBytes(): number {
    return this.#bufferedBytes;
  }

  /** Adds a record; `waiter` is told of it as number `index`. `nowMs` is monotonic. */
  append(
    topic: string,
    partition: number,
    timestamp: number,
    key: Uint8Array | null,
    value: Uint8Array | null,
    headers: readonly RecordHeader[],
    nowMs: number,
    waiter: RecordWaiter,
    index = 0,
  ): void {
    const queue = this.#queueOf(topic, partition);
    let batch = queue.batches.at(-1);
    const isFull =
      batch !== undefined && batch.sizeBytes + recordSizeUpperBound(key, value, headers) > this.#options.batchBytes;
    if (batch === undefined || batch.isClosed || (isFull && batch.recordsCount > 0)) {
      if (batch !== undefined) batch.isClosed = true;
      const { batchBytes, deliveryTimeoutMs } = this.#options;
      // Where one batch became full, the next will too.
      const expectedBytes = isFull ? batchBytes : undefined;
      batch = new PendingBatch(topic, partition, nowMs, nowMs + deliveryTimeoutMs, expectedBytes);
      queue.batches.push(batch);
      this.#busy.add(queue);
      this.#bufferedBytes += batch.sizeBytes;
    }
    const before = batch.sizeBytes;
    batch.append(timestamp, key, value, headers, waiter, index);
    this.#bufferedBytes += batch.sizeBytes - before;
  }

  /** The queues whose first batch may go out now. */
  *due(nowMs: number): Generator<PartitionQueue, void, undefined> {
    for (const queue of this.#busy) {
      if (queue.inFlight === undefined && this.#dueAtMs(queue) <= nowMs) yield queue;
    }
  }

  /** When, in monotonic time after `nowMs`, something more will be due or given up; undefined where only an event can bring that. */
  nextDueAtMs(nowMs: number): number | undefined {
    let next: number | undefined;
    for (const queue of this.#busy) {
      const deadlineMs = queue.batches[0]?.deadlineMs;
      if (queue.inFlight !== undefined || deadlineMs === undefined) continue;
      const dueAtMs = this.#dueAtMs(queue);
      // What is due already waits for its broker, whose answer brings it on.
      const at = dueAtMs > nowMs ? Math.min(dueAtMs, deadlineMs) : deadlineMs;
      if (next === undefined || at < next) next = at;
    }
    return next;
  }

  /** Takes the first batch of a queue out: the partition is silent until `done` or `retry`. */
  take(queue: PartitionQueue): PendingBatch | undefined {
    const batch = queue.batches.shift();
    queue.inFlight = batch;
    if (batch !== undefined) batch.isClosed = true;
    return batch;
  }

  /** The batch that was out is settled. */
  done(queue: PartitionQueue): void {
    const batch = queue.inFlight;
    queue.inFlight = undefined;
    if (batch !== undefined) this.#bufferedBytes -= batch.sizeBytes;
    if (queue.batches.length === 0) this.#busy.delete(queue);
  }

  /** The batch that was out shall go out again, before all others of its partition. */
  retry(queue: PartitionQueue, atMs: number): void {
    if (queue.inFlight !== undefined) queue.batches.unshift(queue.inFlight);
    queue.inFlight = undefined;
    queue.retryAtMs = atMs;
  }

  /** Fails what is too old and not out; says whether there was any. */
  expire(nowMs: number, errorOf: (batch: PendingBatch) => KafkaError): boolean {
    let isAny = false;
    for (const queue of this.#busy) {
      if (queue.inFlight !== undefined) continue;
      while ((queue.batches[0]?.deadlineMs ?? Number.POSITIVE_INFINITY) <= nowMs) {
        const batch = this.take(queue);
        if (batch !== undefined) batch.fail(errorOf(batch));
        this.done(queue);
        isAny = true;
      }
    }
    return isAny;
  }

  /** Fails everything that is not out. */
  failAll(error: KafkaError): void {
    for (const queue of this.#busy) {
      for (const batch of queue.batches.splice(0)) {
        this.#bufferedBytes -= batch.sizeBytes;
        batch.fail(error);
      }
      if (queue.inFlight === undefined) this.#busy.delete(queue);
    }
  }

  /** Makes everything due, and gives what is not settled. */
  closeBatches(): PendingBatch[] {
    const unsettled: PendingBatch[] = [];
    for (const queue of this.#busy) {
      if (queue.inFlight !== undefined) unsettled.push(queue.inFlight);
      for (const batch of queue.batches) {
        batch.isClosed = true;
        unsettled.push(batch);
      }
    }
    return unsettled;
  }

  #queueOf(topic: string, partition: number): PartitionQueue {
    let queues = this.#topics.get(topic);
    if (queues === undefined) {
      queues = [];
      this.#topics.set(topic, queues);
    }
    let queue = queues[partition];
    if (queue === undefined) {
      queue = { topic, partition, batches: [], inFlight: undefined, retryAtMs: 0, sequences: new SequenceCounter() };
      queues[partition] = queue;
    }
    return queue;
  }

  #dueAtMs(queue: PartitionQueue): number {
    const [first] = queue.batches;
    if (first === undefined) return Number.POSITIVE_INFINITY;
    const isFull = first.isClosed || queue.batches.length > 1 || first.sizeBytes >= this.#options.batchBytes;
    return Math.max(isFull ? 0 : first.createdAtMs + this.#options.lingerMs, queue.retryAtMs);
  }
}

import { type Checksum, type RecordBatch, type RecordHeader, recordSizeUpperBound } from '@ks/protocol';
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
  /**
   * How many batches of a partition may be out at a time: more than one only where brokers keep them in order by their sequences. Those
   * beyond the first are full ones, so that small ones still grow while they wait. Default 1.
   */
  readonly maxInFlight?: number | undefined;
  /** Whether a batch that has not been sent yet may follow this one, which is out. Default: always. */
  readonly mayFollow?: ((last: PendingBatch) => boolean) | undefined;
}

/** The batches of one partition, oldest first. What is sent again goes alone: that keeps records in order. */
export interface PartitionQueue {
  readonly topic: string;
  readonly partition: number;
  readonly batches: PendingBatch[];
  /** The batches that are out, oldest first. */
  readonly inFlight: PendingBatch[];
  /** Not before this monotonic time, after a failure. */
  retryAtMs: number;
  /** The size at which a batch is full: less than elsewhere once brokers refused larger ones. */
  batchBytes: number;
  readonly sequences: SequenceCounter;
}

/** How many batches' memory is kept. */
const SPARE_MAX = 16;

/** Records on their way to being sent, collected per partition. Pure: it is told the time and does nothing by itself. */
export class Accumulator {
  readonly #options: AccumulatorOptions;
  readonly #topics = new Map<string, PartitionQueue[]>();
  readonly #busy = new Set<PartitionQueue>();
  readonly #spare: Uint8Array[] = [];
  #last: PartitionQueue | undefined;
  #bufferedBytes = 0;
  /** How many there have been. */
  #batches = 0;

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
      batch !== undefined && batch.sizeBytes + recordSizeUpperBound(key, value, headers) > queue.batchBytes;
    if (batch === undefined || batch.isClosed || (isFull && batch.recordsCount > 0)) {
      if (batch !== undefined) batch.isClosed = true;
      const { deliveryTimeoutMs } = this.#options;
      // Where one batch became full, the next will too.
      const expectedBytes = isFull ? queue.batchBytes : undefined;
      this.#batches += 1;
      const memory = isFull ? this.#spare.pop() : undefined;
      const deadlineMs = nowMs + deliveryTimeoutMs;
      batch = new PendingBatch(topic, partition, this.#batches, nowMs, deadlineMs, expectedBytes, undefined, memory);
      queue.batches.push(batch);
      this.#busy.add(queue);
      this.#bufferedBytes += batch.sizeBytes;
    }
    const before = batch.sizeBytes;
    batch.append(timestamp, key, value, headers, waiter, index);
    this.#bufferedBytes += batch.sizeBytes - before;
  }

  /** Adds a whole batch, behind what its partition has; `waiter` is told of it as number 0. */
  appendRaw(topic: string, partition: number, raw: RecordBatch, nowMs: number, waiter: RecordWaiter): void {
    const queue = this.#queueOf(topic, partition);
    const last = queue.batches.at(-1);
    if (last !== undefined) last.isClosed = true;
    this.#batches += 1;
    const deadlineMs = nowMs + this.#options.deliveryTimeoutMs;
    const batch = new PendingBatch(topic, partition, this.#batches, nowMs, deadlineMs, undefined, raw);
    batch.announce(waiter);
    queue.batches.push(batch);
    this.#busy.add(queue);
    this.#bufferedBytes += batch.sizeBytes;
  }

  /** The queues whose first batch may go out now. */
  *due(nowMs: number): Generator<PartitionQueue, void, undefined> {
    for (const queue of this.#busy) {
      if (this.#isOpen(queue) && this.#dueAtMs(queue) <= nowMs) yield queue;
    }
  }

  /** When, in monotonic time after `nowMs`, something more will be due or given up; undefined where only an event can bring that. */
  nextDueAtMs(nowMs: number): number | undefined {
    let next: number | undefined;
    for (const queue of this.#busy) {
      const deadlineMs = queue.batches[0]?.deadlineMs;
      if (deadlineMs === undefined || !this.#isOpen(queue)) continue;
      const dueAtMs = this.#dueAtMs(queue);
      // What is due already waits for its broker, whose answer brings it on.
      const at = dueAtMs > nowMs ? Math.min(dueAtMs, deadlineMs) : deadlineMs;
      if (next === undefined || at < next) next = at;
    }
    return next;
  }

  /** Takes the first batch of a queue out, until `done` or `retry`. */
  take(queue: PartitionQueue): PendingBatch | undefined {
    const batch = queue.batches.shift();
    if (batch === undefined) return undefined;
    batch.isClosed = true;
    queue.inFlight.push(batch);
    return batch;
  }

  /** A batch that was out is settled. */
  done(queue: PartitionQueue, batch: PendingBatch): void {
    if (remove(queue.inFlight, batch)) this.#bufferedBytes -= batch.sizeBytes;
    if (queue.batches.length === 0 && queue.inFlight.length === 0) this.#busy.delete(queue);
  }

  /** Keeps the memory of a batch that is done with, for the next: full batches in a row would else be garbage as fast as they are sent. */
  recycle({ spareMemory }: PendingBatch): void {
    if (spareMemory === undefined || this.#spare.length >= SPARE_MAX) return;
    const { batchBytes } = this.#options;
    if (spareMemory.length >= batchBytes && spareMemory.length <= 2 * batchBytes) this.#spare.push(spareMemory);
  }

  /** A batch that was out shall go out again, before all that are younger. */
  retry(queue: PartitionQueue, batch: PendingBatch, atMs: number): void {
    if (!remove(queue.inFlight, batch)) return;
    this.#insert(queue, batch);
    queue.retryAtMs = atMs;
  }

  #insert(queue: PartitionQueue, batch: PendingBatch): void {
    const younger = queue.batches.findIndex((other) => other.number > batch.number);
    queue.batches.splice(younger < 0 ? queue.batches.length : younger, 0, batch);
  }

  /**
   * Puts two halves in the place of a batch that was out and found too large; from here on batches of the partition are no larger than
   * those. False where it cannot be divided.
   */
  split(queue: PartitionQueue, batch: PendingBatch, checksum: Checksum): boolean {
    const halves = batch.split(checksum);
    if (halves === undefined || !remove(queue.inFlight, batch)) return false;
    queue.batchBytes = Math.min(queue.batchBytes, Math.max(1, Math.ceil(batch.sizeBytes / 2)));
    this.#bufferedBytes -= batch.sizeBytes;
    for (const half of halves) {
      this.#bufferedBytes += half.sizeBytes;
      this.#insert(queue, half);
    }
    return true;
  }

  /** Whether every batch before this one is settled. */
  isOldest(queue: PartitionQueue, batch: PendingBatch): boolean {
    const isOlder = (other: PendingBatch): boolean => other.number < batch.number;
    return !queue.inFlight.some(isOlder) && !queue.batches.some(isOlder);
  }

  /** Fails what is too old and not out; says whether there was any. */
  expire(nowMs: number, errorOf: (batch: PendingBatch) => KafkaError): boolean {
    let isAny = false;
    for (const queue of this.#busy) {
      if (queue.inFlight.length > 0) continue;
      while ((queue.batches[0]?.deadlineMs ?? Number.POSITIVE_INFINITY) <= nowMs) {
        const batch = this.take(queue);
        if (batch === undefined) break;
        batch.fail(errorOf(batch));
        this.done(queue, batch);
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
      if (queue.inFlight.length === 0) this.#busy.delete(queue);
    }
  }

  /** Makes everything due, and gives what is not settled. */
  closeBatches(): PendingBatch[] {
    const unsettled: PendingBatch[] = [];
    for (const queue of this.#busy) {
      unsettled.push(...queue.inFlight);
      for (const batch of queue.batches) {
        batch.isClosed = true;
        unsettled.push(batch);
      }
    }
    return unsettled;
  }

  #queueOf(topic: string, partition: number): PartitionQueue {
    // Asked for every record, mostly for the partition of the one before.
    const last = this.#last;
    if (last !== undefined && last.partition === partition && last.topic === topic) return last;
    const queue = this.#findQueue(topic, partition);
    this.#last = queue;
    return queue;
  }

  #findQueue(topic: string, partition: number): PartitionQueue {
    let queues = this.#topics.get(topic);
    if (queues === undefined) {
      queues = [];
      this.#topics.set(topic, queues);
    }
    let queue = queues[partition];
    if (queue === undefined) {
      const { batchBytes } = this.#options;
      const sequences = new SequenceCounter();
      queue = { topic, partition, batches: [], inFlight: [], retryAtMs: 0, batchBytes, sequences };
      queues[partition] = queue;
    }
    return queue;
  }

  /** Whether the first batch may go out beside those that are out. */
  #isOpen(queue: PartitionQueue): boolean {
    const last = queue.inFlight.at(-1);
    if (last === undefined) return true;
    const { maxInFlight = 1, mayFollow } = this.#options;
    const [first] = queue.batches;
    if (first === undefined || queue.inFlight.length >= maxInFlight || !this.#isFull(queue, first)) return false;
    return first.attempts === 0 && (mayFollow === undefined || mayFollow(last));
  }

  #isFull(queue: PartitionQueue, first: PendingBatch): boolean {
    return first.isClosed || queue.batches.length > 1 || first.sizeBytes >= queue.batchBytes;
  }

  #dueAtMs(queue: PartitionQueue): number {
    const [first] = queue.batches;
    if (first === undefined) return Number.POSITIVE_INFINITY;
    const isFull = this.#isFull(queue, first);
    return Math.max(isFull ? 0 : first.createdAtMs + this.#options.lingerMs, queue.retryAtMs);
  }
}

function remove(batches: PendingBatch[], batch: PendingBatch): boolean {
  const at = batches.indexOf(batch);
  if (at >= 0) batches.splice(at, 1);
  return at >= 0;
}

import type { Core } from '@ks/core-wasm';
import { type Codec, type RecordBatch, recordSizeUpperBound } from '@ks/protocol';
import type { Cluster } from '../cluster.ts';
import { asKafkaError, ClientErrorCode, KafkaError } from '../kafka-error.ts';
import type { TopicView } from '../metadata/cluster-view.ts';
import { abortError } from '../network/connection.ts';
import { raced } from '../network/connection-pool.ts';
import { encodeKey, encodeValue } from '../topic/data-format.ts';
import type { RecordToSend, SentRecord } from '../topic/record-types.ts';
import { type AnyTopic, topicName } from '../topic/topic.ts';
import { Accumulator } from './accumulator.ts';
import { type Encoded, type GivenRecord, headersOf, type ReadyRecord } from './given-record.ts';
import { defaultPartitioner, type Partitioner } from './partitioner.ts';
import { IdempotentIdentity, type ProducerIdentity } from './producer-identity.ts';
import type { ProducerOptions, SendCallOptions } from './producer-options.ts';
import { ManyWaiting, OneWaiting, type RecordWaiter } from './record-waiter.ts';
import { RoomQueue } from './room-queue.ts';
import { closedError, noPartition, tooLarge } from './producer-errors.ts';
import { Sender } from './sender.ts';
import { tracedSend, tracedSendBatch, tracingOf } from './traced-send.ts';
import type { TransactionGate } from './transaction-gate.ts';

/**
 * Sends records. Concurrent calls of `send` share batches; records of a partition arrive in the order of the calls, also when
 * they have to be sent again, and once. Without `idempotent` a batch whose answer was lost is sent again, and may be there twice.
 */
export class Producer {
  readonly #cluster: Cluster;
  readonly #accumulator: Accumulator;
  readonly #sender: Sender;
  readonly #partitioner: Partitioner;
  readonly #room: RoomQueue;
  readonly #maxRequestBytes: number;
  /** Per topic, what must come before the next record: calls that wait for metadata, room or an asynchronous schema. */
  readonly #chains = new Map<string, Promise<unknown>>();
  readonly #onClientClosing: () => void;
  #closing: Promise<void> | undefined;

  /** `session`: every record is part of the transaction that is open there. */
  constructor(
    cluster: Cluster,
    core: Core,
    codec: Codec,
    options: ProducerOptions = {},
    session?: ProducerIdentity & TransactionGate,
  ) {
    const { acks = 'all', batchBytes = 256 * 1024, lingerMs = 0, deliveryTimeoutMs = 120_000 } = options;
    const { maxBufferedBytes = 32 * 1024 * 1024, maxInFlight = 5, maxRequestBytes = 1024 * 1024 } = options;
    const { idempotent = acks === 'all' } = options;
    if (idempotent && acks !== 'all') {
      throw new KafkaError(ClientErrorCode.INVALID_ARGUMENT, `an idempotent producer takes acks 'all', not ${acks}`);
    }
    this.#cluster = cluster;
    this.#maxRequestBytes = maxRequestBytes;
    this.#partitioner = options.partitioner ?? defaultPartitioner(cluster.options.random, batchBytes);
    const identity = session ?? (idempotent ? new IdempotentIdentity(cluster) : undefined);
    this.#accumulator = new Accumulator({
      batchBytes: Math.min(batchBytes, maxRequestBytes),
      lingerMs,
      deliveryTimeoutMs,
      // Brokers remember five batches of a producer: so many they can put in order, and know again.
      maxInFlight: identity === undefined ? 1 : Math.min(maxInFlight, 5),
      mayFollow: ({ sentAs }) => sentAs !== undefined && sentAs === identity?.current,
    });
    this.#room = new RoomQueue(maxBufferedBytes, () => this.#accumulator.bufferedBytes);
    this.#sender = new Sender(cluster, this.#accumulator, {
      acks: acks === 'all' ? -1 : acks,
      maxInFlight,
      maxRequestBytes,
      seal: { compression: options.compression ?? 'none', codec, checksum: core },
      identity,
      transaction: session,
      settled: () => this.#room.admit(),
    });
    this.#onClientClosing = () => this.#abandon();
    cluster.closing.addEventListener('abort', this.#onClientClosing, { once: true });
  }

  /**
   * Sends one record and resolves with where it went, once `acks` is met.
   *
   * Rejects with INVALID_DATA for a key or value that its schema refuses, MESSAGE_TOO_LARGE, UNKNOWN_TOPIC_OR_PARTITION, REQUEST_TIMED_OUT
   * when it could not be delivered in time, CLOSED, ABORTED, and with what else the broker answers that cannot be tried again.
   */
  send<T extends AnyTopic | string>(
    topic: T,
    record: RecordToSend<T>,
    options: SendCallOptions = {},
  ): Promise<SentRecord> {
    if (this.#closing !== undefined || this.#cluster.isClosed) return Promise.reject(closedError());
    const { clock, clientId } = this.#cluster.options;
    const tracing = tracingOf(this.#cluster.options.tracing, options);
    if (tracing !== undefined) return tracedSend(this, tracing, clientId, topic, record, options);
    const given: GivenRecord = record;
    const timestamp = given.timestamp ?? clock.wallMs();
    try {
      const key = encodeKey(topic, given.key);
      const value = encodeValue(topic, given.value);
      const name = topicName(topic);
      const nowMs = clock.monotonicMs();
      const view = this.#readyTopic(name, nowMs);
      if (view !== undefined && !(key instanceof Promise) && !(value instanceof Promise)) {
        const headers = headersOf(given.headers);
        const waiting = new OneWaiting();
        const ready = { key, value, headers, timestamp, partition: given.partition };
        if (this.#appendIfFree(view, ready, nowMs, waiting, 0)) return waiting.settled;
      }
      return this.#sendLater(name, given, key, value, timestamp, options.signal);
    } catch (error) {
      return Promise.reject(asKafkaError(error));
    }
  }

  /**
   * Sends several records of one topic; resolves when all are sent, in their order. Rejects with the first error. Costs less than
   * as many calls of `send`.
   */
  sendBatch<T extends AnyTopic | string>(
    topic: T,
    records: readonly RecordToSend<T>[],
    options: SendCallOptions = {},
  ): Promise<SentRecord[]> {
    if (this.#closing !== undefined || this.#cluster.isClosed) return Promise.reject(closedError());
    if (records.length === 0) return Promise.resolve([]);
    const { clock, clientId } = this.#cluster.options;
    const tracing = tracingOf(this.#cluster.options.tracing, options);
    if (tracing !== undefined) return tracedSendBatch(this, tracing, clientId, topic, records, options);
    const nowMs = clock.monotonicMs();
    const name = topicName(topic);
    const call = { name, nowMs, wallMs: clock.wallMs(), signal: options.signal };
    const waiting = new ManyWaiting(records.length);
    let view = this.#readyTopic(name, nowMs);
    // No closure in here, no clock, no look-up: each would cost more than the record it is for.
    for (let index = 0; index < records.length; index += 1) {
      this.#sendOneOf(topic, view, records[index], waiting, index, call);
      if (this.#chains.size > 0) view = this.#readyTopic(name, nowMs);
    }
    return waiting.settled;
  }

  /**
   * Sends a batch as it is stored, compressed or not, as `rawBatches` gives it; only its header becomes this producer's. Resolves with where
   * its first record went. Rejects as `send` does, and with INVALID_RECORD for a batch with holes, as compaction leaves them: send its
   * records instead.
   */
  async sendRaw(
    to: { readonly topic: AnyTopic | string; readonly partition: number },
    batch: RecordBatch,
    options: SendCallOptions = {},
  ): Promise<SentRecord> {
    if (this.#closing !== undefined || this.#cluster.isClosed) throw closedError();
    const name = topicName(to.topic);
    if (batch.sizeBytes > this.#maxRequestBytes) {
      throw tooLarge(`a batch of ${batch.sizeBytes} bytes`, name, this.#maxRequestBytes);
    }
    const waiting = new OneWaiting();
    await this.#inTurn(name, async () => {
      await this.#topicWithin(name, to.partition, options.signal);
      await this.#room.wait(batch.sizeBytes, options.signal);
      if (options.signal?.aborted === true) throw abortError(options.signal);
      this.#accumulator.appendRaw(name, to.partition, batch, this.#cluster.options.clock.monotonicMs(), waiting);
      this.#sender.wake();
    });
    return waiting.settled;
  }

  #sendOneOf(
    topic: AnyTopic | string,
    view: TopicView | undefined,
    given: GivenRecord | undefined,
    waiting: ManyWaiting,
    index: number,
    { name, nowMs, wallMs, signal }: BatchCall,
  ): void {
    if (given === undefined) return;
    try {
      const key = encodeKey(topic, given.key);
      const value = encodeValue(topic, given.value);
      const timestamp = given.timestamp ?? wallMs;
      if (view !== undefined && !(key instanceof Promise) && !(value instanceof Promise)) {
        const ready = { key, value, headers: headersOf(given.headers), timestamp, partition: given.partition };
        if (this.#appendIfFree(view, ready, nowMs, waiting, index)) return;
      }
      tellOf(index, waiting, this.#sendLater(name, given, key, value, timestamp, signal));
    } catch (error) {
      waiting.failed(index, asKafkaError(error));
    }
  }

  /** Sends what waits without lingering; resolves when all that was sent before is settled, well or not. */
  async flush(): Promise<void> {
    await Promise.allSettled([...this.#chains.values()]);
    const unsettled = this.#accumulator.closeBatches();
    this.#sender.wake();
    await Promise.all(unsettled.map((batch) => batch.settled));
  }

  /** Gives up what is not on its way yet; resolves when the rest is settled, well or not. */
  async abandon(error: KafkaError): Promise<void> {
    await Promise.allSettled([...this.#chains.values()]);
    this.#accumulator.failAll(error);
    this.#room.admit();
    await Promise.all(this.#accumulator.closeBatches().map((batch) => batch.settled));
  }

  /** Flushes, then takes no more records. */
  close(): Promise<void> {
    this.#closing ??= this.flush().finally(() => {
      this.#sender.stop();
      this.#cluster.closing.removeEventListener('abort', this.#onClientClosing);
    });
    return this.#closing;
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  /** The way of a record that has to wait for something: behind those of its topic that wait already. */
  #sendLater(
    name: string,
    given: GivenRecord,
    key: Encoded,
    value: Encoded,
    timestamp: number,
    signal: AbortSignal | undefined,
  ): Promise<SentRecord> {
    if (key instanceof Promise) key.catch(() => {});
    if (value instanceof Promise) value.catch(() => {});
    const admitted = this.#inTurn(name, async () => {
      const headers = headersOf(given.headers);
      const ready: ReadyRecord = { key: await key, value: await value, headers, timestamp, partition: given.partition };
      const view = await this.#topicWithin(name, given.partition, signal);
      const sizeBytes = this.#sizeOf(name, ready);
      await this.#room.wait(sizeBytes, signal);
      if (signal?.aborted === true) throw abortError(signal);
      // Wrapped, so that who comes next does not wait for the delivery.
      const waiting = new OneWaiting();
      this.#append(view, ready, sizeBytes, this.#cluster.options.clock.monotonicMs(), waiting, 0);
      return { sent: waiting.settled };
    });
    return admitted.then(({ sent }) => sent, rethrown);
  }

  /** Runs `step` behind what waits for the topic already. */
  #inTurn<T>(name: string, step: () => Promise<T>): Promise<T> {
    const admitted = (this.#chains.get(name) ?? Promise.resolve()).then(step);
    const link = admitted.catch(() => {});
    this.#chains.set(name, link);
    void link.then(() => {
      if (this.#chains.get(name) === link) this.#chains.delete(name);
    });
    return admitted;
  }

  async #topicWithin(name: string, partition: number | undefined, signal: AbortSignal | undefined): Promise<TopicView> {
    if (partition !== undefined) await this.#cluster.partition(name, partition, signal);
    const found = this.#cluster.topic(name);
    return signal === undefined ? found : raced(found, signal);
  }

  /** The topic, where records may be added to it at once: it is known, and nobody waits before them. */
  #readyTopic(name: string, nowMs: number): TopicView | undefined {
    return this.#chains.size > 0 && this.#chains.has(name) ? undefined : this.#cluster.knownTopic(name, nowMs);
  }

  /** Adds a record unless it has to wait for room. */
  #appendIfFree(view: TopicView, record: ReadyRecord, nowMs: number, waiter: RecordWaiter, index: number): boolean {
    const sizeBytes = this.#sizeOf(view.name, record);
    if (!this.#room.isFree(sizeBytes)) return false;
    this.#append(view, record, sizeBytes, nowMs, waiter, index);
    return true;
  }

  #append(
    view: TopicView,
    record: ReadyRecord,
    sizeBytes: number,
    nowMs: number,
    waiter: RecordWaiter,
    index: number,
  ): void {
    const { key, value, headers, timestamp } = record;
    const partition = record.partition ?? this.#choose(view, record, sizeBytes);
    if (view.partitions[partition] === undefined) throw noPartition(view, partition);
    this.#accumulator.append(view.name, partition, timestamp, key, value, headers, nowMs, waiter, index);
    this.#sender.wake();
  }

  #choose(view: TopicView, { key, value }: ReadyRecord, sizeBytes: number): number {
    return this.#partitioner({ topic: view.name, key, value, sizeBytes, partitions: view.partitions });
  }

  #sizeOf(topic: string, { key, value, headers }: ReadyRecord): number {
    const sizeBytes = recordSizeUpperBound(key, value, headers);
    if (sizeBytes <= this.#maxRequestBytes) return sizeBytes;
    throw tooLarge(`a record of about ${sizeBytes} bytes`, topic, this.#maxRequestBytes);
  }

  #abandon(): void {
    this.#sender.stop();
    this.#room.fail(closedError());
    this.#accumulator.failAll(closedError());
  }
}

/** What the records of one `sendBatch` have in common. */
interface BatchCall {
  readonly name: string;
  /** Monotonic. */
  readonly nowMs: number;
  readonly wallMs: number;
  readonly signal: AbortSignal | undefined;
}

function tellOf(index: number, waiter: RecordWaiter, sent: Promise<SentRecord>): void {
  sent.then(
    (record) => waiter.sent(index, record),
    (error: unknown) => waiter.failed(index, asKafkaError(error)),
  );
}

function rethrown(error: unknown): never {
  throw asKafkaError(error);
}

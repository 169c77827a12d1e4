import type { Core } from '@ks/core-wasm';
import type { Codec } from '@ks/protocol';
import type { Cluster } from '../cluster.ts';
import { ClientErrorCode, KafkaError } from '../kafka-error.ts';
import type { TopicPartition } from '../offsets/list-offsets.ts';
import { type AnyTopic, topicName } from '../topic/topic.ts';
import { boundaryOffsets, resolveAssignments } from './assignment.ts';
import { BatchOpener } from './batch-opener.ts';
import type {
  Assignment,
  ConsumedBatch,
  ConsumerOptions,
  PartitionOffset,
  RawBatch,
  ReadOptions,
  ReadRecord,
} from './consumer-options.ts';
import { Fetcher, fetchSettings } from './fetcher.ts';
import { assignedState, PartitionState } from './partition-state.ts';
import { asynchronousSchema, splitArguments, type Topics, typedByName } from './read-arguments.ts';
import { Reading, type TakenBatch } from './reading.ts';
import { readRecord } from './typed-record.ts';

/**
 * Reads partitions that are assigned by hand. One `read`, `batches` or `rawBatches` is active at a time; a second one throws.
 * In `for await` a record is done when the next is asked for: after `break` or a throw the next reading starts with it again.
 */
export class Consumer {
  readonly #cluster: Cluster;
  readonly #options: ConsumerOptions;
  readonly #channel: string;
  readonly #isOfGroup: boolean;
  readonly #fetcher: Fetcher;
  readonly #opener: BatchOpener;
  #states: readonly PartitionState[] = [];
  #reading: Reading | undefined;
  #isReading = false;
  #isClosed = false;
  readonly #onClientClosing = (): void => this.#reading?.changed();

  /**
   * `channel` names the connections that this consumer waits on, apart from all others. `isOfGroup`: what is not assigned is somebody
   * else's.
   */
  constructor(
    cluster: Cluster,
    core: Core,
    codec: Codec,
    channel: string,
    options: ConsumerOptions,
    isOfGroup = false,
  ) {
    this.#cluster = cluster;
    this.#options = options;
    this.#channel = channel;
    this.#isOfGroup = isOfGroup;
    const changed = (): void => this.#reading?.changed();
    const wanted = (): PartitionState[] => this.#states.filter((state) => this.#reading?.wantsMoreOf(state) === true);
    this.#fetcher = new Fetcher(cluster, { ...fetchSettings(options), channel, changed }, wanted);
    const { maxDecompressedBytes = 128 * 1024 * 1024, checkCrcs = true } = options;
    this.#opener = new BatchOpener({ core, codec, maxDecompressedBytes, checkCrcs });
    cluster.closing.addEventListener('abort', this.#onClientClosing, { once: true });
  }

  /** Replaces what is assigned. Rejects with UNKNOWN_TOPIC_OR_PARTITION, INVALID_ARGUMENT. */
  async assign(
    assignments: readonly Assignment[],
    options: { readonly signal?: AbortSignal | undefined } = {},
  ): Promise<void> {
    const resolved = await this.#resolve(assignments, options.signal);
    // What is being handed out of the former ones ends with the next record.
    for (const state of this.#states) state.seek(state.position);
    this.#states = resolved.map(({ topic, partition, offset }) => new PartitionState(topic, partition, offset));
    this.#changed();
  }

  /** What is assigned, with the offset of the next record of each partition. */
  assignment(): readonly PartitionOffset[] {
    return this.#states.map(({ topic, partition, position }) => ({ topic, partition, offset: position }));
  }

  /** The offset of the next record. Throws INVALID_ARGUMENT for a partition that is not assigned. */
  position(at: TopicPartition): number {
    return assignedState(this.#states, at.topic, at.partition).position;
  }

  /** Goes on somewhere else in partitions that are assigned: at an offset, the beginning, the end, or a time. */
  async seek(
    places: readonly Assignment[],
    options: { readonly signal?: AbortSignal | undefined } = {},
  ): Promise<void> {
    const resolved = await this.#resolve(places, options.signal);
    for (const { topic, partition, offset } of resolved) assignedState(this.#states, topic, partition).seek(offset);
    this.#changed();
  }

  /** Hands out nothing of these partitions until `resume`; what was fetched is kept. */
  pause(partitions: readonly TopicPartition[]): void {
    for (const { topic, partition } of partitions) assignedState(this.#states, topic, partition).isPaused = true;
  }

  resume(partitions: readonly TopicPartition[]): void {
    for (const { topic, partition } of partitions) assignedState(this.#states, topic, partition).isPaused = false;
    this.#changed();
  }

  /** The partitions that are paused. */
  paused(): readonly TopicPartition[] {
    return this.#states.filter((state) => state.isPaused).map(({ topic, partition }) => ({ topic, partition }));
  }

  /** Where the assigned partitions end now; under read_committed, before the first open transaction. */
  endOffsets(options: { readonly signal?: AbortSignal | undefined } = {}): Promise<PartitionOffset[]> {
    return boundaryOffsets(this.#cluster, this.#states, 'end', this.#isolationLevel, options.signal);
  }

  /** Where the assigned partitions begin now. */
  beginningOffsets(options: { readonly signal?: AbortSignal | undefined } = {}): Promise<PartitionOffset[]> {
    return boundaryOffsets(this.#cluster, this.#states, 'beginning', this.#isolationLevel, options.signal);
  }

  /**
   * Reads records one by one. Without topics: all that is assigned, as bytes. With topics: those alone, typed, and all their
   * partitions from the consumer's `from` where none is assigned.
   *
   *     for await (const record of consumer.read(orders, payments)) …
   *     for await (const record of consumer.read({ until: 'end' }, orders)) …
   */
  read<const T extends Topics>(...topics: T): AsyncGenerator<ReadRecord<T, object>, void, undefined>;
  read<const O extends ReadOptions, const T extends Topics>(
    options: O,
    ...topics: T
  ): AsyncGenerator<ReadRecord<T, O>, void, undefined>;
  async *read(...given: readonly (ReadOptions | AnyTopic | string)[]): AsyncGenerator<never, void, undefined> {
    const { options, topics } = splitArguments(given);
    const onInvalid = options.onInvalid ?? 'throw';
    const typed = typedByName(topics);
    for await (const taken of this.#batches(options, topics)) {
      const { state, batch, reading } = taken;
      const { generation } = state;
      const stopOffset = reading.stopOffsetOf(state);
      taken.isDone = true;
      for (const record of this.#opener.records(state, batch, await this.#opener.open(state, batch))) {
        if (record.offset < state.position) continue;
        if (record.offset >= stopOffset) break;
        const shown = readRecord(typed.get(state.topic), state.topic, state.partition, record, onInvalid);
        const settled = shown instanceof Promise ? await shown : shown;
        state.position = record.offset;
        if (settled !== undefined) yield settled as never;
        reading.throwIfAborted();
        if (state.generation !== generation) break;
        state.position = record.offset + 1;
        if (state.isPaused) {
          taken.isDone = false;
          break;
        }
      }
    }
  }

  /** Reads batch by batch, decompressed; their records are decoded as they are asked for. A batch is done when the next is asked for. */
  batches<const T extends Topics>(...topics: T): AsyncGenerator<ConsumedBatch<ReadRecord<T, object>>, void, undefined>;
  batches<const O extends ReadOptions, const T extends Topics>(
    options: O,
    ...topics: T
  ): AsyncGenerator<ConsumedBatch<ReadRecord<T, O>>, void, undefined>;
  async *batches(...given: readonly (ReadOptions | AnyTopic | string)[]): AsyncGenerator<never, void, undefined> {
    const { options, topics } = splitArguments(given);
    const onInvalid = options.onInvalid ?? 'throw';
    const typed = typedByName(topics);
    const opener = this.#opener;
    for await (const taken of this.#batches(options, topics)) {
      const { state, batch, reading } = taken;
      const { topic, partition, position: firstOffset } = state;
      const stopOffset = reading.stopOffsetOf(state);
      const plain = await opener.open(state, batch);
      const records = function* (): Generator<unknown, void, undefined> {
        for (const record of opener.records(state, batch, plain)) {
          if (record.offset < firstOffset) continue;
          if (record.offset >= stopOffset) return;
          const shown = readRecord(typed.get(topic), topic, partition, record, onInvalid);
          if (shown instanceof Promise) throw asynchronousSchema(topic);
          if (shown !== undefined) yield shown;
        }
      };
      const lastOffset = Math.min(batch.lastOffset, stopOffset - 1);
      yield { topic, partition, batch, firstOffset, lastOffset, ...state.bounds, records } as never;
      reading.throwIfAborted();
      taken.isDone = true;
    }
  }

  /**
   * Reads batches as they are stored, for passing them on. Control batches and, under read_committed, aborted ones are left out.
   * A batch that reaches over a stop offset is given whole.
   */
  async *rawBatches(options: ReadOptions = {}, ...topics: Topics): AsyncGenerator<RawBatch, void, undefined> {
    for await (const taken of this.#batches(options, topics)) {
      const { state, batch, reading } = taken;
      this.#opener.check(state, batch);
      yield { topic: state.topic, partition: state.partition, batch, firstOffset: state.position };
      reading.throwIfAborted();
      taken.isDone = true;
    }
  }

  /** Ends what is being read and closes the consumer's connections. */
  async close(): Promise<void> {
    this.#isClosed = true;
    this.#fetcher.stop();
    this.#reading?.changed();
    this.#cluster.closing.removeEventListener('abort', this.#onClientClosing);
    this.#cluster.closeChannel(this.#channel);
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  get #isolationLevel() {
    return this.#options.isolationLevel ?? 'read_uncommitted';
  }

  /** The batches that are due, each with its partition. Whoever takes one says whether it is done with. */
  async *#batches(options: ReadOptions, topics: Topics): AsyncGenerator<TakenBatch, void, undefined> {
    const reading = await this.#begin(options, topics);
    try {
      this.#fetcher.start();
      while (!this.#isOver(reading)) {
        const state = reading.next(this.#states);
        const first = state?.buffered[0];
        if (state === undefined || first === undefined) {
          await reading.wait();
          reading.throwIfAborted();
          continue;
        }
        const taken = {
          state,
          batch: first.batch,
          reading,
          isDone: first.isHidden || first.batch.lastOffset < state.position,
        };
        if (!taken.isDone) yield taken;
        // A seek has dropped what was fetched.
        if (state.buffered[0] !== first || !taken.isDone) continue;
        if (reading.stopOffsetOf(state) >= first.batch.nextOffset) state.shift();
        else state.position = reading.stopOffsetOf(state);
        this.#fetcher.wake();
      }
    } finally {
      this.#fetcher.stop();
      reading.end();
      this.#reading = undefined;
      this.#isReading = false;
    }
  }

  async #begin(options: ReadOptions, topics: Topics): Promise<Reading> {
    if (this.#isReading) {
      throw new KafkaError(
        ClientErrorCode.INVALID_ARGUMENT,
        'the consumer is being read already: one read, batches or rawBatches at a time',
      );
    }
    this.#isReading = true;
    try {
      const { signal, until } = options;
      const isMissing = (topic: Topics[number]) => !this.#states.some((state) => state.topic === topicName(topic));
      const missing = this.#isOfGroup ? [] : topics.filter(isMissing);
      const added = await this.#resolve(
        missing.map((topic) => ({ topic })),
        signal,
      );
      this.#states = [
        ...this.#states,
        ...added.map(({ topic, partition, offset }) => new PartitionState(topic, partition, offset)),
      ];
      const stops = until === 'end' ? await this.endOffsets({ signal }) : until;
      this.#reading = new Reading(topics.map(topicName), stops, signal);
      this.#reading.throwIfAborted();
      return this.#reading;
    } catch (error) {
      this.#isReading = false;
      throw error;
    }
  }

  #isOver(reading: Reading): boolean {
    return this.#isClosed || this.#cluster.isClosed || reading.isOver(this.#states);
  }

  #resolve(assignments: readonly Assignment[], signal: AbortSignal | undefined): Promise<PartitionOffset[]> {
    if (this.#isClosed) return Promise.reject(new KafkaError(ClientErrorCode.CLOSED, 'the consumer was closed'));
    return resolveAssignments(this.#cluster, assignments, this.#options.from ?? 'end', this.#isolationLevel, signal);
  }

  #changed(): void {
    this.#reading?.changed();
    this.#fetcher.wake();
  }
}

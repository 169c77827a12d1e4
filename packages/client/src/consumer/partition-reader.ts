import type { Core } from '@ks/core-wasm';
import type { Codec } from '@ks/protocol';
import type { Cluster } from '../cluster.ts';
import { ClientErrorCode, KafkaError } from '../kafka-error.ts';
import { matchingTopics } from '../metadata/topic-names.ts';
import type { IsolationLevel, TopicPartition } from '../offsets/list-offsets.ts';
import { boundaryOffsets, resolveAssignments } from './assignment.ts';
import { BatchOpener } from './batch-opener.ts';
import type { Assignment, ConsumerOptions, PartitionOffset, ReadOptions } from './consumer-options.ts';
import { fetchSettings } from './fetch-settings.ts';
import { Fetcher } from './fetcher.ts';
import { assignedState, PartitionState } from './partition-state.ts';
import { ReaderEvents } from './reader-events.ts';
import type { TopicSelection } from './read-arguments.ts';
import { Reading, type TakenBatch } from './reading.ts';

/** Follows what is in the hands of whoever reads. */
export interface HandOut {
  /** The reader goes away with something of this partition. */
  left(state: PartitionState): void;
  /** It is back, or gives up. A promise: before it gets more it has to wait. */
  returned(): Promise<void> | undefined;
}

type SignalOption = { readonly signal?: AbortSignal | undefined };

/**
 * The partitions that a consumer has, what is fetched of them, and the one reading that may be under way. Whoever assigns says by
 * `isOpen` whether a reading may add topics of its own.
 */
export class PartitionReader {
  readonly opener: BatchOpener;
  readonly #cluster: Cluster;
  readonly #options: ConsumerOptions;
  readonly #channel: string;
  readonly #isOpen: boolean;
  readonly #fetcher: Fetcher;
  readonly #events: ReaderEvents;
  #isolationLevel: IsolationLevel;
  #states: readonly PartitionState[] = [];
  #reading: Reading | undefined;
  #isReading = false;
  readonly #closing = new AbortController();
  readonly #onClientClosing = (): void => {
    this.#events.assigned(this.#states, []);
    this.#reading?.changed();
  };

  /** `channel` names the consumer, and the connections that it waits on, apart from all others. */
  constructor(
    cluster: Cluster,
    core: Core,
    codec: Codec,
    channel: string,
    options: ConsumerOptions,
    isOpen: boolean,
    group?: string,
  ) {
    this.#cluster = cluster;
    this.#options = options;
    this.#channel = channel;
    this.#isOpen = isOpen;
    this.#isolationLevel = options.isolationLevel ?? 'read_uncommitted';
    const changed = (): void => this.#reading?.changed();
    const wanted = (): PartitionState[] => this.#states.filter((state) => this.#reading?.wantsMoreOf(state) === true);
    const isolationLevel = (): IsolationLevel => this.#isolationLevel;
    this.#events = new ReaderEvents(cluster, channel, group);
    const settings = { ...fetchSettings(options), channel, group, isolationLevel, changed };
    this.#fetcher = new Fetcher(cluster, settings, wanted);
    const { maxDecompressedBytes = 128 * 1024 * 1024, checkCrcs = true } = options;
    this.opener = new BatchOpener({ core, codec, maxDecompressedBytes, checkCrcs });
    cluster.closing.addEventListener('abort', this.#onClientClosing, { once: true });
  }

  get states(): readonly PartitionState[] {
    return this.#states;
  }

  get isClosed(): boolean {
    return this.#closing.signal.aborted;
  }

  /** Fires when the consumer is closed. */
  get closing(): AbortSignal {
    return this.#closing.signal;
  }

  get isolationLevel(): IsolationLevel {
    return this.#isolationLevel;
  }

  /** From here on records of open and aborted transactions are not shown; what was fetched otherwise is dropped. */
  showCommittedOnly(): void {
    if (this.#isolationLevel === 'read_committed') return;
    this.#isolationLevel = 'read_committed';
    for (const state of this.#states) state.seek(state.position);
  }

  /** Replaces what is assigned. */
  async assign(assignments: readonly Assignment[], { signal }: SignalOption = {}): Promise<void> {
    const resolved = await this.#resolve(assignments, signal);
    this.remove(this.#states);
    this.#add(resolved);
  }

  /** Assigns partitions besides; those that are assigned already begin again where it says. */
  async add(assignments: readonly Assignment[], { signal }: SignalOption = {}): Promise<void> {
    const resolved = await this.#resolve(assignments, signal);
    this.remove(resolved);
    this.#add(resolved);
  }

  /** Takes partitions away: what was fetched of them is dropped, what is being handed out ends with the next record. */
  remove(partitions: readonly TopicPartition[]): void {
    const gone = new Set(partitions.map(({ topic, partition }) => `${topic} ${partition}`));
    const isGone = (state: PartitionState): boolean => gone.has(`${state.topic} ${state.partition}`);
    for (const state of this.#states.filter(isGone)) state.seek(state.position);
    this.#replace(this.#states.filter((state) => !isGone(state)));
    this.#changed();
  }

  async seek(places: readonly Assignment[], { signal }: SignalOption = {}): Promise<void> {
    const resolved = await this.#resolve(places, signal);
    for (const { topic, partition, offset } of resolved) {
      const state = assignedState(this.#states, topic, partition);
      state.seek(offset);
      state.startOffset = offset;
    }
    this.#changed();
  }

  setPaused(partitions: readonly TopicPartition[], isPaused: boolean): void {
    for (const { topic, partition } of partitions) assignedState(this.#states, topic, partition).isPaused = isPaused;
    this.#changed();
  }

  /** Something about the states has changed. */
  wake(): void {
    this.#changed();
  }

  /** Where the assigned partitions begin or end now. */
  boundaries(at: 'beginning' | 'end', { signal }: SignalOption = {}): Promise<PartitionOffset[]> {
    return boundaryOffsets(this.#cluster, this.#states, at, this.#isolationLevel, signal);
  }

  /** Begins the one reading there may be. Throws INVALID_ARGUMENT for a second one. */
  async begin(options: ReadOptions, topics: TopicSelection): Promise<Reading> {
    if (this.#isReading) {
      throw new KafkaError(
        ClientErrorCode.INVALID_ARGUMENT,
        'the consumer is being read already: one read, batches, rawBatches, run or process at a time',
      );
    }
    this.#isReading = true;
    try {
      const { signal, until } = options;
      if (this.#isOpen) await this.#addMissing(topics, signal);
      const stops = until === 'end' ? await this.boundaries('end', { signal }) : until;
      const reading = new Reading(topics, stops, signal);
      reading.throwIfAborted();
      this.#reading = reading;
      this.#fetcher.start();
      return reading;
    } catch (error) {
      this.#isReading = false;
      throw error;
    }
  }

  /** Ends a reading. */
  end(reading: Reading): void {
    if (this.#reading !== reading) return;
    this.#fetcher.stop();
    reading.end();
    this.#reading = undefined;
    this.#isReading = false;
  }

  /** The next batch, with its partition; undefined when the reading is over. Rejects with what the reader must know. */
  async take(reading: Reading): Promise<TakenBatch | undefined> {
    for (;;) {
      reading.throwIfAborted();
      const taken = this.takeNow(reading);
      if (taken !== undefined) return taken;
      if (this.#isOver(reading)) return undefined;
      await reading.wait();
    }
  }

  /** The same, of what has arrived already. */
  takeNow(reading: Reading): TakenBatch | undefined {
    for (;;) {
      const state = this.#isOver(reading) ? undefined : reading.next(this.#states);
      const first = state?.buffered[0];
      if (state === undefined || first === undefined) return undefined;
      const taken = {
        state,
        batch: first.batch,
        generation: state.generation,
        stopOffset: reading.stopOffsetOf(state),
      };
      if (!first.isHidden && first.batch.lastOffset >= state.position) return taken;
      this.done(taken, false);
    }
  }

  /** Batches of all partitions that have some, up to so many records but one batch at least; none when the reading is over. */
  async takeMany(reading: Reading, maxRecords: number): Promise<TakenBatch[]> {
    const first = await this.take(reading);
    const taken: TakenBatch[] = [];
    let records = 0;
    const others = this.#states.filter((state) => state !== first?.state && !state.isPaused && reading.wants(state));
    for (const state of first === undefined ? [] : [first.state, ...others]) {
      for (const { batch, isHidden } of state.buffered) {
        if (isHidden || batch.lastOffset < state.position) continue;
        if (taken.length > 0 && records + batch.recordsCount > maxRecords) return taken;
        const stopOffset = reading.stopOffsetOf(state);
        if (batch.baseOffset >= stopOffset) break;
        taken.push({ state, batch, generation: state.generation, stopOffset });
        records += batch.recordsCount;
      }
    }
    return taken;
  }

  /** All that is wanted of a batch was handed out. */
  done(taken: TakenBatch, isShown = true): void {
    const { state, batch, generation, stopOffset } = taken;
    // A seek has dropped what was fetched.
    if (state.generation !== generation || state.buffered[0]?.batch !== batch) return;
    if (stopOffset >= batch.nextOffset) state.shift();
    else state.position = stopOffset;
    this.handedOut(taken, isShown);
    this.#fetcher.wake();
  }

  /** Tells that a batch was handed out, or passed over. */
  handedOut(taken: TakenBatch, isShown = true): void {
    const { lastStableOffset, highWatermark } = taken.state;
    this.#events.consumed(taken, this.#isolationLevel === 'read_committed' ? lastStableOffset : highWatermark, isShown);
  }

  /** Ends what is being read and closes the consumer's connections. Settles when brokers were told, or soon. */
  close(): Promise<void> {
    if (this.isClosed) return Promise.resolve();
    this.#events.assigned(this.#states, []);
    this.#closing.abort();
    const told = this.#fetcher.close();
    this.#reading?.changed();
    this.#cluster.closing.removeEventListener('abort', this.#onClientClosing);
    this.#cluster.closeChannel(this.#channel);
    return told;
  }

  #add(resolved: readonly PartitionOffset[]): void {
    const added = resolved.map(({ topic, partition, offset }) => new PartitionState(topic, partition, offset));
    this.#replace([...this.#states, ...added]);
    this.#changed();
  }

  #replace(states: readonly PartitionState[]): void {
    const before = this.#states;
    this.#states = states;
    this.#events.assigned(before, states);
  }

  /** Topics that are read and not assigned are assigned whole. */
  async #addMissing(topics: TopicSelection, signal: AbortSignal | undefined): Promise<void> {
    const matching = topics.patterns.length === 0 ? [] : await matchingTopics(this.#cluster, topics.patterns, signal);
    const wanted = new Set([...topics.names, ...matching]);
    for (const { topic } of this.#states) wanted.delete(topic);
    this.#add(
      await this.#resolve(
        [...wanted].map((topic) => ({ topic })),
        signal,
      ),
    );
  }

  #isOver(reading: Reading): boolean {
    return this.isClosed || this.#cluster.isClosed || reading.isOver(this.#states);
  }

  #resolve(assignments: readonly Assignment[], signal: AbortSignal | undefined): Promise<PartitionOffset[]> {
    if (this.isClosed) return Promise.reject(new KafkaError(ClientErrorCode.CLOSED, 'the consumer was closed'));
    return resolveAssignments(this.#cluster, assignments, this.#options.from ?? 'end', this.#isolationLevel, signal);
  }

  #changed(): void {
    this.#reading?.changed();
    this.#fetcher.wake();
  }
}

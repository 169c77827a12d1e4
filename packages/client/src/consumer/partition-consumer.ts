import type { TopicPartition } from '../offsets/list-offsets.ts';
import type {
  Assignment,
  ConsumedBatch,
  PartitionLag,
  PartitionOffset,
  RawBatch,
  ReadOptions,
  ReadRecord,
} from './consumer-options.ts';
import { BatchInHand } from './batch-in-hand.ts';
import { type Aside, refuseMissingTarget } from './dead-letters.ts';
import type { HandOut, PartitionReader } from './partition-reader.ts';
import { assignedState } from './partition-state.ts';
import { type Readable, splitArguments, TopicSelection } from './read-arguments.ts';
import { RecordIterator } from './record-iterator.ts';
import { RecordDecoder } from './typed-record.ts';

type SignalOption = { readonly signal?: AbortSignal | undefined };

/** What a reading was asked for, once it may begin. */
export interface ReadRequest {
  readonly options: ReadOptions;
  readonly topics: TopicSelection;
}

/** What every consumer can do with the partitions that it has, however it came by them. */
export abstract class PartitionConsumer {
  readonly #reader: PartitionReader;
  readonly #aside: Aside;
  readonly #handOut: HandOut | undefined;

  protected constructor(reader: PartitionReader, aside: Aside, handOut?: HandOut) {
    this.#reader = reader;
    this.#aside = aside;
    this.#handOut = handOut;
  }

  /** Waits until there is something to read from; gives the options that count. */
  protected abstract prepare(request: ReadRequest): Promise<ReadRequest>;

  /** What is assigned, with the offset of the next record of each partition. */
  assignment(): readonly PartitionOffset[] {
    return this.#reader.states.map(({ topic, partition, position }) => ({ topic, partition, offset: position }));
  }

  /** The offset of the next record. Throws INVALID_ARGUMENT for a partition that is not assigned. */
  position(at: TopicPartition): number {
    return assignedState(this.#reader.states, at.topic, at.partition).position;
  }

  /** Goes on somewhere else in partitions that are assigned: at an offset, the beginning, the end, or a time. */
  seek(places: readonly Assignment[], options: SignalOption = {}): Promise<void> {
    return this.#reader.seek(places, options);
  }

  /** Hands out nothing of these partitions until `resume`; what was fetched is kept. */
  pause(partitions: readonly TopicPartition[]): void {
    this.#reader.setPaused(partitions, true);
  }

  resume(partitions: readonly TopicPartition[]): void {
    this.#reader.setPaused(partitions, false);
  }

  /** The partitions that are paused. */
  paused(): readonly TopicPartition[] {
    return this.#reader.states.filter((state) => state.isPaused).map(({ topic, partition }) => ({ topic, partition }));
  }

  /** Where the assigned partitions end now; under read_committed, before the first open transaction. */
  endOffsets(options: SignalOption = {}): Promise<PartitionOffset[]> {
    return this.#reader.boundaries('end', options);
  }

  /** Where the assigned partitions begin now. */
  beginningOffsets(options: SignalOption = {}): Promise<PartitionOffset[]> {
    return this.#reader.boundaries('beginning', options);
  }

  /** How far behind each assigned partition is, by where it ends now. */
  async lag(options: SignalOption = {}): Promise<PartitionLag[]> {
    const ends = await this.#reader.boundaries('end', options);
    return ends.flatMap(({ topic, partition, offset: endOffset }) => {
      const state = this.#reader.states.find((one) => one.topic === topic && one.partition === partition);
      if (state === undefined) return [];
      const { position: offset } = state;
      return [{ topic, partition, offset, endOffset, lag: Math.max(0, endOffset - offset) }];
    });
  }

  /**
   * Reads records one by one, typed by their topics; a name or an expression stands for bytes. A record is done when the next is asked for.
   *
   *     for await (const record of consumer.read(orders, payments)) …
   *     for await (const record of consumer.read({ until: 'end' }, orders)) …
   */
  read<const T extends readonly Readable[]>(...topics: T): AsyncGenerator<ReadRecord<T, object>, void, undefined>;
  read<const O extends ReadOptions, const T extends readonly Readable[]>(
    options: O,
    ...topics: T
  ): AsyncGenerator<ReadRecord<T, O>, void, undefined>;
  read(...given: readonly (ReadOptions | Readable)[]): AsyncGenerator<never, void, undefined> {
    const request = requestOf(given);
    const records = new RecordIterator(
      this.#reader,
      this.#decoderOf(request),
      () => this.#begin(request),
      this.#handOut,
    );
    return records as AsyncGenerator<never, void, undefined>;
  }

  /** Reads batch by batch, decompressed; their records are decoded as they are asked for. A batch is done when the next is asked for. */
  batches<const T extends readonly Readable[]>(
    ...topics: T
  ): AsyncGenerator<ConsumedBatch<ReadRecord<T, object>>, void, undefined>;
  batches<const O extends ReadOptions, const T extends readonly Readable[]>(
    options: O,
    ...topics: T
  ): AsyncGenerator<ConsumedBatch<ReadRecord<T, O>>, void, undefined>;
  async *batches(...given: readonly (ReadOptions | Readable)[]): AsyncGenerator<never, void, undefined> {
    const request = requestOf(given);
    const decoder = this.#decoderOf(request);
    const { opener } = this.#reader;
    for await (const taken of this.#taken(request)) {
      const { state, batch, stopOffset } = taken;
      const opened = opener.open(state, batch);
      const plain = opened instanceof Promise ? await opened : opened;
      // Who goes through a batch's records waits for none of them: where some may have to be waited for, all are decoded beforehand.
      const ahead = decoder.isAsync(state.topic)
        ? await decoder.decodeAhead(state, opener.records(state, batch, plain), state.position, stopOffset)
        : undefined;
      const inHand = new BatchInHand(opener, decoder, taken, plain, ahead);
      yield inHand as never;
      // What was put aside is safe before the batch counts as done.
      await inHand.settled();
    }
  }

  /**
   * Reads batches as they are stored, for passing them on. Control batches and, under read_committed, aborted ones are left out.
   * A batch that reaches over a stop offset is given whole.
   */
  async *rawBatches(...given: readonly (ReadOptions | Readable)[]): AsyncGenerator<RawBatch, void, undefined> {
    for await (const { state, batch } of this.#taken(requestOf(given))) {
      this.#reader.opener.check(state, batch);
      yield { topic: state.topic, partition: state.partition, batch, firstOffset: state.position };
    }
  }

  async #begin(request: ReadRequest): Promise<ReadRequest> {
    refuseMissingTarget(request.options.onInvalid, request.options.deadLetter);
    return this.prepare(request);
  }

  #decoderOf({ options, topics }: ReadRequest): RecordDecoder {
    const { onInvalid = 'throw', deadLetter } = options;
    return new RecordDecoder(topics, onInvalid, deadLetter === undefined ? undefined : this.#aside.buryIn(deadLetter));
  }

  /** Batch after batch, each done when the next is asked for. */
  async *#taken(given: ReadRequest) {
    const { options, topics } = await this.#begin(given);
    const reading = await this.#reader.begin(options, topics);
    try {
      for (;;) {
        const taken = await this.#reader.take(reading);
        if (taken === undefined) return;
        this.#handOut?.left(taken.state);
        let isDone = false;
        try {
          yield taken;
          reading.throwIfAborted();
          isDone = true;
        } finally {
          if (isDone) this.#reader.done(taken);
          const waiting = this.#handOut?.returned();
          if (isDone) await waiting;
          else waiting?.catch(() => {});
        }
      }
    } finally {
      this.#reader.end(reading);
    }
  }
}

function requestOf(given: readonly (ReadOptions | Readable)[]): ReadRequest {
  const { options, topics } = splitArguments(given);
  return { options, topics: new TopicSelection(topics) };
}

import type { RecordBatch, RecordCursor } from '@ks/protocol';
import type { BatchOpener } from './batch-opener.ts';
import type { ConsumedBatch } from './consumer-options.ts';
import type { PartitionState } from './partition-state.ts';
import type { TakenBatch } from './reading.ts';
import type { AnyRecord, Decoded, RecordDecoder } from './typed-record.ts';

const OVER: IteratorResult<AnyRecord, void> = { done: true, value: undefined };

/** A batch as its reader gets it. */
export class BatchInHand implements ConsumedBatch<AnyRecord> {
  readonly topic: string;
  readonly partition: number;
  readonly batch: RecordBatch;
  readonly firstOffset: number;
  readonly lastOffset: number;
  readonly logStartOffset: number;
  readonly lastStableOffset: number;
  readonly highWatermark: number;
  readonly #opener: BatchOpener;
  readonly #decoder: RecordDecoder;
  readonly #taken: TakenBatch;
  readonly #plain: Uint8Array;
  readonly #ahead: readonly Decoded[] | undefined;
  /** Records that went elsewhere, by offset: once, however often the batch is gone through. */
  readonly #buried = new Map<number, Promise<unknown>>();

  /** `plain` are its records; `ahead`: what was made of them already, where some had to be waited for. */
  constructor(
    opener: BatchOpener,
    decoder: RecordDecoder,
    taken: TakenBatch,
    plain: Uint8Array,
    ahead: readonly Decoded[] | undefined,
  ) {
    const { state, batch, stopOffset } = taken;
    this.#opener = opener;
    this.#decoder = decoder;
    this.#taken = taken;
    this.#plain = plain;
    this.#ahead = ahead;
    this.topic = state.topic;
    this.partition = state.partition;
    this.batch = batch;
    this.firstOffset = state.position;
    this.lastOffset = Math.min(batch.lastOffset, stopOffset - 1);
    this.logStartOffset = state.logStartOffset;
    this.lastStableOffset = state.lastStableOffset;
    this.highWatermark = state.highWatermark;
  }

  records(): IterableIterator<AnyRecord, void, undefined> {
    if (this.#ahead !== undefined) return handedOut(this.#ahead);
    const { state, batch } = this.#taken;
    const cursor = this.#opener.cursor(state, batch, this.#plain);
    return new RecordsInPlace(
      this.#opener,
      this.#decoder,
      state,
      cursor,
      this.firstOffset,
      this.lastOffset,
      this.#buried,
    );
  }

  [Symbol.iterator](): IterableIterator<AnyRecord, void, undefined> {
    return this.records();
  }

  /** When what was put aside is safe. */
  async settled(): Promise<void> {
    if (this.#buried.size > 0) await Promise.all(this.#buried.values());
  }
}

/** Goes through the records of a batch. Written out, where a generator would do, because it is passed by every record. */
class RecordsInPlace implements IterableIterator<AnyRecord, void, undefined> {
  readonly #opener: BatchOpener;
  readonly #decoder: RecordDecoder;
  readonly #state: PartitionState;
  readonly #cursor: RecordCursor;
  readonly #baseOffset: number;
  readonly #firstOffset: number;
  readonly #lastOffset: number;
  readonly #buried: Map<number, Promise<unknown>>;

  constructor(
    opener: BatchOpener,
    decoder: RecordDecoder,
    state: PartitionState,
    cursor: RecordCursor,
    firstOffset: number,
    lastOffset: number,
    buried: Map<number, Promise<unknown>>,
  ) {
    this.#opener = opener;
    this.#decoder = decoder;
    this.#state = state;
    this.#cursor = cursor;
    this.#baseOffset = cursor.batch.baseOffset;
    this.#firstOffset = firstOffset;
    this.#lastOffset = lastOffset;
    this.#buried = buried;
  }

  next(): IteratorResult<AnyRecord, void> {
    const cursor = this.#cursor;
    while (this.#opener.next(this.#state, cursor.batch, cursor)) {
      const offset = this.#baseOffset + cursor.offsetDelta;
      if (offset < this.#firstOffset) continue;
      if (offset > this.#lastOffset) return OVER;
      if (this.#buried.size > 0 && this.#buried.has(offset)) continue;
      const shown = this.#decoder.decode(this.#state, cursor.record());
      if (shown instanceof Promise) this.#bury(offset, shown);
      else if (shown !== undefined) return { done: false, value: shown };
    }
    return OVER;
  }

  [Symbol.iterator](): this {
    return this;
  }

  #bury(offset: number, shown: Promise<unknown>): void {
    shown.catch(() => {});
    this.#buried.set(offset, shown);
  }
}

function* handedOut(all: readonly Decoded[]): Generator<AnyRecord, void, undefined> {
  for (const one of all) {
    if ('error' in one) throw one.error;
    if (one.record !== undefined) yield one.record;
  }
}

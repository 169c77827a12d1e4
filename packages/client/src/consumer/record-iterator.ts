import type { RecordCursor } from '@ks/protocol';
import type { ReadOptions } from './consumer-options.ts';
import type { HandOut, PartitionReader } from './partition-reader.ts';
import type { TopicSelection } from './read-arguments.ts';
import type { Reading, TakenBatch } from './reading.ts';
import type { AnyRecord, RecordDecoder } from './typed-record.ts';

type Result = IteratorResult<AnyRecord, void>;
const OVER: Result = { done: true, value: undefined };

/**
 * Records one by one. Written out, where an async generator would do, because it is passed by every record: what is decoded at once
 * costs one promise that is settled already.
 */
export class RecordIterator implements AsyncGenerator<AnyRecord, void, undefined> {
  readonly #reader: PartitionReader;
  readonly #decoder: RecordDecoder;
  readonly #handOut: HandOut | undefined;
  readonly #begin: () => Promise<{ readonly options: ReadOptions; readonly topics: TopicSelection }>;
  #reading: Reading | undefined;
  #taken: TakenBatch | undefined;
  #cursor: RecordCursor | undefined;
  #isAway = false;
  #isOver = false;
  #pending: Promise<unknown> | undefined;

  /** `begin` is waited for when the first record is asked for. */
  constructor(
    reader: PartitionReader,
    decoder: RecordDecoder,
    begin: () => Promise<{ readonly options: ReadOptions; readonly topics: TopicSelection }>,
    handOut?: HandOut,
  ) {
    this.#reader = reader;
    this.#decoder = decoder;
    this.#begin = begin;
    this.#handOut = handOut;
  }

  next(): Promise<Result> {
    if (this.#pending !== undefined) return this.#inTurn(() => this.#again());
    if (this.#isOver) return Promise.resolve(OVER);
    try {
      const waiting = this.#isAway ? this.#returned() : undefined;
      if (waiting === undefined && this.#cursor !== undefined) {
        const found = this.#nextHere();
        if (found instanceof Promise) return this.#inTurn(() => this.#later(found));
        if (found !== undefined) return Promise.resolve(this.#given(found));
      }
      return this.#inTurn(() => this.#afterWaiting(waiting));
    } catch (error) {
      this.#end();
      return Promise.reject(error);
    }
  }

  /** What is in hand is not done: the next reading begins with it. */
  async return(): Promise<Result> {
    await this.#pending?.catch(() => {});
    this.#end();
    return OVER;
  }

  async throw(error: unknown): Promise<Result> {
    await this.return();
    throw error;
  }

  [Symbol.asyncIterator](): this {
    return this;
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.return().then(() => {});
  }

  /** Runs `step` behind what is under way. */
  #inTurn(step: () => Promise<Result>): Promise<Result> {
    const before = this.#pending;
    const running = before === undefined ? step() : before.then(step, step);
    const settle = (): void => {
      if (this.#pending === pending) this.#pending = undefined;
    };
    const pending: Promise<void> = running.then(settle, settle);
    this.#pending = pending;
    return running;
  }

  async #again(): Promise<Result> {
    if (this.#isOver) return OVER;
    return this.#afterWaiting(this.#isAway ? this.#returned() : undefined);
  }

  async #afterWaiting(waiting: Promise<void> | undefined): Promise<Result> {
    try {
      await waiting;
      return await this.#search();
    } catch (error) {
      this.#end();
      throw error;
    }
  }

  async #later(found: Promise<AnyRecord | undefined>): Promise<Result> {
    try {
      const record = await found;
      return record === undefined ? await this.#search() : this.#given(record);
    } catch (error) {
      this.#end();
      throw error;
    }
  }

  /** The next record, from this batch or one that is still to come. */
  async #search(): Promise<Result> {
    for (;;) {
      if (this.#isOver) return OVER;
      while (this.#cursor !== undefined) {
        const found = this.#nextHere();
        const record = found instanceof Promise ? await found : found;
        if (record !== undefined) return this.#given(record);
      }
      if (!(await this.#nextBatch())) {
        this.#end();
        return OVER;
      }
    }
  }

  async #nextBatch(): Promise<boolean> {
    if (this.#reading === undefined) {
      const { options, topics } = await this.#begin();
      this.#reading = await this.#reader.begin(options, topics);
    }
    const taken = await this.#reader.take(this.#reading);
    if (taken === undefined) return false;
    const { state, batch } = taken;
    this.#taken = taken;
    const plain = this.#reader.opener.open(state, batch);
    this.#cursor = this.#reader.opener.cursor(state, batch, plain instanceof Promise ? await plain : plain);
    return true;
  }

  /** The next record of this batch that is wanted and shown; undefined: none, or one that was left out. */
  #nextHere(): AnyRecord | undefined | Promise<AnyRecord | undefined> {
    const [taken, cursor] = [this.#taken, this.#cursor];
    if (taken === undefined || cursor === undefined) return undefined;
    const { state, batch, stopOffset } = taken;
    for (;;) {
      if (state.generation !== taken.generation || state.isPaused) {
        // Elsewhere, or not now: what is left of the batch stays where it is.
        this.#cursor = undefined;
        return undefined;
      }
      if (!this.#reader.opener.next(state, batch, cursor)) break;
      const offset = batch.baseOffset + cursor.offsetDelta;
      if (offset < state.position) continue;
      if (offset >= stopOffset) break;
      const record = this.#decoder.decode(state, cursor.record());
      state.position = offset;
      if (record !== undefined) return record;
      state.position = offset + 1;
    }
    this.#cursor = undefined;
    this.#reader.done(taken);
    return undefined;
  }

  #given(record: AnyRecord): Result {
    if (this.#taken !== undefined) this.#handOut?.left(this.#taken.state);
    this.#isAway = true;
    return { done: false, value: record };
  }

  /** The reader asks for more: what it had is done. */
  #returned(): Promise<void> | undefined {
    this.#isAway = false;
    const taken = this.#taken;
    // With an aborted signal it is not done.
    this.#reading?.throwIfAborted();
    if (taken !== undefined && taken.state.generation === taken.generation) taken.state.position += 1;
    return this.#handOut?.returned();
  }

  #end(): void {
    if (this.#isOver) return;
    this.#isOver = true;
    this.#cursor = undefined;
    if (this.#isAway) void this.#handOut?.returned()?.catch(() => {});
    if (this.#reading !== undefined) this.#reader.end(this.#reading);
  }
}

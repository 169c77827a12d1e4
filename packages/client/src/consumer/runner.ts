import type { BatchRecord, RecordCursor } from '@ks/protocol';
import type { Cluster } from '../cluster.ts';
import { asKafkaError, ClientErrorCode } from '../kafka-error.ts';
import { murmur2 } from '../producer/murmur2.ts';
import { backoffMs } from '../retry-policy.ts';
import { sleep } from '../sleep.ts';
import { DoneTracker } from './done-tracker.ts';
import type { FailurePath } from './failure-path.ts';
import type { GroupSession } from './group-session.ts';
import { Lanes } from './lanes.ts';
import type { PartitionReader } from './partition-reader.ts';
import type { PartitionState } from './partition-state.ts';
import type { Reading, TakenBatch } from './reading.ts';
import type { RunContext, RunOptions } from './run-options.ts';
import type { AnyRecord, RecordDecoder } from './typed-record.ts';

export interface RunnerParts {
  readonly cluster: Cluster;
  readonly reader: PartitionReader;
  readonly session: GroupSession;
  readonly decoder: RecordDecoder;
  readonly failures: FailurePath;
}

type Handler = (record: AnyRecord, context: RunContext) => unknown;

const PENDING_MAX = 10_000;

/** One `run`: hands records to a handler, several at a time, each key's in order, and counts what is done. */
export class Runner {
  readonly #parts: RunnerParts;
  readonly #options: RunOptions;
  readonly #handler: Handler;
  readonly #lanes: Lanes;
  readonly #trackers = new Map<PartitionState, { readonly generation: number; readonly tracker: DoneTracker }>();
  readonly #stopping = new AbortController();
  #failure: { readonly error: unknown } | undefined;
  #isDraining = false;
  #reading: Reading | undefined;

  constructor(parts: RunnerParts, options: RunOptions, handler: Handler) {
    this.#parts = parts;
    this.#options = options;
    this.#handler = handler;
    this.#lanes = new Lanes(Math.max(1, options.concurrency ?? 1));
  }

  /** Until the reading is over, or fails. What is under way has ended then, or had `patienceMs` for it. */
  async run(reading: Reading, patienceMs: number): Promise<void> {
    this.#reading = reading;
    try {
      for (;;) {
        const taken = await this.#take(reading);
        if (taken === undefined) break;
        if (await this.#handOut(taken, reading)) this.#parts.reader.done(taken);
      }
    } catch (error) {
      this.#failure ??= { error };
      if (asKafkaError(error).code === ClientErrorCode.ABORTED) this.#stopping.abort(error);
    }
    await this.drain(patienceMs);
    this.#settlePositions();
    if (this.#failure !== undefined) throw this.#failure.error;
  }

  /** Begins nothing new; settles when what is under way has ended, or after `patienceMs`. */
  async drain(patienceMs: number): Promise<void> {
    this.#isDraining = true;
    this.#lanes.wake();
    let isLate = false;
    const timer = this.#parts.cluster.options.clock.setTimer(patienceMs, () => {
      isLate = true;
      this.#stopping.abort();
      this.#lanes.wake();
    });
    while (this.#lanes.pending > 0 && !isLate) await this.#lanes.change();
    timer.cancel();
  }

  /** What was begun and is not done is where the next reading begins. */
  #settlePositions(): void {
    for (const state of this.#parts.reader.states) {
      const { doneOffset, position } = state;
      if (doneOffset < position) state.seek(doneOffset);
      state.firstUndone = undefined;
    }
  }

  async #take(reading: Reading): Promise<TakenBatch | undefined> {
    if (this.#failure !== undefined) throw this.#failure.error;
    return this.#isDraining ? undefined : this.#parts.reader.take(reading);
  }

  /** Begins the records of a batch; false where the rest of it has to wait. */
  async #handOut(taken: TakenBatch, reading: Reading): Promise<boolean> {
    const { state, batch, stopOffset } = taken;
    const { opener } = this.#parts.reader;
    const cursor: RecordCursor = opener.cursor(state, batch, await opener.open(state, batch));
    const tracker = this.#trackerOf(state);
    while (opener.next(state, batch, cursor)) {
      const offset = batch.baseOffset + cursor.offsetDelta;
      if (offset < state.position) continue;
      if (offset >= stopOffset) break;
      await this.#room(tracker);
      reading.throwIfAborted();
      if (this.#failure !== undefined) throw this.#failure.error;
      if (state.generation !== taken.generation || state.isPaused || this.#isDraining) return false;
      const record = cursor.record();
      if (this.#mustWait(state, record)) return false;
      state.position = offset + 1;
      tracker.begin(offset);
      this.#parts.session.inHand.leave(state);
      this.#lanes.add(this.#laneOf(state, record), () => this.#work(state, taken.generation, tracker, record));
    }
    return true;
  }

  #trackerOf(state: PartitionState): DoneTracker {
    const known = this.#trackers.get(state);
    if (known?.generation === state.generation) return known.tracker;
    const tracker = new DoneTracker();
    this.#trackers.set(state, { generation: state.generation, tracker });
    for (const other of this.#trackers.keys())
      if (!this.#parts.reader.states.includes(other)) this.#trackers.delete(other);
    state.firstUndone = () => tracker.firstUndone(state.position);
    return tracker;
  }

  /** Waits until another record may begin. */
  async #room(tracker: DoneTracker): Promise<void> {
    const { concurrency = 1, maxPending = PENDING_MAX } = this.#options;
    const isFull = (): boolean =>
      this.#lanes.pending >= Math.max(concurrency * 2, Math.min(concurrency * 16, maxPending)) ||
      tracker.uncommitted >= maxPending;
    while (isFull() && this.#failure === undefined && !this.#isDraining) await this.#lanes.change();
  }

  /** A record of a retry topic whose time has not come: its partition rests until then. */
  #mustWait(state: PartitionState, record: BatchRecord): boolean {
    const delayMs = this.#parts.failures.delayMsOf(state, record);
    if (delayMs <= 0) return false;
    const { generation } = state;
    state.isPaused = true;
    const { cluster, reader } = this.#parts;
    sleep(cluster.options.clock, delayMs, this.#stopping.signal, cluster.closing, reader.closing)
      .then(() => {
        if (state.generation === generation) state.isPaused = false;
        reader.wake();
      })
      .catch(() => undefined);
    return true;
  }

  #laneOf(state: PartitionState, record: BatchRecord): string | undefined {
    switch (this.#options.order ?? 'key') {
      case 'none':
        return undefined;
      case 'partition':
        return `${state.topic} ${state.partition}`;
      default:
        // Two keys of one hash share a lane, which costs them time and nothing else.
        return record.key === null ? undefined : `${state.topic} ${state.partition} ${murmur2(record.key)}`;
    }
  }

  /** Works on one record until it is done one way or the other; never rejects. */
  async #work(state: PartitionState, generation: number, tracker: DoneTracker, record: BatchRecord): Promise<void> {
    const { session } = this.#parts;
    try {
      if (state.generation !== generation || this.#failure !== undefined || this.#isDraining) return;
      if (!(await this.#attempts(state, record))) return;
      tracker.end(record.offset);
    } catch (error) {
      this.#failure ??= { error };
      this.#reading?.fail(error);
    } finally {
      session.inHand.back(state);
      await session.settled()?.catch(() => undefined);
    }
  }

  /** Whether the record is done: handled, left out or put aside. */
  async #attempts(state: PartitionState, record: BatchRecord): Promise<boolean> {
    const { failures, decoder, cluster } = this.#parts;
    const before = failures.attemptsOf(state, record);
    const { attempts = 1, initialMs = 100, maxMs = 30_000, isWorth } = this.#options.retry ?? {};
    const signal = AbortSignal.any([this.#stopping.signal, state.gone]);
    const shown = await decoder.decode(state, record, failures.originOf(state, record));
    if (shown === undefined) return true;
    for (let attempt = 1; ; attempt += 1) {
      try {
        await this.#handle(shown, { signal, attempt: before + attempt });
        return true;
      } catch (error) {
        if (signal.aborted) return false;
        if (attempt < attempts && (isWorth?.(error, before + attempt) ?? true)) {
          const waitMs = backoffMs({ initialMs, maxMs }, attempt, cluster.options.random);
          const isOver = await sleep(cluster.options.clock, waitMs, signal).then(
            () => false,
            () => true,
          );
          if (isOver) return false;
          continue;
        }
        if (await failures.put(state, record, error, before + attempt)) return true;
        throw error;
      }
    }
  }

  #handle(record: AnyRecord, context: RunContext): unknown {
    const { tracing, clientId } = this.#parts.cluster.options;
    if (tracing === undefined) return this.#handler(record, context);
    const { group } = this.#parts.session;
    const traced = { clientId, group, records: [record], isBatch: false };
    return tracing.process(traced, () => this.#handler(record, context));
  }
}

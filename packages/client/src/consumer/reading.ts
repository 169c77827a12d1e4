import type { RecordBatch } from '@ks/protocol';
import { KafkaError } from '../kafka-error.ts';
import { abortError } from '../network/connection.ts';
import type { PartitionOffset } from './consumer-options.ts';
import type { PartitionState } from './partition-state.ts';
import type { TopicSelection } from './read-arguments.ts';

/** One `read`, `batches` or `rawBatches` under way: which partitions it wants, where it stops, and what it waits for. */
export class Reading {
  readonly #topics: TopicSelection;
  /** By `topic partition`; a partition that is not there is read on for ever. Undefined: none ever stops. */
  readonly #stopOffsets: ReadonlyMap<string, number> | undefined;
  readonly #signal: AbortSignal | undefined;
  #failure: { readonly error: unknown } | undefined;
  #last: PartitionState | undefined;
  #wake: (() => void) | undefined;
  #isChanged = true;
  #isFinished = false;

  /** No topics: all that is assigned. `stops` undefined: none ever stops. */
  constructor(topics: TopicSelection, stops: readonly PartitionOffset[] | undefined, signal: AbortSignal | undefined) {
    this.#topics = topics;
    this.#stopOffsets =
      stops && new Map(stops.map(({ topic, partition, offset }) => [`${topic} ${partition}`, offset]));
    this.#signal = signal;
    signal?.addEventListener('abort', this.changed);
  }

  /** Whether the partition is read and has not come to its stop offset. */
  wants(state: PartitionState): boolean {
    return this.#isInScope(state) && !this.#hasStopped(state);
  }

  /** Whether something that will be wanted is not fetched yet. */
  wantsMoreOf(state: PartitionState): boolean {
    return this.wants(state) && state.fetchOffset < this.stopOffsetOf(state);
  }

  stopOffsetOf(state: PartitionState): number {
    return this.#stopOffsets?.get(`${state.topic} ${state.partition}`) ?? Number.POSITIVE_INFINITY;
  }

  /** Whether every partition has come to its stop offset, or nothing more is wanted. */
  isOver(states: readonly PartitionState[]): boolean {
    if (this.#isFinished) return true;
    return (
      this.#stopOffsets !== undefined && states.every((state) => !this.#isInScope(state) || this.#hasStopped(state))
    );
  }

  /** Hands out nothing more. */
  finish(): void {
    this.#isFinished = true;
    this.changed();
  }

  /** The next partition that has a batch, in turn; throws what the reader must know. */
  next(states: readonly PartitionState[]): PartitionState | undefined {
    const start = this.#last === undefined ? 0 : states.indexOf(this.#last) + 1;
    for (let step = 0; step < states.length; step += 1) {
      const state = states[(start + step) % states.length];
      if (state === undefined || state.isPaused || !this.wants(state)) continue;
      if (state.buffered.length > 0) {
        this.#last = state;
        return state;
      }
      if (state.failure !== undefined) throw state.failure;
    }
    return undefined;
  }

  /** Something may have changed. */
  readonly changed = (): void => {
    this.#isChanged = true;
    this.#wake?.();
  };

  /** Ends it by throwing `error` to whoever takes the next batch. */
  fail(error: unknown): void {
    this.#failure ??= { error };
    this.changed();
  }

  throwIfAborted(): void {
    if (this.#failure !== undefined) throw this.#failure.error;
    if (this.#signal?.aborted !== true) return;
    throw this.#signal.reason instanceof KafkaError ? this.#signal.reason : abortError(this.#signal);
  }

  /** Waits until something has changed since the last wait. */
  async wait(): Promise<void> {
    if (!this.#isChanged) {
      await new Promise<void>((resolve) => {
        this.#wake = resolve;
      });
      this.#wake = undefined;
    }
    this.#isChanged = false;
  }

  end(): void {
    this.#signal?.removeEventListener('abort', this.changed);
  }

  #isInScope(state: PartitionState): boolean {
    return this.#topics.includes(state.topic);
  }

  #hasStopped(state: PartitionState): boolean {
    return state.position >= this.stopOffsetOf(state);
  }
}

/** A batch in the hands of a reading. */
export interface TakenBatch {
  readonly state: PartitionState;
  readonly batch: RecordBatch;
  /** The state's when it was taken: after a seek, or when the partition was taken away, it is another. */
  readonly generation: number;
  /** Records from here on are not wanted. */
  readonly stopOffset: number;
}

import type { RecordBatch } from '@ks/protocol';
import { ClientErrorCode, KafkaError } from '../kafka-error.ts';

/** A batch that was fetched and not handed out yet. */
export interface BufferedBatch {
  readonly batch: RecordBatch;
  /** It moves the position and is not shown: a control batch, or part of an aborted transaction. */
  readonly isHidden: boolean;
}

/** Where a consumer stands in one partition. */
export class PartitionState {
  readonly topic: string;
  readonly partition: number;
  /** The offset of the next record to hand out. */
  position: number;
  /** Where it began when it was assigned, or was sought last. */
  startOffset: number;
  #gone: AbortController | undefined;
  /** The offset to fetch next: behind what is buffered. */
  fetchOffset: number;
  /** The leader epoch of the record before `fetchOffset`; -1 where nothing was read yet. */
  positionEpoch = -1;
  /** The leader epoch at which the position was found good, -1 while there is none. */
  checkedEpoch = -1;
  isPaused = false;
  /** Where the reader keeps count itself of what is done: the first offset that is not. */
  firstUndone: (() => number) | undefined;
  /** Fetched and not handed out. */
  readonly buffered: BufferedBatch[] = [];
  bufferedBytes = 0;
  /** Raised by every seek: what was asked for before is dropped. */
  generation = 0;
  /** Failures since the last good answer. */
  failures = 0;
  /** Not before this monotonic time. */
  retryAtMs = 0;
  /** Thrown to the reader; a seek clears it. */
  failure: KafkaError | undefined;
  /** The replica to read at instead of the leader, and until when, monotonic (KIP-392). */
  preferredReplica: { readonly nodeId: number; readonly untilMs: number } | undefined;
  /** A fetch or the search for a new position is under way. */
  isBusy = false;
  /** -1 while nothing is known. */
  highWatermark = -1;
  lastStableOffset = -1;
  logStartOffset = -1;

  constructor(topic: string, partition: number, position: number) {
    this.topic = topic;
    this.partition = partition;
    this.position = position;
    this.startOffset = position;
    this.fetchOffset = position;
  }

  /** Fires at the next seek, or when the partition is taken away. */
  get gone(): AbortSignal {
    this.#gone ??= new AbortController();
    return this.#gone.signal;
  }

  /** Everything before it is done. */
  get doneOffset(): number {
    return this.firstUndone?.() ?? this.position;
  }

  /** What the last fetch told of the log. */
  get bounds(): Pick<PartitionState, 'logStartOffset' | 'lastStableOffset' | 'highWatermark'> {
    return {
      logStartOffset: this.logStartOffset,
      lastStableOffset: this.lastStableOffset,
      highWatermark: this.highWatermark,
    };
  }

  /** Goes on at `offset`; what was fetched is dropped. */
  seek(offset: number): void {
    this.#gone?.abort();
    this.#gone = undefined;
    this.position = offset;
    this.fetchOffset = offset;
    this.positionEpoch = -1;
    this.checkedEpoch = -1;
    this.firstUndone = undefined;
    this.buffered.length = 0;
    this.bufferedBytes = 0;
    this.generation += 1;
    this.failures = 0;
    this.retryAtMs = 0;
    this.failure = undefined;
  }

  /**
   * Drops what was fetched from `end` on, which lies at or behind the position, to be fetched anew. The batch in the reader's hands is kept
   * where it ends before that.
   */
  cut(end: number): void {
    const [first] = this.buffered;
    if (first !== undefined && first.batch.nextOffset > end) {
      this.seek(this.position);
      return;
    }
    for (
      let last = this.buffered.at(-1);
      last !== undefined && last.batch.nextOffset > end;
      last = this.buffered.at(-1)
    ) {
      this.buffered.pop();
      this.bufferedBytes -= last.batch.sizeBytes;
    }
    const last = this.buffered.at(-1);
    this.fetchOffset = last?.batch.nextOffset ?? this.position;
    this.positionEpoch = last?.batch.leaderEpoch ?? -1;
  }

  /** Everything before `offset` was handed out. */
  advanceTo(offset: number): void {
    while ((this.buffered[0]?.batch.nextOffset ?? Number.POSITIVE_INFINITY) <= offset) this.shift();
    this.position = Math.max(this.position, offset);
  }

  /** Takes over fetched batches that follow what is buffered. */
  add(batches: readonly BufferedBatch[]): void {
    for (const buffered of batches) {
      // A broker answers with the whole batch that holds the offset, and after compaction perhaps with one before it.
      if (buffered.batch.lastOffset < this.fetchOffset) continue;
      this.buffered.push(buffered);
      this.bufferedBytes += buffered.batch.sizeBytes;
      this.fetchOffset = buffered.batch.nextOffset;
      this.positionEpoch = buffered.batch.leaderEpoch;
    }
  }

  /** The first batch was handed out to its end. */
  shift(): void {
    const first = this.buffered.shift();
    if (first === undefined) return;
    this.bufferedBytes -= first.batch.sizeBytes;
    this.position = Math.max(this.position, first.batch.nextOffset);
  }
}

/** The state of a partition among those that are assigned. Throws INVALID_ARGUMENT where it is none of them. */
export function assignedState(states: readonly PartitionState[], topic: string, partition: number): PartitionState {
  const found = states.find((one) => one.topic === topic && one.partition === partition);
  if (found !== undefined) return found;
  const message = `${topic}-${partition} is not assigned`;
  throw new KafkaError(ClientErrorCode.INVALID_ARGUMENT, message, { topic, partition });
}

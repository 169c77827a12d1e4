import { OffsetIndex, type OffsetPosition } from './offset-index.ts';
import { LOG_SUFFIX, segmentPath } from './partition-names.ts';
import { TimeIndex } from './time-index.ts';
import { TransactionIndex } from './transaction-index.ts';

/** Both indexes of a segment, in memory. */
export interface SegmentIndexes {
  readonly offsets: OffsetIndex;
  readonly times: TimeIndex;
}

/** What a segment's bookkeeping needs to know of one batch. */
export interface BatchEntry {
  readonly lastOffset: number;
  readonly maxTimestampMs: number;
  readonly sizeBytes: number;
}

export function emptyIndexes(baseOffset: number): SegmentIndexes {
  return { offsets: new OffsetIndex(baseOffset), times: new TimeIndex(baseOffset) };
}

/** One segment of a log: a `.log` file with its indexes, and how much of it was appended, written and synced. */
export class Segment {
  readonly baseOffset: number;
  /** Wall time at which this process first knew the segment. */
  readonly createdMs: number;
  /** Where the batch bytes end that were appended, written to the file, and flushed. */
  sizeBytes = 0;
  writtenBytes = 0;
  syncedBytes = 0;
  /** Exclusive end of the offsets appended, and of those written. */
  endOffset: number;
  writtenEndOffset: number;
  /** -1 where no record has a timestamp; undefined where it was not looked up yet (only in sealed segments). */
  maxTimestampMs: number | undefined = -1;
  /** Last offset of the batch that has the greatest timestamp. */
  offsetOfMaxTimestamp = -1;
  /** Greatest timestamp of the first batch: what time-based rolling counts from. */
  firstTimestampMs: number | undefined;
  /** Aborted transactions whose markers lie in the segment. */
  transactions = new TransactionIndex();
  /** In memory always for the active segment, on demand for sealed ones. */
  indexes: SegmentIndexes | undefined;
  /** Whether the index files hold what `indexes` does. */
  areIndexesOnDisk = false;
  /** Whether the index files are being written. */
  areIndexesUnderWay = false;
  /** Settles when nobody writes them any more. */
  savingIndexes: Promise<void> = Promise.resolve();
  /** Whether the file's name has reached the directory (as far as this process knows). */
  isNameSynced = false;
  /** Whether nothing is appended to it any more. */
  isSealed = false;
  /** Put behind the names of its files: empty, or that of a removed or a compacted segment. */
  nameSuffix = '';
  /** Counts truncations: a reader that sees another number than before has read what is no longer there. */
  generation = 0;
  #directory: string;
  #bytesSinceIndexEntry = 0;
  #holds = 0;
  #whenUnheld: (() => void) | undefined;
  #renaming: Promise<unknown> | undefined;

  constructor(directory: string, baseOffset: number, createdMs: number) {
    this.#directory = directory;
    this.baseOffset = baseOffset;
    this.endOffset = baseOffset;
    this.writtenEndOffset = baseOffset;
    this.createdMs = createdMs;
  }

  /** Path of its files less their suffix. */
  get path(): string {
    return segmentPath(this.#directory, this.baseOffset);
  }
  /** Where the log file is now, renamed or not. */
  get logPath(): string {
    return this.path + LOG_SUFFIX + this.nameSuffix;
  }
  get isWritten(): boolean {
    return this.writtenBytes === this.sizeBytes;
  }

  /** Another segment of the same place that nothing was noted of. */
  blankCopy(): Segment {
    return new Segment(this.#directory, this.baseOffset, this.createdMs);
  }

  /** The partition's directory was renamed. */
  moveTo(directory: string): void {
    this.#directory = directory;
  }

  /** Takes note of a batch at the end: sizes, greatest timestamp and, every `intervalBytes`, an index entry, as Kafka does. */
  noteBatch(batch: BatchEntry, intervalBytes: number): void {
    const indexes = this.indexes;
    if (indexes === undefined) throw new Error('a batch was added to a segment whose indexes are not in memory');
    this.firstTimestampMs ??= batch.maxTimestampMs;
    if (batch.maxTimestampMs > (this.maxTimestampMs ?? -1)) {
      this.maxTimestampMs = batch.maxTimestampMs;
      this.offsetOfMaxTimestamp = batch.lastOffset;
    }
    if (this.#bytesSinceIndexEntry > intervalBytes) {
      indexes.offsets.append(batch.lastOffset, this.sizeBytes);
      indexes.times.maybeAppend(this.maxTimestampMs ?? -1, this.offsetOfMaxTimestamp);
      this.#bytesSinceIndexEntry = 0;
    }
    this.sizeBytes += batch.sizeBytes;
    this.#bytesSinceIndexEntry += batch.sizeBytes;
    this.endOffset = batch.lastOffset + 1;
    this.areIndexesOnDisk = false;
  }

  /** Nothing more comes. The time index gets its last entry, so that the file tells the greatest timestamp. */
  seal(): void {
    this.isSealed = true;
    this.noteLastTimestamp();
  }

  /** Adds the greatest timestamp to the time index, where it is not its last entry already. */
  noteLastTimestamp(): void {
    this.indexes?.times.maybeAppend(this.maxTimestampMs ?? -1, this.offsetOfMaxTimestamp);
  }

  /** Takes over indexes that end at or before `from`, as the state from which `noteBatch` continues with the batch at `from`. */
  resumeAt(indexes: SegmentIndexes, from: OffsetPosition | undefined): void {
    const last = indexes.times.last();
    this.indexes = indexes;
    this.maxTimestampMs = last?.timestampMs ?? -1;
    this.offsetOfMaxTimestamp = last?.offset ?? -1;
    this.sizeBytes = from?.position ?? 0;
    this.endOffset = this.baseOffset;
    this.#bytesSinceIndexEntry = 0;
  }

  /** Says that all of what was noted lies in the file (after loading). */
  markWritten(): void {
    this.writtenBytes = this.sizeBytes;
    this.writtenEndOffset = this.endOffset;
  }

  /** Runs `rename`, which changes where the files are: whoever does not find them meanwhile waits for it. */
  async renamed(rename: () => Promise<void>): Promise<void> {
    const renaming = rename();
    this.#renaming = renaming.catch(() => undefined);
    try {
      await renaming;
    } finally {
      this.#renaming = undefined;
    }
  }

  /** Settles when no rename is under way; undefined where none is. */
  get renaming(): Promise<unknown> | undefined {
    return this.#renaming;
  }

  /** Keeps the file readable until the matching `unhold`, also where it is removed meanwhile. */
  hold(): void {
    this.#holds += 1;
  }

  unhold(): void {
    this.#holds -= 1;
    if (this.#holds === 0) this.#whenUnheld?.();
  }

  /** Settles when nobody holds the segment any more. */
  unheld(): Promise<void> {
    if (this.#holds === 0) return Promise.resolve();
    return new Promise((resolve) => {
      this.#whenUnheld = resolve;
    });
  }
}

/** Keeps the segments' files from going while `action` reads them. */
export async function holding<T>(segments: readonly Segment[], action: () => Promise<T>): Promise<T> {
  for (const segment of segments) segment.hold();
  try {
    return await action();
  } finally {
    for (const segment of segments) segment.unhold();
  }
}

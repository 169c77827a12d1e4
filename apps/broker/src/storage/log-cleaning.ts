import { FilesError } from '../ports/files.ts';
import { CleanerPace, CleaningInterrupted } from './cleaner-pace.ts';
import { type CleanableRange, findCleanableRange } from './cleaner-range.ts';
import { type CleanerResources, CleanerRun, type CleanerRunHost, type CleaningResult } from './cleaner-run.ts';
import type { LogParts } from './log-parts.ts';

export interface LogCleaningHost extends CleanerRunHost {
  readonly logStartOffset: number;
  /** The disk cannot be relied on any more. */
  failed(error: Error): void;
}

/** Compaction of one log: which part of it may be cleaned, and the cleaning itself. */
export class LogCleaning {
  readonly #parts: LogParts;
  readonly #host: LogCleaningHost;
  #cleanedOffset: number;
  #pauses = 0;
  #isStopped = false;
  #running: Promise<unknown> | undefined;

  constructor(parts: LogParts, host: LogCleaningHost, cleanedOffset: number) {
    this.#parts = parts;
    this.#host = host;
    this.#cleanedOffset = cleanedOffset;
  }

  /** Where the part begins that no cleaning has seen: the log start, or where the last cleaning ended. */
  get firstDirtyOffset(): number {
    return Math.max(this.#cleanedOffset, this.#host.logStartOffset);
  }

  /** Everything below was compacted, whether or not it is still there. */
  get cleanedOffset(): number {
    return this.#cleanedOffset;
  }

  /** The log now ends at `offset`: what is appended there is dirty. Says whether the checkpoint has to be told. */
  cutTo(offset: number): boolean {
    const isBelow = offset < this.#cleanedOffset;
    if (isBelow) this.#cleanedOffset = offset;
    return isBelow;
  }

  /** What may be cleaned, of records below `stableOffset` (the last stable offset); undefined where nothing is dirty. */
  range(nowMs: number, stableOffset: number): Promise<CleanableRange | undefined> {
    const { config } = this.#host;
    return findCleanableRange(this.#parts, { config, nowMs, firstDirtyOffset: this.firstDirtyOffset, stableOffset });
  }

  /**
   * Cleans `range`, and with it everything before it. Rejects with `CleaningInterrupted` where it was called off: the log is as valid
   * as before, and what was finished stays.
   * @throws CorruptLogError, ProtocolError, CodecError where the log holds what cannot be read
   */
  clean(range: CleanableRange, resources: CleanerResources): Promise<CleaningResult> {
    if (this.#running !== undefined) throw new Error('a log is cleaned by one cleaner at a time');
    const running = this.#clean(range, resources).finally(() => {
      this.#running = undefined;
    });
    this.#running = running;
    return running;
  }

  /** Runs `action` with no cleaning under way; one that is gets called off first. */
  async paused<T>(action: () => Promise<T>): Promise<T> {
    this.#pauses += 1;
    try {
      await this.#running?.catch(() => undefined);
      return await action();
    } finally {
      this.#pauses -= 1;
    }
  }

  /** No cleaning any more; settles when the one under way has left the log's files. */
  async stop(): Promise<void> {
    this.#isStopped = true;
    await this.#running?.catch(() => undefined);
  }

  get #isCalledOff(): boolean {
    return this.#isStopped || this.#pauses > 0;
  }

  async #clean(range: CleanableRange, resources: CleanerResources): Promise<CleaningResult> {
    const { clock } = this.#parts.environment;
    const pace = new CleanerPace(clock, resources.bytesPerSecond, () => this.#isCalledOff);
    try {
      await pace.turn();
      const result = await new CleanerRun(this.#parts, this.#host, resources, pace).run(range);
      this.#cleanedOffset = Math.max(this.#cleanedOffset, result.cleanedOffset);
      return result;
    } catch (error) {
      // Files that are taken away look like damaged ones.
      if (this.#isCalledOff) throw new CleaningInterrupted('the cleaning was called off', { cause: error });
      // A full disk is no reason to stop serving: the cleaning has given back what it took.
      if (error instanceof FilesError && error.kind === 'io') this.#host.failed(error);
      throw error;
    }
  }
}

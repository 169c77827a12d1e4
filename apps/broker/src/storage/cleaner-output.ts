import { lastOffset, maxTimestamp, recordsCount } from '@ks/protocol';
import type { File, Files } from '../ports/files.ts';
import type { CleanerPace } from './cleaner-pace.ts';
import type { Segment } from './segment.ts';

/** A large file is synced as it grows: one sync of all of it would hold up everybody else's. */
const SYNC_BYTES = 16 * 1024 * 1024;

/** Writes the batches of a new segment to its file, through one buffer. */
export class CleanerOutput {
  readonly #segment: Segment;
  readonly #file: File;
  readonly #buffer: Uint8Array;
  readonly #pace: CleanerPace;
  readonly #indexIntervalBytes: number;
  #filled = 0;
  #written = 0;
  #unsynced = 0;

  /** Makes the file anew at `path`. */
  static async open(
    files: Files,
    path: string,
    options: { segment: Segment; buffer: Uint8Array; pace: CleanerPace; indexIntervalBytes: number },
  ): Promise<CleanerOutput> {
    const file = await files.open(path, 'create');
    await file.truncate(0);
    return new CleanerOutput(file, options);
  }

  private constructor(
    file: File,
    options: { segment: Segment; buffer: Uint8Array; pace: CleanerPace; indexIntervalBytes: number },
  ) {
    this.#file = file;
    this.#segment = options.segment;
    this.#buffer = options.buffer;
    this.#pace = options.pace;
    this.#indexIntervalBytes = options.indexIntervalBytes;
  }

  /** Adds a batch; its bytes are taken over or copied before this returns or, where it gives a promise, settles. */
  add(batch: Uint8Array): Promise<void> | undefined {
    const maxTimestampMs = recordsCount(batch, 0) === 0 ? -1 : maxTimestamp(batch, 0);
    const entry = { lastOffset: lastOffset(batch, 0), maxTimestampMs, sizeBytes: batch.length };
    this.#segment.noteBatch(entry, this.#indexIntervalBytes);
    if (this.#filled + batch.length <= this.#buffer.length) {
      this.#buffer.set(batch, this.#filled);
      this.#filled += batch.length;
      return undefined;
    }
    return this.#overflow(batch);
  }

  /** Everything is in the file and synced. */
  async finish(): Promise<void> {
    await this.#flush();
    await this.#file.sync();
  }

  close(): Promise<void> {
    return this.#file.close();
  }

  async #overflow(batch: Uint8Array): Promise<void> {
    await this.#flush();
    if (batch.length <= this.#buffer.length) {
      this.#buffer.set(batch);
      this.#filled = batch.length;
    } else await this.#write(batch);
  }

  async #flush(): Promise<void> {
    if (this.#filled === 0) return;
    await this.#write(this.#buffer.subarray(0, this.#filled));
    this.#filled = 0;
  }

  async #write(bytes: Uint8Array): Promise<void> {
    await this.#file.write([bytes], this.#written);
    this.#written += bytes.length;
    this.#unsynced += bytes.length;
    if (this.#unsynced >= SYNC_BYTES) {
      await this.#file.sync();
      this.#unsynced = 0;
    }
    await this.#pace.moved(bytes.length);
  }
}

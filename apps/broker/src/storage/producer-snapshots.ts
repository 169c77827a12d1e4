import type { Core } from '@ks/core-wasm';
import { type Files, FilesError } from '../ports/files.ts';
import type { Logger } from '../ports/logger.ts';
import { PRODUCER_SNAPSHOT_SUFFIX, segmentPath } from './partition-names.ts';
import type { ProducerEntry } from './producer-entry.ts';
import { formatSnapshot, parseSnapshot } from './producer-snapshot.ts';

/** Largest snapshot file that is read: a million producers with five batches each. */
const SNAPSHOT_BYTES_MAX = 256 * 1024 * 1024;

export interface ProducerSnapshotsOptions {
  readonly files: Files;
  readonly core: Core;
  readonly logger: Logger;
  /** Of the partition. */
  readonly directory: string;
  /** Offsets of the snapshot files that are there. */
  readonly offsets: Iterable<number>;
}

/** A log's producer snapshots, `<next offset>.snapshot`: those on disk, and those taken but not yet written. */
export class ProducerSnapshots {
  readonly #options: ProducerSnapshotsOptions;
  readonly #onDisk: Set<number>;
  readonly #pending = new Map<number, Uint8Array>();

  constructor(options: ProducerSnapshotsOptions) {
    this.#options = options;
    this.#onDisk = new Set(options.offsets);
  }

  /** Of all snapshots, newest first. */
  get offsets(): readonly number[] {
    return [...new Set([...this.#onDisk, ...this.#pending.keys()])].sort((a, b) => b - a);
  }

  /** Whether snapshots were taken that are not written. */
  get hasPending(): boolean {
    return this.#pending.size > 0;
  }

  /** Takes a snapshot of the producers of all batches below `offset`. It is written later. */
  capture(offset: number, producers: Iterable<ProducerEntry>): void {
    this.#pending.set(offset, formatSnapshot(producers, this.#options.core));
  }

  /** Writes the snapshots that were taken at or below `endOffset`: up to there the batches are on disk. */
  async writePending(endOffset: number): Promise<void> {
    for (const [offset, bytes] of [...this.#pending]) {
      if (offset > endOffset) continue;
      await this.#options.files.writeFileAtomically(this.#path(offset), bytes);
      if (this.#pending.get(offset) === bytes) {
        this.#pending.delete(offset);
        this.#onDisk.add(offset);
      }
    }
  }

  /** The producers of the snapshot at `offset`; undefined, with a warning, where it cannot be used: then it is removed. */
  async read(offset: number): Promise<readonly ProducerEntry[] | undefined> {
    const { core, files, logger } = this.#options;
    const path = this.#path(offset);
    try {
      const bytes = this.#pending.get(offset) ?? (await files.readFile(path, SNAPSHOT_BYTES_MAX));
      const parsed = parseSnapshot(bytes, core);
      if ('entries' in parsed) return parsed.entries;
      logger.warn({ path }, `a producer snapshot is corrupt (${parsed.problem}); going back to an earlier one`);
    } catch (error) {
      if (!(error instanceof FilesError) || error.kind !== 'not-found') throw error;
    }
    await this.#remove(offset);
    return undefined;
  }

  /** Removes the snapshots that are not needed to know the producers at `offset` or above, whatever a crash leaves of the log there. */
  async removeBefore(offset: number): Promise<void> {
    const usable = [...this.#onDisk].filter((each) => each <= offset);
    const newest = Math.max(...usable);
    if (usable.length > 1) await this.keep((each) => each >= newest);
  }

  /** Removes the snapshots that `isWanted` does not name. Says whether a file went. */
  async keep(isWanted: (offset: number) => boolean): Promise<boolean> {
    let isRemoved = false;
    for (const offset of this.offsets) {
      if (isWanted(offset)) continue;
      isRemoved ||= this.#onDisk.has(offset);
      await this.#remove(offset);
    }
    return isRemoved;
  }

  async #remove(offset: number): Promise<void> {
    this.#pending.delete(offset);
    if (this.#onDisk.delete(offset)) await this.#options.files.remove(this.#path(offset));
  }

  #path(offset: number): string {
    return segmentPath(this.#options.directory, offset) + PRODUCER_SNAPSHOT_SUFFIX;
  }
}

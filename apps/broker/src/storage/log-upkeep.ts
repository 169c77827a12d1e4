import { FilesError } from '../ports/files.ts';
import { formatEpochs, writeText } from './checkpoint.ts';
import type { LogParts } from './log-parts.ts';
import { LEADER_EPOCH_FILE } from './partition-names.ts';
import type { Segment } from './segment.ts';
import { syncSegment, writeIndexes, writeTransactionIndex } from './segment-files.ts';

export interface LogUpkeepHost {
  readonly directory: string;
  readonly logEndOffset: number;
  failed(error: Error): void;
}

/** What a log keeps on disk beside its batches: syncs, index files, the leader epoch file. */
export class LogUpkeep {
  readonly #parts: LogParts;
  readonly #host: LogUpkeepHost;
  /** The epoch cache's revision that the file holds; -1 where it holds something else. */
  #savedRevision: number;
  #saving: Promise<void> = Promise.resolve();
  #isSaveQueued = false;
  #savingProducers: Promise<void> = Promise.resolve();

  constructor(parts: LogParts, host: LogUpkeepHost, areEpochsOnDisk: boolean) {
    this.#parts = parts;
    this.#host = host;
    this.#savedRevision = areEpochsOnDisk ? parts.epochs.revision : -1;
  }

  /** Syncs everything written so far; returns the end offset of that. */
  async syncWritten(): Promise<number> {
    const { environment, segments } = this.#parts;
    const { logEndOffset } = this.#host;
    const startedMs = environment.clock.monotonicMs();
    let isNameNew = false;
    let isIdle = true;
    for (const segment of [...segments.all]) {
      if (segment.writtenBytes === 0) continue;
      const isWhole = segment.isSealed && segment.isWritten;
      if (
        segment.syncedBytes === segment.writtenBytes &&
        segment.isNameSynced &&
        (!isWhole || segment.areIndexesOnDisk)
      )
        continue;
      const isNew = await syncSegment(environment.files, environment.handles, segment, isWhole);
      isNameNew ||= isNew;
      isIdle = false;
      if (isWhole) environment.indexes.loaded(segment);
    }
    if (isNameNew) await environment.files.syncDirectory(this.#host.directory);
    if (!isIdle) environment.flushSeconds?.observe((environment.clock.monotonicMs() - startedMs) / 1000);
    // What a crash loses of the transaction indexes is read from the log again, behind the last snapshot.
    if (this.#parts.snapshots.hasPending) await this.saveProducers(logEndOffset);
    return logEndOffset;
  }

  /** Below it every segment that is whole has its index files: recovery takes those below the recovery point as they are. */
  get indexedEndOffset(): number {
    const isOpen = (segment: Segment) =>
      segment.isSealed && segment.writtenBytes > 0 && (!segment.areIndexesOnDisk || segment.areIndexesUnderWay);
    const first = this.#parts.segments.all.find(isOpen);
    return first?.baseOffset ?? Number.MAX_SAFE_INTEGER;
  }

  /** Writes the transaction indexes, then the producer snapshots taken at or below `endOffset`, which rely on them. */
  saveProducers(endOffset: number): Promise<void> {
    this.#savingProducers = this.#savingProducers
      .catch(() => undefined)
      .then(async () => {
        const { environment, segments, snapshots } = this.#parts;
        for (const segment of segments.all.filter(({ transactions }) => !transactions.isSaved)) {
          await writeTransactionIndex(environment.files, segment);
        }
        await snapshots.writePending(endOffset);
      });
    return this.#savingProducers;
  }

  /** A batch was written: a new epoch that came with it is saved before long, by nobody waited for. */
  noteWritten(): void {
    if (this.#savedRevision === this.#parts.epochs.revision || this.#isSaveQueued) return;
    this.#isSaveQueued = true;
    this.saveEpochs().catch((error: unknown) => {
      this.#host.failed(error instanceof Error ? error : new Error(String(error)));
    });
  }

  /** Brings the epoch file up to date. Settles when it holds what the cache held at the call. */
  saveEpochs(): Promise<void> {
    this.#saving = this.#saving
      .catch(() => undefined)
      .then(async () => {
        const { epochs, environment } = this.#parts;
        const { revision } = epochs;
        this.#isSaveQueued = false;
        if (revision === this.#savedRevision) return;
        const text = formatEpochs(epochs.entries);
        await writeText(environment.files, `${this.#host.directory}/${LEADER_EPOCH_FILE}`, text);
        this.#savedRevision = revision;
      });
    return this.#saving;
  }

  /** Settles when nothing is being saved. */
  idle(): Promise<void> {
    return this.#saving.catch(() => undefined);
  }

  /** Everything that a clean start relies on: index files with their last entries, epochs. */
  async saveAll(): Promise<void> {
    const { environment, segments } = this.#parts;
    for (const segment of segments.all) {
      if (segment.writtenBytes === 0 || segment.areIndexesOnDisk) continue;
      segment.noteLastTimestamp();
      await writeIndexes(environment.files, segment);
    }
    if (segments.sizeBytes > 0) await this.saveEpochs();
    const { logEndOffset } = this.#host;
    const { producers, snapshots } = this.#parts;
    const [newest] = snapshots.offsets;
    // A log that never had a producer needs no snapshot to say so.
    const isPlain = producers.size === 0 && newest === undefined;
    if (!isPlain && newest !== logEndOffset) snapshots.capture(logEndOffset, producers.entries);
    await this.saveProducers(logEndOffset);
  }

  /** Closes the log's files once nobody reads them. */
  async dropUnheld(): Promise<void> {
    await Promise.all(this.#parts.segments.all.map((segment) => segment.unheld()));
    await this.dropHandles();
  }

  /** Closes the log's files. */
  async dropHandles(): Promise<void> {
    const { environment, segments } = this.#parts;
    for (const segment of segments.all) {
      environment.indexes.forget(segment);
      await environment.handles.drop(segment.logPath);
    }
  }

  /** Whether an error says that the disk cannot be relied on any more. */
  isDiskFailure(error: unknown): error is FilesError {
    return error instanceof FilesError && (error.kind === 'io' || error.kind === 'no-space');
  }
}

import { CleanerCheckpoint } from './cleaner-checkpoint.ts';
import type { PartitionOffset } from './checkpoint.ts';
import type { CheckpointName, LogDirectoryFiles } from './log-directory-files.ts';
import type { Log } from './log.ts';
import { partitionDirectoryName } from './partition-names.ts';

/** How offsets are gathered for a checkpoint. */
export interface Gathering {
  readonly offsetOf: (log: Log) => Promise<number>;
  /** What no offset may be beyond by the time it is written. */
  readonly endOf: (log: Log) => number;
  readonly isCurrent: (log: Log) => boolean;
}

/** What a log directory's checkpoint files say of each of its partitions, and what is written to them. */
export class DirectoryCheckpoints {
  readonly #files: LogDirectoryFiles;
  readonly #cleaned: CleanerCheckpoint;
  #recoveryPoints = new Map<string, number>();
  #highWatermarks = new Map<string, number>();
  #logStarts = new Map<string, number>();

  constructor(files: LogDirectoryFiles) {
    this.#files = files;
    this.#cleaned = new CleanerCheckpoint(files);
  }

  async load(): Promise<void> {
    this.#recoveryPoints = await this.#files.readCheckpoint('recovery-point-offset-checkpoint');
    this.#logStarts = await this.#files.readCheckpoint('log-start-offset-checkpoint');
    this.#highWatermarks = await this.#files.readCheckpoint('replication-offset-checkpoint');
    await this.#cleaned.load();
  }

  /** What a log is opened with; 0 where nothing is known. */
  of(
    topic: string,
    partition: number,
  ): { recoveryPoint: number; logStartOffset: number; cleanedOffset: number; highWatermark?: number } {
    const name = partitionDirectoryName(topic, partition);
    const highWatermark = this.#highWatermarks.get(name);
    return {
      ...(highWatermark === undefined ? {} : { highWatermark }),
      recoveryPoint: this.#recoveryPoints.get(name) ?? 0,
      logStartOffset: this.#logStarts.get(name) ?? 0,
      cleanedOffset: this.#cleaned.offsetOf(topic, partition),
    };
  }

  /** As checkpointed; 0 where unknown. */
  highWatermarkOf(topic: string, partition: number): number {
    return this.#highWatermarks.get(partitionDirectoryName(topic, partition)) ?? 0;
  }

  /** A partition begins anew under a name that another may have had: nothing of the other's may be told of it. */
  async begin(topic: string, partition: number, isHere: (topic: string, partition: number) => boolean): Promise<void> {
    const name = partitionDirectoryName(topic, partition);
    for (const offsets of [this.#recoveryPoints, this.#logStarts, this.#highWatermarks]) offsets.delete(name);
    this.#cleaned.drop(topic, partition);
    await this.#files.makeWay(topic, partition, (row) => isHere(row.topic, row.partition));
  }

  /** A partition is gone. */
  drop(topic: string, partition: number): void {
    this.#cleaned.drop(topic, partition);
  }

  saveCleaned(logs: Iterable<Log>): Promise<void> {
    return this.#cleaned.save(logs);
  }

  /** What `logs` have to say, as rows for `write`: when those are written, whoever is not current any more is left out. */
  async gather(
    logs: readonly Log[],
    { offsetOf, endOf, isCurrent }: Gathering,
  ): Promise<() => readonly PartitionOffset[]> {
    const offsets = new Map<Log, number>();
    for (const log of logs) {
      try {
        offsets.set(log, await offsetOf(log));
      } catch (error) {
        // One that is being deleted has nothing to say.
        if (isCurrent(log)) throw error;
      }
    }
    return () =>
      [...offsets]
        .filter(([log]) => isCurrent(log))
        .map(([log, offset]) => ({
          topic: log.topic,
          partition: log.partition,
          offset: Math.min(offset, endOf(log)),
        }));
  }

  /** The partition's log now ends at `offset`: what the files say of it beyond that is taken back. */
  async cutTo(topic: string, partition: number, offset: number): Promise<void> {
    for (const name of ['recovery-point-offset-checkpoint', 'replication-offset-checkpoint'] as const) {
      await this.#files.lower(name, { topic, partition, offset });
    }
  }

  /** @param isUnopened whether a partition lies here whose log could not be opened: what was said of it before is still true */
  write(
    name: CheckpointName,
    rows: () => readonly PartitionOffset[],
    isUnopened: (row: PartitionOffset) => boolean,
  ): Promise<void> {
    return this.#files.writeCheckpoint(name, () => [...rows(), ...this.#files.rowsOf(name).filter(isUnopened)]);
  }
}

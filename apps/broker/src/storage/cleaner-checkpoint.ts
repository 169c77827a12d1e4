import type { Log } from './log.ts';
import type { PartitionOffset } from './checkpoint.ts';
import type { LogDirectoryFiles } from './log-directory-files.ts';
import { parsePartitionDirectory, partitionDirectoryName } from './partition-names.ts';

/**
 * A log directory's `cleaner-offset-checkpoint`: up to where each log was compacted. The file never says more than is true: a tombstone
 * in a part that was taken for clean could otherwise go before the record that it deletes.
 */
export class CleanerCheckpoint {
  readonly #files: LogDirectoryFiles;
  /** By `topic-partition`. */
  #offsets = new Map<string, number>();

  constructor(files: LogDirectoryFiles) {
    this.#files = files;
  }

  async load(): Promise<void> {
    this.#offsets = await this.#files.readCheckpoint('cleaner-offset-checkpoint');
  }

  /** 0 where nothing is known. */
  offsetOf(topic: string, partition: number): number {
    return this.#offsets.get(partitionDirectoryName(topic, partition)) ?? 0;
  }

  /** A partition is gone, or begins anew; the file is told with its next write. */
  drop(topic: string, partition: number): void {
    this.#offsets.delete(partitionDirectoryName(topic, partition));
  }

  /** Brings the file up to what `logs` say of themselves, where it says something else. */
  async save(logs: Iterable<Log>): Promise<void> {
    let isChanged = false;
    for (const log of logs) {
      const name = partitionDirectoryName(log.topic, log.partition);
      const { cleanedOffset } = log.cleaning;
      if ((this.#offsets.get(name) ?? 0) === cleanedOffset) continue;
      this.#offsets.set(name, cleanedOffset);
      isChanged = true;
    }
    if (isChanged) await this.#files.writeCheckpoint('cleaner-offset-checkpoint', () => this.#rows());
  }

  #rows(): PartitionOffset[] {
    return [...this.#offsets].flatMap(([name, offset]) => {
      const partition = parsePartitionDirectory(name);
      return partition === undefined ? [] : [{ ...partition, offset }];
    });
  }
}

import type { DirectoryCheckpoints } from './directory-checkpoints.ts';
import type { LogConfig } from './log-config.ts';
import type { LogEnvironment } from './log-environment.ts';
import { Log, type LogHooks } from './log.ts';
import { readTopicId } from './partition-metadata.ts';
import {
  DELETE_SUFFIX,
  parsePartitionDirectory,
  partitionDirectoryName,
  retiredDirectoryName,
} from './partition-names.ts';

export interface DirectoryLogsOptions {
  /** The log directory. */
  readonly path: string;
  readonly environment: LogEnvironment;
  readonly configOf: (topic: string) => LogConfig;
  readonly hooks: LogHooks;
  readonly checkpoints: DirectoryCheckpoints;
  /** Logs opened or closed at a time. */
  readonly concurrency: number;
}

/** The partitions that lie in a log directory: their logs, and what could not be opened. */
export class DirectoryLogs {
  readonly #options: DirectoryLogsOptions;
  readonly #logs = new Map<string, Log>();
  /** Partitions that could not be opened, with why; their directories are left alone. */
  readonly #unopened = new Map<string, Error>();

  constructor(options: DirectoryLogsOptions) {
    this.#options = options;
  }

  all(): Iterable<Log> {
    return this.#logs.values();
  }

  get(topic: string, partition: number): Log | undefined {
    return this.#logs.get(partitionDirectoryName(topic, partition));
  }

  /** Whether the log has not been taken away. */
  isCurrent(log: Log): boolean {
    return this.get(log.topic, log.partition) === log;
  }

  /** Whether the partition lies here, readable or not. */
  isHere(topic: string, partition: number): boolean {
    const name = partitionDirectoryName(topic, partition);
    return this.#logs.has(name) || this.#unopened.has(name);
  }

  /** Whether every partition that lies here could be opened. */
  get areAllOpen(): boolean {
    return this.#unopened.size === 0;
  }

  openFailure(topic: string, partition: number): Error | undefined {
    return this.#unopened.get(partitionDirectoryName(topic, partition));
  }

  /** Opens every partition's log, recovering after an unclean stop, and removes what deletions left behind. */
  async load(cleanShutdown: boolean): Promise<void> {
    const { environment, path } = this.#options;
    const { files } = environment;
    const names = (await files.list(path)).filter((entry) => entry.isDirectory).map((entry) => entry.name);
    for (const name of names) if (name.endsWith(DELETE_SUFFIX)) await files.remove(`${path}/${name}`);
    await this.#forEach(names, (name) => this.#load(name, cleanShutdown));
  }

  async #load(name: string, cleanShutdown: boolean): Promise<void> {
    const partition = parsePartitionDirectory(name);
    if (partition === undefined) return;
    const { files, logger } = this.#options.environment;
    const directory = `${this.#options.path}/${name}`;
    const topicId = await readTopicId(files, directory);
    if (/^[A-Za-z0-9_-]{22}$/.test(topicId)) {
      await this.open(partition.topic, partition.partition, topicId, cleanShutdown);
    } else logger.warn({ directory }, 'a partition without a readable partition.metadata is left alone');
  }

  /** Opens the partition's log, or notes why that cannot be done. */
  async open(topic: string, partition: number, topicId: string, cleanShutdown: boolean): Promise<Log | undefined> {
    const name = partitionDirectoryName(topic, partition);
    const { path, environment, configOf, hooks, checkpoints } = this.#options;
    const directory = `${path}/${name}`;
    try {
      const log = await Log.open({
        ...{ directory, topic, partition, topicId, environment, hooks, cleanShutdown },
        ...checkpoints.of(topic, partition),
        config: configOf(topic),
      });
      this.#logs.set(name, log);
      this.#unopened.delete(name);
      return log;
    } catch (error) {
      const reason = error instanceof Error ? error : new Error(String(error));
      environment.logger.error({ directory, error: reason.message }, 'a partition cannot be opened');
      this.#unopened.set(name, reason);
      return undefined;
    }
  }

  /** Takes the log away: its directory gets a name with `suffix`. `unheld` settles when nobody reads its files any more. */
  async retire(log: Log, suffix: string): Promise<{ readonly directory: string; unheld(): Promise<void> }> {
    const { path, environment } = this.#options;
    const { files, random } = environment;
    const directory = `${path}/${retiredDirectoryName(log.topic, log.partition, random.bytes(16), suffix)}`;
    this.#logs.delete(partitionDirectoryName(log.topic, log.partition));
    const from = log.directory;
    const { unheld } = await log.retire(directory, async () => {
      await files.rename(from, directory);
      await files.syncDirectory(path);
    });
    return { directory, unheld };
  }

  /** Runs `action` for each log, a bounded number at a time. */
  each(action: (log: Log) => Promise<void>): Promise<void> {
    return this.#forEach([...this.#logs.values()], action);
  }

  async #forEach<Item>(items: readonly Item[], action: (item: Item) => Promise<void>): Promise<void> {
    const queue = items.values();
    const worker = async () => {
      for (const item of queue) await action(item);
    };
    await Promise.all(Array.from({ length: this.#options.concurrency }, worker));
  }
}

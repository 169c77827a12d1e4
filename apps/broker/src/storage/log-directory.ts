import type { LogConfig } from './log-config.ts';
import type { LogEnvironment } from './log-environment.ts';
import type { Log, LogHooks } from './log.ts';

export interface LogDirectoryOptions {
  readonly path: string;
  readonly environment: LogEnvironment;
  /** The effective config of a topic, asked when its logs are loaded. */
  readonly configOf: (topic: string) => LogConfig;
  readonly hooks: LogDirectoryHooks;
  /** Logs opened or closed at a time (num.recovery.threads.per.data.dir serves as a floor). Default 32. */
  readonly concurrency?: number;
}

export interface LogDirectoryHooks extends LogHooks {
  /** The directory has failed: all its logs are failed too (each was told by `failed` before). Called once. */
  offline(directory: LogDirectory, error: Error): void;
}

/** One entry of log.dirs: its lock, identity, checkpoints and the logs in it. Use: acquire, identify, load, close. */
export declare class LogDirectory {
  /** Makes the directory if absent, takes its `.lock` and reads its identity. Rejects with `FilesError` ('locked' where in use). */
  static acquire(options: LogDirectoryOptions): Promise<LogDirectory>;
  readonly path: string;
  /** From `meta.properties`; undefined in a new directory until `identify`. */
  get clusterId(): string | undefined;
  get nodeId(): number | undefined;
  /** This directory's own id (KIP-858), made once. */
  get directoryId(): string;
  /** Broker epoch of a clean stop (`.kafka_cleanshutdown`), -1 where the last stop was unclean or there was none. */
  get previousBrokerEpoch(): number;
  get isOffline(): boolean;
  /** Writes `meta.properties` in a new directory; throws where it belongs to another cluster or node. */
  identify(identity: { readonly clusterId: string; readonly nodeId: number }): Promise<void>;
  /** Opens every partition's log, recovering where needed, and removes what deletions left behind. */
  loadLogs(): Promise<void>;
  logs(): Iterable<Log>;
  log(topic: string, partition: number): Log | undefined;
  /** A new partition's log; its directory holds `partition.metadata` alone until the first record. */
  createLog(topic: string, partition: number, topicId: string): Promise<Log>;
  /** Takes the log away: renames its directory `<topic>-<p>.<uuid>-delete`, removes it after file.delete.delay.ms. */
  deleteLog(log: Log): Promise<void>;
  /** Takes the log away but keeps its bytes, renamed `-stray`: a partition that the image lacks. */
  strayLog(log: Log): Promise<void>;
  /** High watermarks as checkpointed, by `topic-partition` (`partitionDirectoryName`). Unknown: 0. */
  checkpointedHighWatermark(topic: string, partition: number): number;
  /** Writes `replication-offset-checkpoint`. */
  checkpointHighWatermarks(highWatermarkOf: (log: Log) => number): Promise<void>;
  /** Writes `recovery-point-offset-checkpoint` and `log-start-offset-checkpoint`. */
  checkpoint(): Promise<void>;
  /** Retention over all logs; a log's records below `highWatermarkOf` alone are deletable. */
  deleteOldSegments(highWatermarkOf: (log: Log) => number): Promise<void>;
  /** Closes all logs, writes the checkpoints and, with a broker epoch, the clean shutdown marker; gives up the lock. */
  close(brokerEpoch: number | undefined): Promise<void>;
}

import type { ChildProcess } from 'node:child_process';

/** A broker process that was started for a measurement, or several that are one cluster. */
export interface RunningBroker {
  readonly bootstrap: string;
  readonly pid: number;
  readonly process: ChildProcess;
  /** All processes that it takes: `pid`, and those of the brokers and of the store beside it. */
  readonly pids: readonly number[];
  /** How many brokers keep each record. */
  readonly replicationFactor: number;
  /** Milliseconds from spawning the process to its first answered request. */
  readonly startMs: number;
  /** Ends the process and waits until it is gone. */
  stop(): Promise<void>;
}

/** A broker that can be measured. */
export interface BrokerPeer {
  readonly name: 'ks' | 'kafka';
  /** The exact version, for the tables. */
  version(): string;
  /** Why it cannot run here, in one line; undefined if it can. */
  missing(): Promise<string | undefined>;
  /** Starts it on a free port over an empty `directory`. */
  start(directory: string): Promise<RunningBroker>;
}

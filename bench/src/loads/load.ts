import type { RunningBroker } from '../peers/broker-peer.ts';

/** What a load is asked to do. */
export interface LoadOptions {
  readonly topic: string;
  readonly recordBytes: number;
  readonly records: number;
  readonly acks: 0 | 1 | -1;
  readonly batchBytes: number;
  /** Of the topic, which exists already. Records go to all of them. */
  readonly partitions: number;
  readonly delivery: 'plain' | 'idempotent' | 'transactional';
  readonly compression: 'none' | 'gzip' | 'snappy' | 'lz4' | 'zstd';
  /** A folder for input files, shared by all rounds. */
  readonly scratch: string;
}

/** What a load did. */
export interface LoadResult {
  readonly records: number;
  readonly bytes: number;
  readonly seconds: number;
  /** Milliseconds from send to acknowledgement, where the client measures them. */
  readonly latencyMs?: { readonly p50: number; readonly p99: number };
}

/** A named client that can put load on a broker. */
export interface LoadClient {
  readonly name: string;
  version(): Promise<string>;
  missing(): Promise<string | undefined>;
  produce(broker: RunningBroker, options: LoadOptions): Promise<LoadResult>;
  consume(broker: RunningBroker, options: LoadOptions): Promise<LoadResult>;
}

import type { Core } from '@ks/core-wasm';
import type { Clock } from '../ports/clock.ts';
import type { Codec } from '../ports/codec.ts';
import type { Files } from '../ports/files.ts';
import type { Logger } from '../ports/logger.ts';
import type { Histogram, Metrics } from '../ports/metrics.ts';
import type { Random } from '../ports/random.ts';
import { CachedReads } from './cached-reads.ts';
import { FileHandles } from './file-handles.ts';
import { LoadedIndexes } from './loaded-indexes.ts';
import { SlabPool } from './slab-pool.ts';
import { TailMemory } from './tail-memory.ts';

/** What all logs of a shard share. */
export interface LogEnvironment {
  readonly files: Files;
  /** Open files of all logs, bounded. */
  readonly handles: FileHandles;
  /** Which reads need no other thread. */
  readonly cachedReads: CachedReads;
  readonly clock: Clock;
  readonly random: Random;
  readonly core: Core;
  readonly codec: Codec;
  /** Indexes of sealed segments, bounded. */
  readonly indexes: LoadedIndexes;
  /** Where appended bytes live. */
  readonly memory: TailMemory;
  readonly logger: Logger;
  /** How long flushes of logs take; undefined where nobody looks. */
  readonly flushSeconds?: Histogram;
}

/** What a shard gives to make its log environment. */
export interface LogEnvironmentOptions {
  readonly files: Files;
  readonly clock: Clock;
  readonly random: Random;
  readonly core: Core;
  readonly codec: Codec;
  readonly logger: Logger;
  /** Default: nothing is measured. */
  readonly metrics?: Metrics;
  /** All of the core's heap; made here where it is left out. The server's landing buffers come from the same pool. */
  readonly slabs?: SlabPool;
  /** Memory of all logs' tails. Default 64 MB; never more than the pool has. */
  readonly tailBudgetBytes?: number;
  /** Memory of sealed segments' indexes. Default 64 MB. */
  readonly indexBudgetBytes?: number;
  /** Open files of all logs. Default 512. */
  readonly openFilesMax?: number;
}

const MEGABYTE = 1024 * 1024;
const FLUSH_SECONDS = [0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 5, 30];

export function createLogEnvironment(options: LogEnvironmentOptions): LogEnvironment {
  const { files, clock, random, core, codec, logger } = options;
  const slabs = options.slabs ?? new SlabPool(core);
  const flushSeconds = options.metrics?.histogram(
    'ks_log_flush_seconds',
    'Flushes of a log to its disk.',
    FLUSH_SECONDS,
  );
  return {
    ...(flushSeconds === undefined ? {} : { flushSeconds }),
    files,
    clock,
    random,
    core,
    codec,
    logger,
    cachedReads: new CachedReads(clock),
    handles: new FileHandles(files, options.openFilesMax ?? 512),
    indexes: new LoadedIndexes(options.indexBudgetBytes ?? 64 * MEGABYTE),
    memory: new TailMemory(slabs, options.tailBudgetBytes ?? 64 * MEGABYTE),
  };
}

import type { ConsumerOptions } from './consumer-options.ts';

/** How much is fetched, and how. */
export interface FetchSettings {
  readonly maxWaitMs: number;
  readonly minBytes: number;
  readonly maxBytes: number;
  readonly partitionMaxBytes: number;
  /** What may be fetched and not handed out, over all partitions. */
  readonly prefetchBytes: number;
  /** Empty: nowhere in particular. */
  readonly rack: string;
  /** Where to go on when the position is not in the log (any more): a place, or an error for the reader. */
  readonly outOfRange: 'beginning' | 'end' | 'error';
}

/** A consumer's options with their defaults. */
export function fetchSettings(options: ConsumerOptions): FetchSettings {
  return {
    maxWaitMs: options.maxWaitMs ?? 500,
    minBytes: options.minBytes ?? 1,
    maxBytes: options.maxBytes ?? 50 * 1024 * 1024,
    partitionMaxBytes: options.partitionMaxBytes ?? 1024 * 1024,
    prefetchBytes: options.prefetchBytes ?? 16 * 1024 * 1024,
    rack: options.rack ?? '',
    outOfRange: options.outOfRange ?? 'error',
  };
}

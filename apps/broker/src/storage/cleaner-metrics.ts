import type { Metrics } from '../ports/metrics.ts';
import type { CleaningResult } from './cleaner-run.ts';

/** What the cleaner measures. */
export interface CleanerMetrics {
  cleaned(result: CleaningResult, seconds: number): void;
  /** After each look at all logs. */
  looked(state: { readonly uncleanable: number; readonly maxDirtyRatio: number }): void;
}

const DURATION_SECONDS = [0.01, 0.1, 1, 10, 60, 300, 1800];

export function createCleanerMetrics(metrics: Metrics): CleanerMetrics {
  const readBytes = metrics.counter('ks_log_cleaner_read_bytes_total', 'Bytes of the segments that were compacted.');
  const keptBytes = metrics.counter('ks_log_cleaner_kept_bytes_total', 'Bytes that compaction left of them.');
  const removed = metrics.counter('ks_log_cleaner_removed_records_total', 'Records that compaction removed.');
  const seconds = metrics.histogram('ks_log_cleaner_run_seconds', 'Compactions of a log.', DURATION_SECONDS);
  const mapUse = metrics.gauge('ks_log_cleaner_map_use_ratio', 'How full the last compaction’s offset map was.');
  const dirty = metrics.gauge('ks_log_cleaner_max_dirty_ratio', 'Greatest dirty ratio of a compacted log.');
  const uncleanable = metrics.gauge('ks_log_cleaner_uncleanable_partitions', 'Logs that cannot be compacted.');
  return {
    cleaned(result, took) {
      readBytes.add(result.bytesRead);
      keptBytes.add(result.bytesKept);
      removed.add(result.recordsRead - result.recordsKept);
      mapUse.set(result.mapUse);
      seconds.observe(took);
    },
    looked(state) {
      uncleanable.set(state.uncleanable);
      dirty.set(state.maxDirtyRatio);
    },
  };
}

import type { BatchPrinter, ReadBatch } from '../consume/print-batch.ts';
import { usage } from '../errors/usage.ts';
import { parseExpression } from './expression.ts';
import { parseKeyGlob, parseQuickFilter, type RecordFilter } from './quick-filter.ts';
import { RecordScope, truthy } from './values.ts';

/** How many records a filter saw, and let through. */
export interface FilterCounts {
  scanned: number;
  matched: number;
}

/** What the flags say about which records are wanted. */
export interface FilterFlags {
  readonly grep: readonly string[];
  readonly 'filter-key': string | undefined;
  readonly filter: string | undefined;
}

/** The filter that the flags ask for, the cheap parts first; undefined where all records are wanted. Throws a usage error. */
export function filterOf(flags: FilterFlags, nowMs: () => number): RecordFilter | undefined {
  const filters = flags.grep.map(parseQuickFilter);
  if (flags['filter-key'] !== undefined) filters.unshift(parseKeyGlob(flags['filter-key']));
  const { filter } = flags;
  if (filter !== undefined) {
    const expression = usage(() => parseExpression(filter));
    filters.push((record) => usage(() => truthy(expression(new RecordScope(record, nowMs())))));
  }
  return filters.length === 0 ? undefined : (record) => filters.every((one) => one(record));
}

/** Prints by `printer` what the filter lets through, and counts. */
export function filteringPrinter(printer: BatchPrinter, filter: RecordFilter, counts: FilterCounts): BatchPrinter {
  return (batch, window) => {
    const filtered: ReadBatch = {
      topic: batch.topic,
      partition: batch.partition,
      batch: batch.batch,
      firstOffset: batch.firstOffset,
      lastOffset: batch.lastOffset,
      logStartOffset: batch.logStartOffset,
      lastStableOffset: batch.lastStableOffset,
      highWatermark: batch.highWatermark,
      isFiltered: true,
      *records() {
        for (const record of batch.records()) {
          if (record.offset < window.firstOffset || record.offset > window.lastOffset) continue;
          counts.scanned += 1;
          const { topic, partition } = batch;
          const { offset, timestamp: timestampMs, key, value, headers } = record;
          if (!filter({ topic, partition, offset, timestampMs, key, value, headers })) continue;
          counts.matched += 1;
          yield record;
        }
      },
    };
    return printer(filtered, window);
  };
}

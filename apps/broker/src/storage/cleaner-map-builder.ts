import { type RecordBatch, RecordCursor } from '@ks/protocol';
import type { BatchWalk } from './cleaner-batches.ts';
import { walkBatches } from './cleaner-batches.ts';
import { CLEANED_RECORDS_BYTES_MAX } from './cleaner-batch-filter.ts';
import type { OffsetMap } from './cleaner-offset-map.ts';
import type { CleanedTransactions } from './cleaner-transactions.ts';
import type { LogEnvironment } from './log-environment.ts';
import type { Segment } from './segment.ts';

export interface MapBuild {
  readonly environment: LogEnvironment;
  /** Sealed ones, from the one that holds `fromOffset`. */
  readonly segments: readonly Segment[];
  readonly fromOffset: number;
  /** Exclusive: what may be cleaned ends here. */
  readonly upToOffset: number;
  readonly map: OffsetMap;
  readonly transactions: CleanedTransactions;
  readonly walk: Pick<BatchWalk, 'buffer' | 'pace' | 'checksum'>;
}

/**
 * Notes the latest offset of every key of committed records in [fromOffset, upToOffset), until the map is full. Returns the last offset
 * up to which it knows everything; `fromOffset - 1` where not one record fitted.
 */
export async function buildOffsetMap(build: MapBuild): Promise<number> {
  const { environment, fromOffset, upToOffset, map, transactions } = build;
  let latestOffset = fromOffset - 1;
  const put = (batch: RecordBatch, plain: Uint8Array): boolean => {
    const cursor = new RecordCursor(batch, plain);
    while (cursor.next()) {
      const offset = batch.baseOffset + cursor.offsetDelta;
      if (offset < fromOffset) continue;
      if (cursor.keySizeBytes >= 0 && !map.put(plain, cursor.keyAt, cursor.keySizeBytes, offset)) return false;
      latestOffset = offset;
    }
    latestOffset = batch.lastOffset;
    return true;
  };
  const visit = (batch: RecordBatch): boolean | Promise<boolean> => {
    if (batch.lastOffset >= upToOffset) return false;
    if (batch.lastOffset < fromOffset) return true;
    if (batch.isControl) transactions.end(batch);
    else if (!transactions.isAborted(batch) && batch.recordsCount > 0) {
      const plain = batch.decompress(environment.codec, CLEANED_RECORDS_BYTES_MAX);
      return plain instanceof Uint8Array ? put(batch, plain) : plain.then((records) => put(batch, records));
    }
    latestOffset = batch.lastOffset;
    return true;
  };
  for (const segment of build.segments) {
    const walk = { ...build.walk, from: 0, fileBytes: segment.writtenBytes, visit };
    const isWhole = await environment.handles.use(segment.logPath, (file) => walkBatches(file, walk));
    if (!isWhole) return latestOffset;
    // Where no batch says so (the log of another broker): nothing is left up to the segment's end.
    latestOffset = Math.max(latestOffset, Math.min(segment.endOffset, upToOffset) - 1);
  }
  return latestOffset;
}

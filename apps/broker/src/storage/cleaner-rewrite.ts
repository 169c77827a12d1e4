import type { RecordBatch } from '@ks/protocol';
import { walkBatches, type BatchWalk } from './cleaner-batches.ts';
import type { BatchFilter, CleanedBatch } from './cleaner-batch-filter.ts';
import { CleanerOutput } from './cleaner-output.ts';
import type { CleaningRules } from './cleaner-rules.ts';
import { CLEANED_SUFFIX, LOG_SUFFIX } from './partition-names.ts';
import type { LogEnvironment } from './log-environment.ts';
import { emptyIndexes, type Segment } from './segment.ts';
import { writeCleanedIndexes } from './cleaner-files.ts';

export interface Rewrite {
  readonly environment: LogEnvironment;
  /** Neighbours that become one; sealed, whole on disk. */
  readonly group: readonly [Segment, ...Segment[]];
  readonly rules: CleaningRules;
  readonly filter: BatchFilter;
  readonly indexIntervalBytes: number;
  readonly writeBuffer: Uint8Array;
  readonly walk: Pick<BatchWalk, 'buffer' | 'pace' | 'checksum'>;
}

/** What came of a group. */
export interface Rewritten {
  /** Its files carry the suffix of cleaned ones and are synced; its indexes are in memory. */
  readonly segment: Segment;
  readonly recordsRead: number;
  readonly recordsKept: number;
  readonly bytesRead: number;
  /** Whether it is anything else than the group's batches as they were. */
  readonly isChanged: boolean;
}

/** Writes what the rules keep of a group of segments to the files of one new segment, named as the first of them. */
export async function rewriteGroup(rewrite: Rewrite): Promise<Rewritten> {
  const { environment, group, indexIntervalBytes, walk } = rewrite;
  const [first] = group;
  const last = group.at(-1) ?? first;
  const segment = first.blankCopy();
  segment.indexes = emptyIndexes(segment.baseOffset);
  segment.firstTimestampMs = undefined;
  const output = await CleanerOutput.open(environment.files, segment.path + LOG_SUFFIX + CLEANED_SUFFIX, {
    segment,
    buffer: rewrite.writeBuffer,
    pace: walk.pace,
    indexIntervalBytes,
  });
  const count = { recordsRead: 0, recordsKept: 0, bytesRead: 0, isChanged: false };
  try {
    for (const source of group) {
      const visit = visitor(rewrite, segment, output, last.endOffset, count);
      const fileBytes = source.writtenBytes;
      await environment.handles.use(source.logPath, (file) =>
        walkBatches(file, { ...walk, from: 0, fileBytes, visit }),
      );
      count.bytesRead += fileBytes;
    }
    await output.finish();
  } finally {
    await output.close();
  }
  segment.endOffset = last.endOffset;
  segment.seal();
  segment.markWritten();
  segment.syncedBytes = segment.sizeBytes;
  await writeCleanedIndexes(environment.files, segment);
  return { segment, ...count };
}

function visitor(
  { filter, rules }: Rewrite,
  segment: Segment,
  output: CleanerOutput,
  endOffset: number,
  count: { recordsRead: number; recordsKept: number; isChanged: boolean },
): (batch: RecordBatch) => true | Promise<true> {
  const take = (cleaned: CleanedBatch): true | Promise<true> => {
    count.recordsRead += cleaned.recordsRead;
    count.recordsKept += cleaned.recordsKept;
    const added = cleaned.bytes === undefined ? undefined : output.add(cleaned.bytes);
    return added === undefined ? true : added.then(() => true as const);
  };
  return (batch) => {
    // The last batch tells where the segment ends, so that segments go on following each other without a gap.
    const { verdict, aborted } = rules.rule(batch, batch.nextOffset === endOffset);
    if (aborted !== undefined) segment.transactions.append(aborted);
    const { recordsCount } = batch;
    if (verdict === undefined) {
      return take({ bytes: batch.bytes, recordsRead: recordsCount, recordsKept: recordsCount });
    }
    const cleaned = filter.clean(batch, verdict);
    const takeChanged = (result: CleanedBatch) => {
      count.isChanged ||= result.bytes !== batch.bytes;
      return take(result);
    };
    return cleaned instanceof Promise ? cleaned.then(takeChanged) : takeChanged(cleaned);
  };
}

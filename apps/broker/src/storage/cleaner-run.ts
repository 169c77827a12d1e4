import { BATCH_HEADER_BYTES, type RecordBatch } from '@ks/protocol';
import { CorruptLogError } from './batch-scan.ts';
import { BatchFilter } from './cleaner-batch-filter.ts';
import type { BatchWalk } from './cleaner-batches.ts';
import { commitCleaned, nameSwapped, removeCleaned } from './cleaner-files.ts';
import { type GroupableSegment, groupSegments } from './cleaner-groups.ts';
import { buildOffsetMap } from './cleaner-map-builder.ts';
import { OffsetMap } from './cleaner-offset-map.ts';
import { type CleanerPace, CleaningInterrupted } from './cleaner-pace.ts';
import { type CleanableRange, isCleanable } from './cleaner-range.ts';
import { type Rewritten, rewriteGroup } from './cleaner-rewrite.ts';
import { CleaningRules } from './cleaner-rules.ts';
import { CleanedTransactions } from './cleaner-transactions.ts';
import type { LogConfig } from './log-config.ts';
import type { LogParts } from './log-parts.ts';
import { LogProducers } from './log-producers.ts';
import { retireSegments } from './log-retention.ts';
import { OFFSET_INDEX_ENTRY_BYTES } from './offset-index.ts';
import { holding, type Segment } from './segment.ts';
import { TIME_INDEX_ENTRY_BYTES } from './time-index.ts';

export interface CleanerRunHost {
  readonly config: LogConfig;
  readonly directory: string;
  /** Runs `action` when nothing else changes segments; its disk errors are failures of the log. */
  alone<T>(action: () => Promise<T>): Promise<T>;
}

/** What a cleaning may use; no two at a time use the same. */
export interface CleanerResources {
  /** log.cleaner.dedupe.buffer.size of one cleaning; taken only as far as the dirty part can have keys. */
  readonly mapBytes: number;
  /** log.cleaner.io.buffer.load.factor */
  readonly loadFactor: number;
  /** Together log.cleaner.io.buffer.size of one cleaning. */
  readonly readBuffer: Uint8Array;
  readonly writeBuffer: Uint8Array;
  /** log.cleaner.io.max.bytes.per.second, asked again and again. */
  readonly bytesPerSecond: () => number;
}

/** What a cleaning did. */
export interface CleaningResult {
  /** Everything below is clean now. */
  readonly cleanedOffset: number;
  readonly keys: number;
  /** Share of the map's places that were taken, 0 to 1. */
  readonly mapUse: number;
  /** Whether the map took no more keys before the dirty part's end. */
  readonly isMapFull: boolean;
  readonly recordsRead: number;
  readonly recordsKept: number;
  readonly bytesRead: number;
  readonly bytesKept: number;
  readonly segmentsBefore: number;
  readonly segmentsAfter: number;
}

type Group = readonly [Segment, ...Segment[]];

/** One cleaning of one log: the dirty part's keys into a map, then group after group of segments written anew and put in place. */
export class CleanerRun {
  readonly #parts: LogParts;
  readonly #host: CleanerRunHost;
  readonly #resources: CleanerResources;
  readonly #filter: BatchFilter;
  readonly #walk: Pick<BatchWalk, 'buffer' | 'pace' | 'checksum'>;

  constructor(parts: LogParts, host: CleanerRunHost, resources: CleanerResources, pace: CleanerPace) {
    this.#parts = parts;
    this.#host = host;
    this.#resources = resources;
    this.#filter = new BatchFilter(parts.environment.codec, parts.environment.core);
    this.#walk = { buffer: resources.readBuffer, pace, checksum: parts.environment.core };
  }

  async run(range: CleanableRange): Promise<CleaningResult> {
    const map = this.#mapFor(range);
    try {
      return await this.#cleanWith(map, range);
    } finally {
      map.release();
    }
  }

  async #cleanWith(map: OffsetMap, range: CleanableRange): Promise<CleaningResult> {
    const latestOffset = await this.#fill(map, range);
    const segments = this.#segmentsUpTo(latestOffset);
    const rules = this.#rules(map, latestOffset, segments);
    const total = { recordsRead: 0, recordsKept: 0, bytesRead: 0, bytesKept: 0, segmentsBefore: 0, segmentsAfter: 0 };
    for (const group of this.#grouped(segments)) {
      const { segment, ...done } = await this.#cleanGroup(group, rules);
      total.recordsRead += done.recordsRead;
      total.recordsKept += done.recordsKept;
      total.bytesRead += done.bytesRead;
      total.bytesKept += segment.sizeBytes;
      total.segmentsBefore += group.length;
      total.segmentsAfter += 1;
    }
    const isMapFull = latestOffset + 1 < range.upToOffset;
    const { size: keys, use: mapUse } = map;
    return { ...total, cleanedOffset: latestOffset + 1, keys, mapUse, isMapFull };
  }

  #segmentsUpTo(latestOffset: number): readonly Segment[] {
    const { segments, flusher } = this.#parts;
    const { flushedEndOffset } = flusher;
    return segments.all.filter((each) => each.baseOffset <= latestOffset && isCleanable(each, flushedEndOffset));
  }

  #grouped(segments: readonly Segment[]): Group[] {
    const { config } = this.#host;
    const groups = groupSegments(
      segments.map((each) => groupable(each, config.indexIntervalBytes)),
      config,
    );
    // No group is empty.
    return groups.map((group) => group.map(({ segment }) => segment) as unknown as Group);
  }

  #rules(map: OffsetMap, latestOffset: number, segments: readonly Segment[]): CleaningRules {
    // The last segment may reach beyond the map: what its index says of aborted transactions there has to stay.
    const endOffset = segments.at(-1)?.endOffset ?? 0;
    return new CleaningRules({
      ...{ map, latestOffset, transactions: this.#transactionsUpTo(endOffset) },
      isLastOfProducer: (batch) => this.#isLastOfProducer(batch),
      nowMs: this.#parts.environment.clock.wallMs(),
      deleteRetentionMs: this.#host.config.deleteRetentionMs,
    });
  }

  #transactionsUpTo(offset: number): CleanedTransactions {
    const { baseOffset } = this.#parts.segments.first;
    return new CleanedTransactions(new LogProducers(this.#parts).abortedTransactions(baseOffset, offset));
  }

  #mapFor({ firstDirtyOffset, upToOffset }: CleanableRange): OffsetMap {
    const { mapBytes, loadFactor } = this.#resources;
    return new OffsetMap({
      ...{ memoryBytes: mapBytes, loadFactor, baseOffset: firstDirtyOffset },
      entriesWanted: upToOffset - firstDirtyOffset,
      secret: this.#parts.environment.random.bytes(16),
    });
  }

  /** Takes the dirty part's keys into the map. Gives the last offset up to which it knows them all. */
  async #fill(map: OffsetMap, { firstDirtyOffset, upToOffset }: CleanableRange): Promise<number> {
    const { environment, segments } = this.#parts;
    const dirty = segments.all.filter((each) => each.endOffset > firstDirtyOffset && each.baseOffset < upToOffset);
    const transactions = this.#transactionsUpTo(upToOffset);
    const build = { environment, segments: dirty, fromOffset: firstDirtyOffset, upToOffset, map, transactions };
    const latestOffset = await holding(dirty, () => buildOffsetMap({ ...build, walk: this.#walk }));
    // Nothing below the range's end can be taken in: the next run would be no different.
    if (latestOffset < firstDirtyOffset) throw new CorruptLogError(`nothing to clean at offset ${firstDirtyOffset}`);
    return latestOffset;
  }

  async #cleanGroup(group: Group, rules: CleaningRules): Promise<Rewritten> {
    const { environment } = this.#parts;
    const { indexIntervalBytes } = this.#host.config;
    const { writeBuffer } = this.#resources;
    const generations = group.map(({ generation }) => generation);
    const rewrite = {
      environment,
      group,
      rules,
      filter: this.#filter,
      indexIntervalBytes,
      writeBuffer,
      walk: this.#walk,
    };
    try {
      const rewritten = await holding(group, () => rewriteGroup(rewrite));
      const isSame = !rewritten.isChanged && group.length === 1;
      if (isSame) await removeCleaned(environment.files, rewritten.segment);
      else await this.#host.alone(() => this.#replace(group, generations, rewritten.segment));
      return rewritten;
    } catch (error) {
      // What cannot be removed now goes at the next start.
      await removeCleaned(environment.files, group[0]).catch(() => undefined);
      throw error;
    }
  }

  /** Puts `cleaned` in the place of `group`, on disk and for readers. A reader of a segment that goes may finish. */
  async #replace(group: Group, generations: readonly number[], cleaned: Segment): Promise<void> {
    const { environment, segments, snapshots, tail } = this.#parts;
    const { directory, config } = this.#host;
    const isThere = group.every((segment, index) => segment.generation === generations[index]);
    if (!isThere || !segments.has(group)) throw new CleaningInterrupted('the segments have changed meanwhile');
    await commitCleaned(environment.files, directory, cleaned);
    segments.replace(group, cleaned);
    tail.dropBelow(cleaned.endOffset);
    await retireSegments(this.#parts, group, config.fileDeleteDelayMs);
    await environment.files.syncDirectory(directory);
    await nameSwapped(environment.files, environment.handles, directory, cleaned);
    environment.indexes.loaded(cleaned);
    const gone = new Set(group.slice(1).map(({ baseOffset }) => baseOffset));
    await snapshots.keep((offset) => !gone.has(offset));
  }

  /** A producer's last sequence number, or where it has none its epoch, is known by this batch alone. */
  #isLastOfProducer(batch: RecordBatch): boolean {
    const entry = this.#parts.producers.entry(batch.producerId);
    if (entry === undefined) return false;
    const last = entry.batches.at(-1);
    if (last !== undefined) return last.lastOffset === batch.lastOffset;
    return batch.isControl && entry.producerEpoch === batch.producerEpoch;
  }
}

/** Index sizes are not looked up: how many entries there can be at most is good enough. */
function groupable(segment: Segment, indexIntervalBytes: number): GroupableSegment & { readonly segment: Segment } {
  const { baseOffset, endOffset, sizeBytes } = segment;
  const entries = Math.ceil(sizeBytes / Math.max(indexIntervalBytes, BATCH_HEADER_BYTES)) + 1;
  return {
    ...{ segment, baseOffset, endOffset, sizeBytes },
    offsetIndexBytes: entries * OFFSET_INDEX_ENTRY_BYTES,
    timeIndexBytes: entries * TIME_INDEX_ENTRY_BYTES,
  };
}

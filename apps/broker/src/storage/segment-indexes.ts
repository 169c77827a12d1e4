import { FilesError } from '../ports/files.ts';
import type { LogEnvironment } from './log-environment.ts';
import { OffsetIndex } from './offset-index.ts';
import { OFFSET_INDEX_SUFFIX, TIME_INDEX_SUFFIX } from './partition-names.ts';
import { emptyIndexes, type Segment, type SegmentIndexes } from './segment.ts';
import { scanSegment } from './segment-scan.ts';
import { writeIndexes } from './segment-files.ts';
import { TimeIndex } from './time-index.ts';

/** Largest index file that is read: of a 2 GB segment with an entry for each 61 byte batch. */
const INDEX_BYTES_MAX = 512 * 1024 * 1024;

/** Index files as they are; undefined where one is missing or cannot be right. */
export async function readIndexes(environment: LogEnvironment, segment: Segment): Promise<SegmentIndexes | undefined> {
  const offsetBytes = await readIfThere(environment, segment.path + OFFSET_INDEX_SUFFIX + segment.nameSuffix);
  const timeBytes = await readIfThere(environment, segment.path + TIME_INDEX_SUFFIX + segment.nameSuffix);
  if (offsetBytes === undefined || timeBytes === undefined) return undefined;
  const offsets = new OffsetIndex(segment.baseOffset, offsetBytes);
  const times = new TimeIndex(segment.baseOffset, timeBytes);
  const isPlausible =
    offsets.isPlausible(offsetBytes.length, segment.writtenBytes) && times.isPlausible(timeBytes.length);
  return isPlausible ? { offsets, times } : undefined;
}

/** The indexes of a sealed segment, read on first use and built anew from the log where the files will not do. */
export async function loadIndexes(
  environment: LogEnvironment,
  segment: Segment,
  intervalBytes: number,
): Promise<SegmentIndexes> {
  if (segment.indexes !== undefined) return segment.indexes;
  const found = await readIndexes(environment, segment);
  // Somebody else may have loaded them meanwhile.
  if (segment.indexes !== undefined) return segment.indexes;
  if (found === undefined) return rebuildIndexes(environment, segment, intervalBytes);
  segment.indexes = found;
  segment.areIndexesOnDisk = true;
  const last = found.times.last();
  segment.maxTimestampMs = last?.timestampMs ?? -1;
  segment.offsetOfMaxTimestamp = last?.offset ?? -1;
  environment.indexes.loaded(segment);
  return found;
}

/** Builds a segment's indexes from its log file; those of a sealed one are written. */
export async function rebuildIndexes(
  environment: LogEnvironment,
  segment: Segment,
  intervalBytes: number,
): Promise<SegmentIndexes> {
  environment.logger.warn({ segment: segment.path }, 'rebuilding the indexes of a segment: missing or corrupt');
  const copy = segment.blankCopy();
  const indexes = emptyIndexes(segment.baseOffset);
  copy.resumeAt(indexes, undefined);
  const { problem, validBytes } = await environment.handles.use(segment.logPath, (file) =>
    scanSegment(file, {
      from: 0,
      fileBytes: segment.writtenBytes,
      baseOffset: segment.baseOffset,
      minOffset: segment.baseOffset,
      core: undefined,
      visit: (batch) => copy.noteBatch(batch, intervalBytes),
    }),
  );
  if (problem !== undefined) {
    environment.logger.error({ segment: segment.path, position: validBytes }, `a segment is damaged: ${problem}`);
  }
  copy.noteLastTimestamp();
  takeOver(segment, copy, indexes);
  if (segment.isSealed) {
    await writeIndexes(environment.files, segment);
    environment.indexes.loaded(segment);
  }
  return indexes;
}

/** Gives `segment` the indexes built in `copy`, with the entries of what was appended to it meanwhile. */
function takeOver(segment: Segment, copy: Segment, indexes: SegmentIndexes): void {
  const old = segment.indexes;
  for (let slot = 0; old !== undefined && slot < old.offsets.count; slot += 1) {
    const entry = old.offsets.at(slot);
    if (entry !== undefined && entry.position >= copy.sizeBytes) indexes.offsets.append(entry.offset, entry.position);
  }
  const isNewer = segment.sizeBytes > copy.sizeBytes && (segment.maxTimestampMs ?? -1) > (copy.maxTimestampMs ?? -1);
  if (isNewer) indexes.times.maybeAppend(segment.maxTimestampMs ?? -1, segment.offsetOfMaxTimestamp);
  else {
    segment.maxTimestampMs = copy.maxTimestampMs;
    segment.offsetOfMaxTimestamp = copy.offsetOfMaxTimestamp;
  }
  segment.indexes = indexes;
  segment.areIndexesOnDisk = false;
}

async function readIfThere(environment: LogEnvironment, path: string): Promise<Uint8Array | undefined> {
  try {
    return await environment.files.readFile(path, INDEX_BYTES_MAX);
  } catch (error) {
    if (error instanceof FilesError && error.kind === 'not-found') return undefined;
    throw error;
  }
}

import type { Files } from '../ports/files.ts';
import type { FileHandles } from './file-handles.ts';
import {
  DELETED_SUFFIX,
  LOG_SUFFIX,
  OFFSET_INDEX_SUFFIX,
  TIME_INDEX_SUFFIX,
  TRANSACTION_INDEX_SUFFIX,
} from './partition-names.ts';
import type { Segment } from './segment.ts';

const SUFFIXES = [LOG_SUFFIX, OFFSET_INDEX_SUFFIX, TIME_INDEX_SUFFIX, TRANSACTION_INDEX_SUFFIX] as const;

/**
 * Writes and syncs the index files of a segment whose indexes are in memory, unless they are on disk already. Each is replaced whole, the
 * time index first, and by one writer at a time: whatever a crash leaves, the time index covers what the offset
 * index does, which is where recovery goes on from.
 */
export function writeIndexes(files: Files, segment: Segment): Promise<void> {
  const saving = segment.savingIndexes.then(() => writeIndexesNow(files, segment));
  segment.savingIndexes = saving.catch(() => undefined);
  return saving;
}

async function writeIndexesNow(files: Files, segment: Segment): Promise<void> {
  const indexes = segment.indexes;
  if (indexes === undefined || segment.areIndexesOnDisk) return;
  // Set first: a batch that is added during the writes takes it back.
  segment.areIndexesOnDisk = true;
  segment.areIndexesUnderWay = true;
  const contents = [indexes.times.bytes.slice(), indexes.offsets.bytes.slice()] as const;
  try {
    await files.writeFileAtomically(segment.path + TIME_INDEX_SUFFIX + segment.nameSuffix, contents[0]);
    await files.writeFileAtomically(segment.path + OFFSET_INDEX_SUFFIX + segment.nameSuffix, contents[1]);
  } catch (error) {
    segment.areIndexesOnDisk = false;
    throw error;
  } finally {
    segment.areIndexesUnderWay = false;
  }
}

/** Brings a segment's transaction index file up to what is known, and syncs it. */
export async function writeTransactionIndex(files: Files, segment: Segment): Promise<void> {
  const index = segment.transactions;
  if (index.isSaved) return;
  const { savedBytes } = index;
  const bytes = index.bytes.slice(savedBytes);
  const file = await files.open(segment.path + TRANSACTION_INDEX_SUFFIX, 'create');
  try {
    if (index.fileBytes > savedBytes) await file.truncate(savedBytes);
    index.fileBytes = savedBytes;
    if (bytes.length > 0) await file.write([bytes], savedBytes);
    await file.sync();
    index.savedBytes = savedBytes + bytes.length;
    index.fileBytes = index.savedBytes;
  } finally {
    await file.close();
  }
}

/** Syncs what was written of a segment, with its indexes where it is sealed. Says whether its name is new to the directory. */
export async function syncSegment(
  files: Files,
  handles: FileHandles,
  segment: Segment,
  isSealed: boolean,
): Promise<boolean> {
  const { writtenBytes } = segment;
  if (writtenBytes > segment.syncedBytes) {
    await handles.use(segment.logPath, (file) => file.sync());
    segment.syncedBytes = writtenBytes;
  }
  if (isSealed) await writeIndexes(files, segment);
  const isNew = !segment.isNameSynced;
  segment.isNameSynced = true;
  return isNew;
}

/** Makes the log file, for a segment whose name alone says something: where the log goes on. Its first batches may be under way. */
export async function createLogFile(handles: FileHandles, segment: Segment): Promise<void> {
  await handles.use(segment.logPath, async () => undefined, true);
}

/** First half of a deletion: the files that exist get the suffix `.deleted`. A reader's open file stays readable. */
export async function renameDeleted(files: Files, handles: FileHandles, segment: Segment): Promise<void> {
  const logPath = segment.logPath;
  const deletedSuffix = await freeDeletedSuffix(files, segment);
  await segment.renamed(async () => {
    for (const suffix of SUFFIXES) {
      const path = segment.path + suffix;
      if (await files.exists(path)) await files.rename(path, path + deletedSuffix);
    }
    segment.nameSuffix = deletedSuffix;
  });
  await handles.drop(logPath);
}

/** Second half: removes what `renameDeleted` left. */
export async function removeDeleted(files: Files, handles: FileHandles, segment: Segment): Promise<void> {
  await handles.drop(segment.logPath);
  for (const suffix of SUFFIXES) await files.remove(segment.path + suffix + segment.nameSuffix);
}

/** `.deleted`, unless an earlier segment of the same name still carries it: compaction can be faster than file.delete.delay.ms. */
async function freeDeletedSuffix(files: Files, segment: Segment): Promise<string> {
  let suffix = DELETED_SUFFIX;
  for (let count = 1; await files.exists(segment.path + LOG_SUFFIX + suffix); count += 1) {
    suffix = `.${count}${DELETED_SUFFIX}`;
  }
  return suffix;
}

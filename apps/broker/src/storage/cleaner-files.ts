import type { Files } from '../ports/files.ts';
import type { FileHandles } from './file-handles.ts';
import {
  CLEANED_SUFFIX,
  LOG_SUFFIX,
  OFFSET_INDEX_SUFFIX,
  SWAP_SUFFIX,
  TIME_INDEX_SUFFIX,
  TRANSACTION_INDEX_SUFFIX,
} from './partition-names.ts';
import type { Segment } from './segment.ts';

/** The index files first: a log file in its new place says that they are in theirs. */
const SUFFIXES = [OFFSET_INDEX_SUFFIX, TIME_INDEX_SUFFIX, TRANSACTION_INDEX_SUFFIX, LOG_SUFFIX] as const;

/** Writes and syncs the indexes of a cleaned segment beside its log file, all with the suffix of cleaned ones. */
export async function writeCleanedIndexes(files: Files, segment: Segment): Promise<void> {
  const { indexes, transactions } = segment;
  if (indexes === undefined) throw new Error('a cleaned segment has its indexes in memory');
  await writeWhole(files, segment.path + OFFSET_INDEX_SUFFIX + CLEANED_SUFFIX, indexes.offsets.bytes);
  await writeWhole(files, segment.path + TIME_INDEX_SUFFIX + CLEANED_SUFFIX, indexes.times.bytes);
  if (transactions.count > 0) {
    await writeWhole(files, segment.path + TRANSACTION_INDEX_SUFFIX + CLEANED_SUFFIX, transactions.bytes);
    transactions.savedBytes = transactions.bytes.length;
    transactions.fileBytes = transactions.savedBytes;
  }
  segment.areIndexesOnDisk = true;
  segment.isNameSynced = true;
}

/** The commit point of a cleaning: from here on the cleaned segment counts, also after a crash. */
export async function commitCleaned(files: Files, directory: string, segment: Segment): Promise<void> {
  await renameAll(files, segment, CLEANED_SUFFIX, SWAP_SUFFIX);
  segment.nameSuffix = SWAP_SUFFIX;
  await files.syncDirectory(directory);
}

/** Gives a committed segment its name, when the segments it stands for have lost theirs. */
export async function nameSwapped(
  files: Files,
  handles: FileHandles,
  directory: string,
  segment: Segment,
): Promise<void> {
  const { logPath } = segment;
  await segment.renamed(async () => {
    await renameAll(files, segment, SWAP_SUFFIX, '');
    segment.nameSuffix = '';
  });
  await handles.drop(logPath);
  await files.syncDirectory(directory);
}

/** Removes what a cleaning has written that was not committed. */
export async function removeCleaned(files: Files, segment: Segment): Promise<void> {
  for (const suffix of SUFFIXES) await files.remove(segment.path + suffix + CLEANED_SUFFIX);
}

async function renameAll(files: Files, segment: Segment, from: string, to: string): Promise<void> {
  for (const suffix of SUFFIXES) {
    if (suffix === TRANSACTION_INDEX_SUFFIX && segment.transactions.count === 0) continue;
    await files.rename(segment.path + suffix + from, segment.path + suffix + to);
  }
}

async function writeWhole(files: Files, path: string, contents: Uint8Array): Promise<void> {
  const file = await files.open(path, 'create');
  try {
    await file.truncate(contents.length);
    if (contents.length > 0) await file.write([contents.slice()], 0);
    await file.sync();
  } finally {
    await file.close();
  }
}

import type { LogEnvironment } from './log-environment.ts';
import {
  LOG_SUFFIX,
  OFFSET_INDEX_SUFFIX,
  parseLogFileName,
  segmentPath,
  SWAP_SUFFIX,
  TIME_INDEX_SUFFIX,
  TRANSACTION_INDEX_SUFFIX,
} from './partition-names.ts';
import { scanSegment } from './segment-scan.ts';

const INDEX_SUFFIXES = [OFFSET_INDEX_SUFFIX, TIME_INDEX_SUFFIX, TRANSACTION_INDEX_SUFFIX] as const;

/**
 * Carries out cleanings that were committed but not finished when the process ended: the segments that a `.swap` file stands for go, and
 * it takes the name of the first. Can itself be cut short at any point.
 */
export async function finishSwaps(environment: LogEnvironment, directory: string): Promise<void> {
  const names = new Set((await environment.files.list(directory)).map(({ name }) => name));
  for (const name of names) {
    if (!name.endsWith(SWAP_SUFFIX)) continue;
    const baseOffset = parseLogFileName(name.slice(0, -SWAP_SUFFIX.length));
    if (baseOffset !== undefined) await finishSwap(environment, directory, baseOffset, names);
    else await removeStraySwap(environment, directory, name, names);
  }
}

async function finishSwap(
  environment: LogEnvironment,
  directory: string,
  baseOffset: number,
  names: ReadonlySet<string>,
): Promise<void> {
  const { files, logger } = environment;
  const path = segmentPath(directory, baseOffset);
  const endOffset = await swapEndOffset(environment, path + LOG_SUFFIX + SWAP_SUFFIX, baseOffset);
  if (endOffset === undefined && names.has(nameOf(path) + LOG_SUFFIX)) {
    logger.error({ segment: path }, 'a cleaned segment is damaged: the uncleaned one stays');
    for (const suffix of [LOG_SUFFIX, ...INDEX_SUFFIXES]) await files.remove(path + suffix + SWAP_SUFFIX);
    return;
  }
  logger.info({ segment: path }, 'finishing a compaction that was cut short');
  for (const name of names) {
    const base = parseLogFileName(name);
    if (base === undefined || base < baseOffset || base >= Math.max(endOffset ?? 0, baseOffset + 1)) continue;
    for (const suffix of [...INDEX_SUFFIXES, LOG_SUFFIX]) await files.remove(segmentPath(directory, base) + suffix);
  }
  for (const suffix of INDEX_SUFFIXES) await files.remove(path + suffix);
  await files.syncDirectory(directory);
  for (const suffix of [...INDEX_SUFFIXES, LOG_SUFFIX]) {
    if (names.has(nameOf(path) + suffix + SWAP_SUFFIX)) await files.rename(path + suffix + SWAP_SUFFIX, path + suffix);
  }
  await files.syncDirectory(directory);
}

/** An index without its log file: the cleaning was not committed. */
async function removeStraySwap(
  { files }: LogEnvironment,
  directory: string,
  name: string,
  names: ReadonlySet<string>,
): Promise<void> {
  const logName = name.replace(/\.[a-z]+\.swap$/, LOG_SUFFIX + SWAP_SUFFIX);
  if (!names.has(logName)) await files.remove(`${directory}/${name}`);
}

/** Where the cleaned batches end (exclusive); undefined where the file is not what was written. */
async function swapEndOffset(
  { files, core }: LogEnvironment,
  path: string,
  baseOffset: number,
): Promise<number | undefined> {
  const fileBytes = await files.size(path);
  let endOffset = baseOffset;
  const file = await files.open(path, 'read');
  try {
    const visit = (batch: { readonly lastOffset: number }) => {
      endOffset = batch.lastOffset + 1;
    };
    const scan = { from: 0, fileBytes, baseOffset, minOffset: baseOffset, core, visit };
    const { problem } = await scanSegment(file, scan);
    return problem === undefined ? endOffset : undefined;
  } finally {
    await file.close();
  }
}

function nameOf(path: string): string {
  return path.slice(path.lastIndexOf('/') + 1);
}

import { FilesError } from '../ports/files.ts';
import { parseEpochs, readText } from './checkpoint.ts';
import { finishSwaps } from './cleaner-recovery.ts';
import { LeaderEpochCache } from './leader-epoch-cache.ts';
import type { LogOptions } from './log-options.ts';
import { readTopicId, writeTopicId } from './partition-metadata.ts';
import {
  LEADER_EPOCH_FILE,
  LOG_SUFFIX,
  OFFSET_INDEX_SUFFIX,
  parseLogFileName,
  parseSnapshotFileName,
  TIME_INDEX_SUFFIX,
  TRANSACTION_INDEX_SUFFIX,
} from './partition-names.ts';
import { loadTransactionIndexes, replayProducers } from './producer-recovery.ts';
import { ProducerSnapshots } from './producer-snapshots.ts';
import { ProducerState } from './producer-state.ts';
import { resumeSegment } from './recovery.ts';
import { emptyIndexes, Segment } from './segment.ts';
import { writeIndexes } from './segment-files.ts';
import { refuseOldMessageSets } from './old-message-sets.ts';
import { type ScannedBatch, scanSegment } from './segment-scan.ts';

const INDEX_SUFFIXES = [OFFSET_INDEX_SUFFIX, TIME_INDEX_SUFFIX, TRANSACTION_INDEX_SUFFIX] as const;

/** What a partition's directory holds, ready to be appended to. */
export interface LoadedLog {
  readonly segments: readonly [Segment, ...Segment[]];
  readonly epochs: LeaderEpochCache;
  /** Whether the epoch file says what `epochs` does. */
  readonly areEpochsOnDisk: boolean;
  readonly producers: ProducerState;
  readonly snapshots: ProducerSnapshots;
  readonly logStartOffset: number;
  readonly endOffset: number;
}

/** Opens a partition's directory, made where it is absent; after an unclean stop what was not flushed is verified and a torn end cut off. */
export async function loadLog(options: LogOptions): Promise<LoadedLog> {
  const { directory, environment } = options;
  const { files, clock } = environment;
  if (!(await files.exists(directory))) await createDirectory(options);
  await finishSwaps(environment, directory);
  const names = await tidyDirectory(options);
  const bases = names.map(parseLogFileName).filter((base) => base !== undefined);
  bases.sort((a, b) => a - b);
  const segments = bases.map((base) => new Segment(directory, base, clock.wallMs()));
  const epochs = new LeaderEpochCache();
  const known = await readEpochs(options);
  for (const { leaderEpoch, startOffset } of known ?? []) epochs.assign(leaderEpoch, startOffset);
  const kept = await loadSegments(options, segments, epochs, known === undefined && bases.length > 0);
  const [first, ...rest] = kept;
  const snapshots = snapshotsOf(options, names);
  if (first === undefined) return startEmpty(options, known === undefined, snapshots);
  const endOffset = (rest.at(-1) ?? first).endOffset;
  if (endOffset < options.logStartOffset) {
    await dropDeleted(options, kept, endOffset);
    return startEmpty(options, false, snapshots);
  }
  const logStartOffset = Math.max(options.logStartOffset, first.baseOffset);
  epochs.truncateFromEnd(endOffset);
  epochs.truncateFromStart(logStartOffset);
  const areEpochsOnDisk = known !== undefined && isSame(known, epochs.entries);
  const producers = await loadProducers(options, { segments: kept, names, snapshots, endOffset });
  return { segments: [first, ...rest], epochs, areEpochsOnDisk, producers, snapshots, logStartOffset, endOffset };
}

/**
 * Records were deleted up to an offset, and a power cut took more of them than that. What is left is below that offset, too, and a log
 * that went on at its end would give out offsets anew. The names must be gone for good before the next segment begins behind a gap.
 */
async function dropDeleted(options: LogOptions, segments: readonly Segment[], endOffset: number): Promise<void> {
  const { directory, environment, logStartOffset } = options;
  environment.logger.warn(
    { directory, logStartOffset, endOffset },
    'the log ends before the offset up to which records were deleted: it goes on there',
  );
  await removeFiles(options, segments);
  await environment.files.syncDirectory(directory);
}

/** `isPristine`: nothing was ever written, so no file but `partition.metadata` is there to be put right. */
async function startEmpty(options: LogOptions, isPristine: boolean, snapshots: ProducerSnapshots): Promise<LoadedLog> {
  const { directory, environment, logStartOffset } = options;
  const segment = new Segment(directory, logStartOffset, environment.clock.wallMs());
  segment.indexes = emptyIndexes(logStartOffset);
  const epochs = new LeaderEpochCache();
  const producers = new ProducerState();
  // Snapshots of a log whose batches are gone.
  await snapshots.keep(() => false);
  const state = { epochs, areEpochsOnDisk: isPristine, producers, snapshots };
  return { ...state, segments: [segment], logStartOffset, endOffset: logStartOffset };
}

function snapshotsOf({ directory, environment }: LogOptions, names: readonly string[]): ProducerSnapshots {
  const offsets = names.map(parseSnapshotFileName).filter((offset) => offset !== undefined);
  const { files, core, logger } = environment;
  return new ProducerSnapshots({ files, core, logger, directory, offsets });
}

/** What the log knows of producers: from the newest snapshot and the batches behind it. */
async function loadProducers(
  { environment, cleanShutdown, config, highWatermark = Number.MAX_SAFE_INTEGER }: LogOptions,
  loaded: {
    readonly segments: readonly Segment[];
    readonly names: readonly string[];
    readonly snapshots: ProducerSnapshots;
    readonly endOffset: number;
  },
): Promise<ProducerState> {
  const { segments, snapshots, endOffset } = loaded;
  const state = new ProducerState();
  const trustedEndOffset = await loadTransactionIndexes(environment, segments, new Set(loaded.names));
  const replay = { environment, segments, state, snapshots, endOffset, highWatermark };
  await replayProducers({ ...replay, trustedEndOffset, isComplete: cleanShutdown });
  state.expire(environment.clock.wallMs(), config.producerIdExpirationMs);
  const bases = new Set(segments.map((segment) => segment.baseOffset));
  const [newest] = snapshots.offsets;
  await snapshots.keep((offset) => offset === newest || bases.has(offset));
  return state;
}

async function createDirectory({ directory, topicId, environment }: LogOptions): Promise<void> {
  const { files } = environment;
  await files.makeDirectory(directory);
  await writeTopicId(files, directory, topicId);
  await files.syncDirectory(directory.slice(0, directory.lastIndexOf('/')));
}

/** Removes what interrupted deletions and writes left; names of the files that count. */
async function tidyDirectory(options: LogOptions): Promise<string[]> {
  const { directory, environment } = options;
  const { files, logger } = environment;
  const names: string[] = [];
  for (const { name, isDirectory } of await files.list(directory)) {
    const path = `${directory}/${name}`;
    if (isDirectory) continue;
    if (/\.(deleted|cleaned|tmp)$/.test(name)) await files.remove(path);
    else names.push(name);
  }
  const logs = new Set(names.filter((name) => name.endsWith(LOG_SUFFIX)));
  for (const name of names) {
    const isIndex = INDEX_SUFFIXES.some((suffix) => name.endsWith(suffix));
    if (isIndex && !logs.has(name.replace(/\.[a-z]+$/, LOG_SUFFIX))) await files.remove(`${directory}/${name}`);
  }
  if ((await readTopicId(files, directory)) !== options.topicId) {
    logger.warn({ directory }, 'partition.metadata is missing or says something else; writing it anew');
    await writeTopicId(files, directory, options.topicId);
  }
  return names;
}

/** The epoch file's entries; undefined where there is none that can be used. */
async function readEpochs({ directory, environment }: LogOptions) {
  const text = await readText(environment.files, `${directory}/${LEADER_EPOCH_FILE}`);
  if (text === undefined) return undefined;
  const { rows, problem } = parseEpochs(text);
  if (problem === undefined) return rows;
  environment.logger.warn(
    { directory },
    `leader-epoch-checkpoint is corrupt (${problem}); reading the epochs from the log`,
  );
  return undefined;
}

/** Loads segments in order and returns those that stay: after a torn one nothing that follows can be told to be in order. */
async function loadSegments(
  options: LogOptions,
  segments: readonly Segment[],
  epochs: LeaderEpochCache,
  readEpochsFromLog: boolean,
): Promise<Segment[]> {
  const { environment } = options;
  const firstToVerify = options.cleanShutdown ? segments.length - 1 : firstUnflushed(segments, options.recoveryPoint);
  const kept: Segment[] = [];
  const note = (batch: ScannedBatch) => {
    if (batch.leaderEpoch > epochs.latestEpoch) epochs.assign(batch.leaderEpoch, batch.baseOffset);
  };
  for (const [index, segment] of segments.entries()) {
    const fileBytes = await environment.files.size(segment.logPath);
    if (index === 0) await refuseOldMessageSets(environment, segment, fileBytes);
    const next = segments[index + 1];
    segment.isNameSynced = true;
    kept.push(segment);
    if (index < firstToVerify) adoptSealed(segment, fileBytes, next?.baseOffset ?? segment.baseOffset);
    if (index < firstToVerify && readEpochsFromLog) await visitBatches(options, segment, note);
    if (index < firstToVerify) continue;
    const isCut = await verifySegment(options, segment, fileBytes, note, readEpochsFromLog);
    // Segments follow each other without a gap; one that is missing, or shorter than it was, makes the rest a different log.
    if (isCut || (next !== undefined && next.baseOffset !== segment.endOffset)) {
      await removeSegments(options, segments.slice(index + 1));
      break;
    }
    if (next !== undefined) await sealVerified(options, segment);
  }
  if (!options.cleanShutdown && kept.length > 0) await environment.files.syncDirectory(options.directory);
  return kept;
}

function firstUnflushed(segments: readonly Segment[], recoveryPoint: number): number {
  const after = segments.findIndex((segment) => segment.baseOffset > recoveryPoint);
  return Math.max(0, (after < 0 ? segments.length : after) - 1);
}

function adoptSealed(segment: Segment, fileBytes: number, endOffset: number): void {
  segment.sizeBytes = fileBytes;
  segment.endOffset = endOffset;
  segment.maxTimestampMs = undefined;
  segment.isSealed = true;
  segment.areIndexesOnDisk = true;
  segment.markWritten();
  segment.syncedBytes = fileBytes;
}

/** Reads a segment as far as it cannot be trusted. Says whether its file had to be cut. */
async function verifySegment(
  options: LogOptions,
  segment: Segment,
  fileBytes: number,
  visit: (batch: ScannedBatch) => void,
  fromStart: boolean,
): Promise<boolean> {
  const { environment, cleanShutdown, recoveryPoint, config } = options;
  const { indexIntervalBytes } = config;
  const trusted = cleanShutdown ? Number.MAX_SAFE_INTEGER : recoveryPoint;
  const trustedEndOffset = fromStart ? -1 : trusted;
  const resume = { trustedEndOffset, verifyChecksums: !cleanShutdown, indexIntervalBytes, visit };
  let result = await resumeSegment(environment, segment, fileBytes, resume);
  if (result.problem !== undefined && cleanShutdown) {
    result = await resumeSegment(environment, segment, fileBytes, {
      ...resume,
      trustedEndOffset: -1,
      verifyChecksums: true,
    });
  }
  const isCut = result.validBytes < fileBytes;
  if (isCut) {
    const lost = { segment: segment.path, position: result.validBytes, cutBytes: fileBytes - result.validBytes };
    environment.logger.warn(lost, `cutting off the end of a log: ${result.problem}`);
  }
  await environment.handles.use(segment.logPath, async (file) => {
    if (isCut) await file.truncate(result.validBytes);
    if (isCut || !cleanShutdown) await file.sync();
  });
  segment.syncedBytes = segment.writtenBytes;
  return isCut;
}

async function sealVerified({ environment }: LogOptions, segment: Segment): Promise<void> {
  segment.seal();
  await writeIndexes(environment.files, segment);
  environment.indexes.loaded(segment);
}

async function removeSegments(options: LogOptions, segments: readonly Segment[]): Promise<void> {
  for (const { path } of segments) {
    options.environment.logger.warn({ segment: path }, 'removing an unflushed segment that follows a torn one');
  }
  await removeFiles(options, segments);
}

async function removeFiles({ environment }: LogOptions, segments: readonly Segment[]): Promise<void> {
  for (const segment of segments) {
    await environment.handles.drop(segment.logPath);
    for (const suffix of [LOG_SUFFIX, ...INDEX_SUFFIXES]) {
      await environment.files.remove(segment.path + suffix);
    }
  }
}

async function visitBatches(
  { environment }: LogOptions,
  segment: Segment,
  visit: (batch: ScannedBatch) => void,
): Promise<void> {
  const { baseOffset } = segment;
  const scan = { from: 0, fileBytes: segment.writtenBytes, baseOffset, minOffset: baseOffset, core: undefined, visit };
  const result = await environment.handles.use(segment.logPath, (file) => scanSegment(file, scan));
  if (result.problem !== undefined) throw new FilesError('io', segment.logPath, `damaged: ${result.problem}`);
}

function isSame<T>(a: readonly T[], b: readonly T[]): boolean {
  return JSON.stringify(a) === JSON.stringify(b);
}

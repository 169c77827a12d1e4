import { FilesError } from '../ports/files.ts';
import type { LogEnvironment } from './log-environment.ts';
import { TRANSACTION_INDEX_SUFFIX } from './partition-names.ts';
import { hasProducer, producerBatchAt } from './producer-batch.ts';
import type { ProducerSnapshots } from './producer-snapshots.ts';
import { type CompletedTransaction, ProducerState } from './producer-state.ts';
import type { Segment } from './segment.ts';
import { scanSegment } from './segment-scan.ts';
import { TransactionIndex } from './transaction-index.ts';

/** Largest transaction index that is read: 16 million aborted transactions in one segment. */
const TRANSACTION_INDEX_BYTES_MAX = 512 * 1024 * 1024;

export interface ProducerReplay {
  readonly environment: LogEnvironment;
  /** Of the whole log, oldest first. */
  readonly segments: readonly Segment[];
  readonly state: ProducerState;
  readonly snapshots: ProducerSnapshots;
  readonly endOffset: number;
  /** Nothing above it may be believed of what the transaction indexes say. Default: the log's end. */
  readonly trustedEndOffset?: number;
  /** The high watermark, as far as it is known: markers from there on are not committed, which no snapshot beyond it tells. */
  readonly highWatermark: number;
  /** A log without any snapshot has had no producers; else it is read from its start. */
  readonly isComplete: boolean;
}

/**
 * Brings the producers up to the log's end: the newest snapshot that can be used, then every batch behind it. Transactions that were
 * aborted there go to the transaction indexes anew. Removes the snapshots that reach beyond the log.
 */
export async function replayProducers(replay: ProducerReplay): Promise<void> {
  const { environment, segments, state, snapshots, endOffset } = replay;
  const isRemoved = await snapshots.keep((offset) => offset <= endOffset);
  // They describe batches that are gone: not to come back behind those that are appended next.
  if (isRemoved) await environment.files.syncDirectory(directoryOf(segments));
  state.clear();
  state.endsAt(endOffset);
  const isEmpty = snapshots.offsets.length === 0;
  const trusted = replay.trustedEndOffset ?? endOffset;
  // Without a snapshot below the watermark a whole log tells everything; one whose start is gone needs what snapshots there are.
  const isWhole = (segments[0]?.baseOffset ?? 0) === 0;
  const committed = await loadNewest(replay, Math.min(trusted, replay.highWatermark));
  const snapshot = committed ?? (isWhole ? undefined : await loadNewest(replay, trusted));
  const nothingKnown = isEmpty && replay.isComplete && trusted >= endOffset;
  const fromOffset = snapshot ?? (nothingKnown ? endOffset : 0);
  for (const segment of segments) {
    // Also where nothing is left to be read: a crash may have left entries of batches that were cut off.
    segment.transactions.truncateTo(fromOffset);
    if (segment.endOffset <= fromOffset) continue;
    await replaySegment(environment, segment, state, fromOffset, (aborted) => segment.transactions.append(aborted));
  }
  // Of what was read again, markers below the watermark are committed as they were.
  state.highWatermarkReached(state.highWatermark);
}

/**
 * Sees to a snapshot of the producers of all batches below `offset`, where the segments below it are about to go: a log that is cut
 * off in front of its later snapshots is read again from its start, and must not forget whose batches were before that.
 */
export async function captureProducersAt(
  offset: number,
  replay: Omit<ProducerReplay, 'isComplete' | 'highWatermark'>,
): Promise<void> {
  const { environment, segments, snapshots, state } = replay;
  // A crash loses snapshots that were not written; without producers there is nothing to remember.
  if (state.size === 0 || snapshots.offsets.includes(offset)) return;
  const past = new ProducerState();
  const fromOffset = (await loadNewest({ snapshots, state: past }, offset)) ?? 0;
  for (const segment of segments) {
    if (segment.endOffset <= fromOffset || segment.baseOffset >= offset) continue;
    await replaySegment(environment, segment, past, fromOffset, () => undefined);
  }
  snapshots.capture(offset, past.entries);
}

/** Loads what is at hand of the segments' transaction indexes. Gives up to which offset they can be believed. */
export async function loadTransactionIndexes(
  environment: LogEnvironment,
  segments: readonly Segment[],
  fileNames: ReadonlySet<string>,
): Promise<number> {
  for (const segment of segments) {
    const path = segment.path + TRANSACTION_INDEX_SUFFIX;
    if (!fileNames.has(path.slice(path.lastIndexOf('/') + 1))) continue;
    const bytes = await environment.files.readFile(path, TRANSACTION_INDEX_BYTES_MAX);
    segment.transactions = new TransactionIndex(bytes);
    if (segment.transactions.isPlausible(segment.baseOffset, Number.MAX_SAFE_INTEGER)) continue;
    environment.logger.warn({ path }, 'a transaction index is corrupt; building it anew from the log');
    return segment.baseOffset;
  }
  return Number.MAX_SAFE_INTEGER;
}

async function loadNewest(
  { snapshots, state }: Pick<ProducerReplay, 'snapshots' | 'state'>,
  trusted: number,
): Promise<number | undefined> {
  for (const offset of snapshots.offsets) {
    if (offset > trusted) continue;
    const entries = await snapshots.read(offset);
    if (entries === undefined) continue;
    state.load(entries);
    return offset;
  }
  return undefined;
}

async function replaySegment(
  environment: LogEnvironment,
  segment: Segment,
  state: ProducerState,
  fromOffset: number,
  onAborted: (transaction: CompletedTransaction) => void,
): Promise<void> {
  const { core, clock, handles } = environment;
  const nowMs = clock.wallMs();
  const from = segment.indexes?.offsets.lookup(core, fromOffset - 1)?.position ?? 0;
  const { baseOffset } = segment;
  const scan = { from, fileBytes: segment.writtenBytes, baseOffset, minOffset: baseOffset, core: undefined };
  const { problem } = await handles.use(segment.logPath, (file) =>
    scanSegment(file, {
      ...scan,
      visit: (place, bytes, at) => {
        if (place.baseOffset < fromOffset || !hasProducer(bytes, at)) return;
        const batch = producerBatchAt(bytes, at);
        if (batch === undefined) return;
        const completed = state.appended(batch, place.baseOffset, nowMs);
        if (completed?.isAborted) onAborted(completed);
      },
    }),
  );
  if (problem !== undefined) throw new FilesError('io', segment.logPath, `damaged: ${problem}`);
}

function directoryOf([first]: readonly Segment[]): string {
  const path = first?.path ?? '';
  return path.slice(0, path.lastIndexOf('/'));
}

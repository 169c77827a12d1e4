import { ErrorCode } from '@ks/protocol';
import type { WirePart } from '../ports/wire-part.ts';
import type {
  AppendOptions,
  EpochEndOffset,
  Log,
  LogAppend,
  LogHooks,
  LogRead,
  LogReadOptions,
} from '../storage/log.ts';
import { defaultLogConfig, type LogConfig } from '../storage/log-config.ts';
import type { LogProducers } from '../storage/log-producers.ts';
import type { AbortedTransaction } from '../storage/transaction-index.ts';
import { ProducerState } from '../storage/producer-state.ts';
import type { LogDirectory, LogDirectoryHooks } from '../storage/log-directory.ts';
import type { BatchValidation, RecordValidator } from '../storage/record-validator.ts';

/** One batch: its first byte says how many records it holds. */
export function batchOf(recordsCount: number, sizeBytes = 10): Uint8Array {
  const bytes = new Uint8Array(sizeBytes);
  bytes[0] = recordsCount;
  return bytes;
}

interface StoredBatch {
  readonly baseOffset: number;
  readonly endOffset: number;
  readonly bytes: Uint8Array;
  readonly leaderEpoch: number;
}

/** A log whose writes return when the test says so. Only what the replica manager uses. */
export class ScriptedLog {
  readonly topic: string;
  readonly partition: number;
  readonly topicId: string;
  readonly batches: StoredBatch[] = [];
  config: LogConfig = defaultLogConfig;
  isFailed = false;
  logStartOffset = 0;
  appendedEndOffset: number;
  logEndOffset: number;
  flushedEndOffset: number;
  /** Parts given and not yet released. */
  held = 0;
  /** Reads are answered by promises, as from a cold disk. */
  isCold = false;
  /** Judges as a log does; what is appended is not noted. */
  readonly producers: Pick<
    LogProducers,
    'judge' | 'expire' | 'lastStableOffset' | 'highWatermarkReached' | 'abortedTransactions'
  >;
  /** Where an open transaction began. */
  unstableOffset = Number.POSITIVE_INFINITY;
  aborted: readonly AbortedTransaction[] = [];
  readonly epochs: { readonly leaderEpoch: number; readonly startOffset: number }[] = [];
  readonly #hooks: LogHooks;

  constructor(key: { topic: string; partition: number; topicId: string }, hooks: LogHooks, endOffset = 0) {
    this.topic = key.topic;
    this.partition = key.partition;
    this.topicId = key.topicId;
    this.#hooks = hooks;
    const state = new ProducerState();
    this.producers = {
      judge: (batch, origin) => state.judge(batch, origin),
      lastStableOffset: (highWatermark) => Math.min(highWatermark, this.unstableOffset),
      abortedTransactions: (from, upTo) =>
        this.aborted.filter(({ firstOffset, lastOffset }) => firstOffset < upTo && lastOffset >= from),
      highWatermarkReached: () => undefined,
      expire: () => 0,
    };
    this.appendedEndOffset = endOffset;
    this.logEndOffset = endOffset;
    this.flushedEndOffset = endOffset;
  }

  asLog(): Log {
    return this as unknown as Log;
  }

  append(bytes: Uint8Array, { leaderEpoch }: AppendOptions): LogAppend {
    if (this.isFailed) throw new Error('failed log');
    const baseOffset = this.appendedEndOffset;
    this.appendedEndOffset += bytes[0] ?? 0;
    this.batches.push({ baseOffset, endOffset: this.appendedEndOffset, bytes: bytes.slice(), leaderEpoch });
    return { baseOffset, lastOffset: this.appendedEndOffset - 1, logAppendTimeMs: -1 };
  }

  /** The pending write returns, of so many batches at most. */
  write(batchesMax = Number.POSITIVE_INFINITY): void {
    const pending = this.batches.filter((batch) => batch.endOffset > this.logEndOffset).slice(0, batchesMax);
    this.logEndOffset = pending.at(-1)?.endOffset ?? this.logEndOffset;
    this.#hooks.advanced(this.asLog());
  }

  sync(): void {
    this.flushedEndOffset = this.logEndOffset;
    this.#hooks.advanced(this.asLog());
  }

  fail(): void {
    this.isFailed = true;
    this.#hooks.failed(this.asLog(), new Error('disk'));
  }

  async flush(): Promise<void> {
    this.write();
  }

  read(from: number, maxBytes: number, upTo: number, options: LogReadOptions = {}): LogRead | Promise<LogRead> {
    if (this.isFailed) throw new Error('failed log');
    const read = this.#read(from, maxBytes, Math.min(upTo, this.logEndOffset), options);
    return this.isCold ? Promise.resolve(read) : read;
  }

  #read(from: number, maxBytes: number, upTo: number, { minOneBatch = false }: LogReadOptions): LogRead {
    const views: Uint8Array[] = [];
    let [sizeBytes, nextOffset] = [0, from];
    for (const batch of this.batches) {
      if (batch.endOffset <= from || batch.endOffset > upTo) continue;
      const isFirst = minOneBatch && views.length === 0;
      if (sizeBytes + batch.bytes.length > maxBytes && !isFirst) break;
      views.push(batch.bytes);
      sizeBytes += batch.bytes.length;
      nextOffset = batch.endOffset;
    }
    if (views.length === 0) return { type: 'records', parts: [], sizeBytes: 0, nextOffset };
    this.held++;
    const part: WirePart = { kind: 'memory', sizeBytes, views, release: () => void this.held-- };
    return { type: 'records', parts: [part], sizeBytes, nextOffset };
  }

  assignLeaderEpoch(leaderEpoch: number): void {
    this.epochs.push({ leaderEpoch, startOffset: this.appendedEndOffset });
  }
  endOffsetForEpoch(leaderEpoch: number): EpochEndOffset {
    const index = this.epochs.findLastIndex((each) => each.leaderEpoch <= leaderEpoch);
    const found = this.epochs[index];
    if (found === undefined) return { leaderEpoch: -1, endOffset: -1 };
    return { leaderEpoch: found.leaderEpoch, endOffset: this.epochs[index + 1]?.startOffset ?? this.logEndOffset };
  }
  epochForOffset(offset: number): number {
    return this.epochs.findLast((each) => each.startOffset <= offset)?.leaderEpoch ?? -1;
  }
  updateConfig(config: LogConfig): void {
    this.config = config;
  }
  async offsetForTimestamp(timestampMs: number, upTo: number): Promise<object | undefined> {
    return timestampMs < upTo ? { timestampMs, offset: timestampMs, leaderEpoch: 1 } : undefined;
  }
  async offsetOfMaxTimestamp(): Promise<object> {
    return { timestampMs: 99, offset: this.logEndOffset - 1, leaderEpoch: 1 };
  }
}

/** A log directory of scripted logs; records what happened to them. */
export class ScriptedDirectory {
  readonly path: string;
  isOffline = false;
  readonly scripted: ScriptedLog[] = [];
  readonly removed: string[] = [];
  readonly highWatermarks = new Map<string, number>();
  checkpoints = 0;
  startCheckpoints = 0;
  /** How often retention has come by. */
  retentions = 0;
  closedWith: number | undefined | 'open' = 'open';
  refusesToCreate = false;
  /** Partitions whose directory is there but cannot be read. */
  readonly unreadable = new Set<string>();
  retentionStart = 0;
  readonly #hooks: LogDirectoryHooks;

  constructor(path: string, hooks: LogDirectoryHooks) {
    this.path = path;
    this.#hooks = hooks;
  }

  asDirectory(): LogDirectory {
    return this as unknown as LogDirectory;
  }
  /** A log that lies here before the start. */
  hold(topic: string, partition: number, topicId: string, endOffset = 0): ScriptedLog {
    const log = new ScriptedLog({ topic, partition, topicId }, this.#hooks, endOffset);
    this.scripted.push(log);
    return log;
  }
  logs(): readonly Log[] {
    return this.scripted.map((log) => log.asLog());
  }
  get(topic: string, partition: number): ScriptedLog {
    const found = this.scripted.find((log) => log.topic === topic && log.partition === partition);
    if (found === undefined) throw new Error(`no log of ${topic}-${partition}`);
    return found;
  }
  openFailure(topic: string, partition: number): Error | undefined {
    return this.unreadable.has(`${topic}-${partition}`) ? new Error('unreadable') : undefined;
  }
  async createLog(topic: string, partition: number, topicId: string): Promise<Log> {
    if (this.refusesToCreate) throw new Error('no space');
    return this.hold(topic, partition, topicId).asLog();
  }
  async deleteLog(log: Log): Promise<void> {
    this.#remove(log, 'delete');
  }
  async strayLog(log: Log): Promise<void> {
    this.#remove(log, 'stray');
  }
  #remove(log: Log, how: string): void {
    this.removed.push(`${how} ${log.topic}-${log.partition}`);
    this.scripted.splice(this.logs().indexOf(log), 1);
  }
  checkpointedHighWatermark(topic: string, partition: number): number {
    return this.highWatermarks.get(`${topic}-${partition}`) ?? 0;
  }
  async checkpointHighWatermarks(highWatermarkOf: (log: Log) => number): Promise<void> {
    for (const log of this.logs()) this.highWatermarks.set(`${log.topic}-${log.partition}`, highWatermarkOf(log));
  }
  async checkpoint(): Promise<void> {
    this.checkpoints++;
  }
  async checkpointLogStarts(): Promise<void> {
    this.startCheckpoints++;
  }
  async deleteOldSegments(highWatermarkOf: (log: Log) => number): Promise<void> {
    this.retentions++;
    for (const log of this.scripted) log.logStartOffset = Math.min(this.retentionStart, highWatermarkOf(log.asLog()));
  }
  async close(brokerEpoch: number | undefined): Promise<void> {
    this.closedWith = brokerEpoch;
  }
}

/** Finds a batch valid unless its second byte is a Kafka error code; a third byte that is not 0 makes it wait for `inflate`. */
export class ScriptedValidator implements RecordValidator {
  #waiting: (() => void)[] = [];

  validate(records: Uint8Array | null): BatchValidation | Promise<BatchValidation> {
    const validation = this.#judge(records);
    if (records === null || (records[2] ?? 0) === 0) return validation;
    return new Promise((resolve) => this.#waiting.push(() => resolve(validation)));
  }
  /** Lets everything through that waits for the thread pool. */
  inflate(): void {
    const waiting = this.#waiting;
    this.#waiting = [];
    for (const resume of waiting) resume();
  }
  #judge(records: Uint8Array | null): BatchValidation {
    const errorCode = records === null ? ErrorCode.INVALID_RECORD : (records[1] ?? 0);
    if (records === null || errorCode !== 0) return { valid: false, errorCode, message: 'scripted', recordErrors: [] };
    return {
      valid: true,
      recompressed: undefined,
      sizeBytes: records.length,
      recordsCount: records[0] ?? 0,
      maxTimestampMs: 5,
      producerId: -1,
      producerEpoch: -1,
      baseSequence: -1,
      isTransactional: false,
      isControl: false,
    };
  }
}

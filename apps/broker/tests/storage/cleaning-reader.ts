import { createCodec, decodeControlRecord, type RecordBatch } from '@ks/protocol';
import type { Log } from '../../src/storage/log.ts';
import { checksum, readAll } from './log-fixture.ts';

const codec = createCodec(checksum);
const utf8 = new TextDecoder();

/** A record as a reader sees it. */
export interface SeenRecord {
  readonly offset: number;
  /** Null for a control record, whose key says nothing here. */
  readonly key: string | null;
  readonly value: string | null;
  readonly timestamp: number;
  readonly isControl: boolean;
}

/** Every record of a log, control records included. */
export async function readEverything(log: Log): Promise<SeenRecord[]> {
  const seen: SeenRecord[] = [];
  for (const batch of await readAll(log)) seen.push(...(await recordsOf(batch)));
  return seen;
}

/** The data that a consumer with isolation.level=read_committed gives its user: below the last stable offset, by the aborted ones it is told. */
export async function readCommitted(log: Log): Promise<SeenRecord[]> {
  log.producers.highWatermarkReached(log.logEndOffset);
  const stable = log.producers.lastStableOffset(log.logEndOffset, log.logStartOffset);
  const aborted = [...log.producers.abortedTransactions(log.logStartOffset, stable)];
  aborted.sort((a, b) => a.firstOffset - b.firstOffset);
  const inAborted = new Set<number>();
  const seen: SeenRecord[] = [];
  for (const batch of await readAll(log)) {
    if (batch.baseOffset >= stable) break;
    while (aborted[0] !== undefined && aborted[0].firstOffset <= batch.lastOffset) {
      inAborted.add(aborted.shift()?.producerId ?? -1);
    }
    if (batch.isControl) {
      if (isAbort(batch)) inAborted.delete(batch.producerId);
    } else if (!batch.isTransactional || !inAborted.has(batch.producerId)) seen.push(...(await recordsOf(batch)));
  }
  return seen;
}

function isAbort(batch: RecordBatch): boolean {
  const [record] = batch.records(batch.payload);
  return record !== undefined && decodeControlRecord(record.key, record.value).type === 'abort';
}

async function recordsOf(batch: RecordBatch): Promise<SeenRecord[]> {
  const plain = batch.recordsCount === 0 ? batch.payload : await batch.decompress(codec, 1 << 20);
  const { isControl } = batch;
  const textOf = (bytes: Uint8Array | null) => (bytes === null || isControl ? null : utf8.decode(bytes));
  return [...batch.records(plain)].map((record) => ({
    offset: record.offset,
    key: textOf(record.key),
    value: textOf(record.value),
    timestamp: record.timestamp,
    isControl,
  }));
}

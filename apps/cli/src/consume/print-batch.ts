import type { RecordBatch, RecordHeader } from '@ks/protocol';
import type { FormatPart } from '../format/format.ts';
import { formatRecord } from '../format/format-record.ts';
import type { RecordView } from '../records/record-view.ts';
import { ByteSink } from './byte-sink.ts';

/** What printing needs of a record that was read. */
export interface ReadRecord {
  readonly offset: number;
  readonly timestamp: number;
  readonly key: Uint8Array | null;
  readonly value: Uint8Array | null;
  readonly headers: readonly RecordHeader[];
}

/** A batch that was read, decompressed, with its checksum compared. */
export interface ReadBatch {
  readonly topic: string;
  readonly partition: number;
  readonly batch: RecordBatch;
  /** The first and the last offset that the reader wants. */
  readonly firstOffset: number;
  readonly lastOffset: number;
  readonly logStartOffset: number;
  readonly lastStableOffset: number;
  readonly highWatermark: number;
  /** `records` leaves some out, so that the batch's own bytes are not what is to be printed. */
  readonly isFiltered?: boolean;
  records(): Iterable<ReadRecord>;
}

/** Which records of a batch are printed. */
export interface PrintWindow {
  readonly firstOffset: number;
  readonly lastOffset: number;
  /** At most so many. */
  readonly limit: number;
  /** How many were printed before. */
  readonly printedBefore: number;
}

export interface Printed {
  readonly bytes: Uint8Array;
  readonly records: number;
  /** The offset behind the last record that was printed; the window's first where there was none. */
  readonly nextOffset: number;
}

/** How records become output. */
export type BatchPrinter = (batch: ReadBatch, window: PrintWindow) => Printed;

/** A record takes so much in its batch besides key, value and headers, at least. */
const RECORD_OVERHEAD_BYTES = 7;

/** Prints by a format. Values that each have one literal behind them, as without `-f`, go a faster way. */
export function formatPrinter(parts: readonly FormatPart[]): BatchPrinter {
  const [value, delimiter, ...others] = parts;
  const isPlain = value?.type === 'text' && value.field === 'value' && value.encoding.type === 'raw';
  if (isPlain && delimiter?.type === 'literal' && others.length === 0) return valuePrinter(delimiter.bytes);
  return piecesPrinter((record, index, out) => formatRecord(parts, record, index, out));
}

/** Prints what `write` appends for each record; `index` counts the records printed before. */
export function piecesPrinter(write: (record: RecordView, index: number, out: Uint8Array[]) => void): BatchPrinter {
  return (batch, window) => {
    const pieces: Uint8Array[] = [];
    const walked = forEachRecord(batch, window, (record, index) => write(viewOf(batch, record), index, pieces));
    const sink = new ByteSink(pieces.reduce((sum, piece) => sum + piece.length, 0));
    for (const piece of pieces) sink.append(piece);
    return { bytes: sink.bytes(), ...walked };
  };
}

/** Prints each record as a line of text. */
export function linePrinter(line: (record: RecordView) => string): BatchPrinter {
  return (batch, window) => {
    let text = '';
    const walked = forEachRecord(batch, window, (record) => {
      text += `${line(viewOf(batch, record))}\n`;
    });
    return { bytes: Buffer.from(text), ...walked };
  };
}

function valuePrinter(delimiter: Uint8Array): BatchPrinter {
  return (batch, window) => {
    const isUntouched = batch.batch.compression === 'none' && batch.isFiltered !== true;
    const isCompact = delimiter.length < RECORD_OVERHEAD_BYTES && isUntouched;
    return isCompact ? compactValues(batch, window, delimiter) : appendValues(batch, window, delimiter);
  };
}

/**
 * Values moved together within the batch's own memory, without a copy or an object per record: the batch is done with then. A value
 * with its delimiter is never longer than its record, so what is still to be moved is never written over.
 */
function compactValues({ batch }: ReadBatch, window: PrintWindow, delimiter: Uint8Array): Printed {
  const out = batch.payload;
  const cursor = batch.cursor(batch.payload);
  const { baseOffset } = batch;
  let size = 0;
  let records = 0;
  let nextOffset = window.firstOffset;
  while (records < window.limit && cursor.next()) {
    const offset = baseOffset + cursor.offsetDelta;
    if (offset < window.firstOffset) continue;
    if (offset > window.lastOffset) break;
    if (cursor.valueSizeBytes > 0) {
      out.copyWithin(size, cursor.valueAt, cursor.valueAt + cursor.valueSizeBytes);
      size += cursor.valueSizeBytes;
    }
    for (let index = 0; index < delimiter.length; index += 1) out[size + index] = delimiter[index] ?? 0;
    size += delimiter.length;
    records += 1;
    nextOffset = offset + 1;
  }
  return { bytes: out.subarray(0, size), records, nextOffset };
}

function appendValues(batch: ReadBatch, window: PrintWindow, delimiter: Uint8Array): Printed {
  const sink = new ByteSink(4 * batch.batch.sizeBytes);
  const walked = forEachRecord(batch, window, ({ value }) => {
    if (value !== null) sink.append(value);
    sink.append(delimiter);
  });
  return { bytes: sink.bytes(), ...walked };
}

/** Calls `visit` with the records of the window and their numbers; returns how many there were, and what comes behind them. */
function forEachRecord(
  batch: ReadBatch,
  window: PrintWindow,
  visit: (record: ReadRecord, index: number) => void,
): Pick<Printed, 'records' | 'nextOffset'> {
  let records = 0;
  let nextOffset = window.firstOffset;
  if (window.limit <= 0) return { records, nextOffset };
  for (const record of batch.records()) {
    if (record.offset < window.firstOffset) continue;
    if (record.offset > window.lastOffset) break;
    visit(record, window.printedBefore + records);
    records += 1;
    nextOffset = record.offset + 1;
    if (records >= window.limit) break;
  }
  return { records, nextOffset };
}

function viewOf(read: ReadBatch, record: ReadRecord): RecordView {
  const { topic, partition, batch } = read;
  return {
    topic,
    partition,
    offset: record.offset,
    leaderEpoch: batch.leaderEpoch,
    timestampMs: record.timestamp,
    timestampType: batch.isLogAppendTime ? 'append' : 'create',
    key: record.key,
    value: record.value,
    headers: record.headers,
    batchAttributes: attributesOf(batch),
    producerId: batch.producerId,
    producerEpoch: batch.producerEpoch,
    logStartOffset: read.logStartOffset,
    lastStableOffset: read.lastStableOffset,
    highWatermark: read.highWatermark,
  };
}

/** The low byte of the batch's attributes, which holds all that a format can show. */
function attributesOf(batch: RecordBatch): number {
  return batch.bytes[ATTRIBUTES_LOW_BYTE_AT] ?? 0;
}

const ATTRIBUTES_LOW_BYTE_AT = 22;

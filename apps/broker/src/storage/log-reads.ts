import type { WirePart } from '../ports/wire-part.ts';
import type { LogRead } from './log-options.ts';
import type { LogParts } from './log-parts.ts';

/** A read with what the log is at the time of it. */
export interface LogReadRequest {
  readonly startOffset: number;
  readonly maxBytes: number;
  /** Exclusive; at most `endOffset` counts. */
  readonly upToOffset: number;
  readonly minOneBatch: boolean;
  /** Leading batches without records are given, too. */
  readonly withEmpty: boolean;
  readonly logStartOffset: number;
  /** Exclusive end of what may be read at all. */
  readonly endOffset: number;
}

/** Whole batches from the tail where it has them, else from files; a promise where the disk has to be waited for. */
export function readLog(parts: LogParts, request: LogReadRequest): LogRead | Promise<LogRead> {
  const { startOffset, maxBytes, minOneBatch, withEmpty, logStartOffset, endOffset } = request;
  if (startOffset < logStartOffset || startOffset > endOffset)
    return { type: 'out-of-range', logStartOffset, endOffset };
  const upToOffset = Math.min(request.upToOffset, endOffset);
  if (startOffset >= upToOffset) return { type: 'records', parts: [], sizeBytes: 0, nextOffset: startOffset };
  const inTail = parts.tail.read(startOffset, maxBytes, upToOffset, minOneBatch);
  if (inTail !== undefined) return recordsOf(inTail);
  const read = parts.reader.read({ startOffset, maxBytes, upToOffset, minOneBatch, withEmpty });
  return read instanceof Promise ? read.then(recordsOf) : recordsOf(read);
}

function recordsOf({
  part,
  nextOffset,
}: {
  readonly part: WirePart | undefined;
  readonly nextOffset: number;
}): LogRead {
  return { type: 'records', parts: part === undefined ? [] : [part], sizeBytes: part?.sizeBytes ?? 0, nextOffset };
}

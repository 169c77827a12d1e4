import { EnvelopeError, fromEnvelope } from '../records/envelope.ts';
import type { ProduceRecord } from './produce-record.ts';
import { readLines } from './read-lines.ts';

/** Reads one envelope a line; empty lines are passed over. Errors name the line. */
export async function* readEnvelopes(
  chunks: AsyncIterable<Uint8Array>,
  maxRecordBytes: number,
): AsyncGenerator<readonly ProduceRecord[]> {
  let line = 0;
  for await (const lines of readLines(chunks, {
    delimiter: Uint8Array.of(10),
    keyDelimiter: undefined,
    maxRecordBytes,
  })) {
    const records: ProduceRecord[] = [];
    for (const { value } of lines) {
      line++;
      const text = new TextDecoder().decode(value ?? new Uint8Array(0)).trim();
      if (text === '') continue;
      try {
        records.push(fromEnvelope(text));
      } catch (error) {
        if (error instanceof EnvelopeError) throw new EnvelopeError(`line ${line}: ${error.message}`);
        throw error;
      }
    }
    if (records.length > 0) yield records;
  }
}

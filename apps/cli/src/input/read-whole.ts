import type { ProduceRecord } from './produce-record.ts';
import { RecordTooLongError } from './read-lines.ts';

/** The whole input as the value of one record. */
export async function* readWhole(
  chunks: AsyncIterable<Uint8Array>,
  maxRecordBytes: number,
): AsyncGenerator<readonly ProduceRecord[]> {
  const held: Uint8Array[] = [];
  let bytes = 0;
  for await (const chunk of chunks) {
    bytes += chunk.length;
    if (bytes > maxRecordBytes) throw new RecordTooLongError(maxRecordBytes);
    held.push(chunk);
  }
  yield [{ key: null, value: Buffer.concat(held), headers: [] }];
}

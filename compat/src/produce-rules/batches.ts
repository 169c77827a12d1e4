import { createCore } from '@ks/core-wasm';
import { type CompressionType, createCodec, encodeRecordBatch, type RecordInput, sealBatch } from '@ks/protocol';

export const core = createCore({ memoryBytes: 4 * 1024 * 1024 });
export const codec = createCodec(core);

const text = (value: string): Uint8Array => new TextEncoder().encode(value);

export interface BatchOptions {
  readonly compression?: CompressionType;
  readonly producerId?: number;
  readonly producerEpoch?: number;
  readonly baseSequence?: number;
  readonly isTransactional?: boolean;
  /** Of the first record; each one after it is 1 ms later. Default: now. */
  readonly timestampMs?: number;
  /** Keys by index; null where there is none. Default: each has one. */
  readonly keys?: readonly (string | null)[];
}

/** A batch with these values. */
export async function batch(values: readonly string[], options: BatchOptions = {}): Promise<Uint8Array> {
  const { compression = 'none', timestampMs = Date.now(), keys, ...producer } = options;
  const records = values.map((value, index): RecordInput => {
    const key = keys === undefined ? `k${index}` : (keys[index] ?? null);
    return { timestamp: timestampMs + index, key: key === null ? null : text(key), value: text(value) };
  });
  return encodeRecordBatch(records, { compression, codec, checksum: core, ...producer });
}

/** A batch of two records that was changed, with a checksum that does not tell. */
export async function changed(change: (bytes: Uint8Array) => void, options: BatchOptions = {}): Promise<Uint8Array> {
  const bytes = await batch(['one', 'two'], options);
  change(bytes);
  sealBatch(bytes, 0, core);
  return bytes;
}

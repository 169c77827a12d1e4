import {
  attributes,
  BATCH_HEADER_BYTES,
  type Checksum,
  COMPRESSION_MASK,
  type CompressionType,
  compressionIdOf,
  LOG_OVERHEAD_BYTES,
  sealBatch,
  setAttributes,
  setBatchLength,
} from '@ks/protocol';
import type { Codec } from '../ports/codec.ts';

export interface RecompressOptions {
  readonly target: CompressionType;
  /** Undefined: the codec's own default. */
  readonly level: number | undefined;
  readonly codec: Codec;
  readonly checksum: Checksum;
}

/**
 * The same batch under another codec: records, offsets, timestamps and producer stay as they are. A promise where the codec works on
 * another thread; the bytes given may change after the call in each case.
 */
export function recompress(
  batch: Uint8Array,
  plainRecords: Uint8Array,
  { target, level, codec, checksum }: RecompressOptions,
): Uint8Array | Promise<Uint8Array> {
  const header = batch.slice(0, BATCH_HEADER_BYTES);
  const assemble = (payload: Uint8Array): Uint8Array => {
    const whole = new Uint8Array(BATCH_HEADER_BYTES + payload.length);
    whole.set(header);
    whole.set(payload, BATCH_HEADER_BYTES);
    setBatchLength(whole, 0, whole.length - LOG_OVERHEAD_BYTES);
    setAttributes(whole, 0, (attributes(whole, 0) & ~COMPRESSION_MASK) | compressionIdOf(target));
    sealBatch(whole, 0, checksum);
    return whole;
  };
  const payload = codec.compress(target, plainRecords, level);
  return payload instanceof Promise ? payload.then(assemble) : assemble(payload);
}

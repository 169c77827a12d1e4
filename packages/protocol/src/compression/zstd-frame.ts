import { CodecError } from './codec.ts';

/** One frame of a zstd stream. */
export interface ZstdFrame {
  readonly from: number;
  readonly to: number;
  /** Skippable frames hold no data for us. */
  readonly isSkippable: boolean;
  /** As the frame says, undefined where it does not. Not to be trusted. */
  readonly contentBytes: number | undefined;
  /** How much history a decoder must keep. */
  readonly windowBytes: number;
  /** Where each block ends (the last one with the checksum): fed up to there, a decoder gives at most 128 KB more. */
  readonly blockEnds: readonly number[];
}

const MAGIC = 0xfd2fb528;
const SKIPPABLE_MAGIC = 0x184d2a50;
const SKIPPABLE_MASK = 0xfffffff0;
const CHECKSUM_BYTES = 4;
const BLOCK_HEADER_BYTES = 3;
const RLE_BLOCK = 1;
const RESERVED_BLOCK = 3;
const DICTIONARY_ID_BYTES = [0, 1, 2, 4];
const CONTENT_SIZE_BYTES = [0, 2, 4, 8];

/**
 * Finds the frames of a zstd stream and their blocks by the lengths in their headers (RFC 8878, section 3.1), without
 * decompressing. This is what tells a stream that was cut short, and where one frame ends and the next begins, which
 * decoders leave to the caller. Throws `CodecError` CORRUPT unless the bytes are whole frames from start to end.
 */
export function zstdFramesOf(bytes: Uint8Array): ZstdFrame[] {
  const frames: ZstdFrame[] = [];
  for (let at = 0; at < bytes.length; ) {
    const frame = frameAt(bytes, at);
    frames.push(frame);
    at = frame.to;
  }
  if (frames.length === 0) throw corruptZstd('no frame', 0);
  return frames;
}

function frameAt(bytes: Uint8Array, from: number): ZstdFrame {
  const magic = littleEndianAt(bytes, from, 4);
  if ((magic & SKIPPABLE_MASK) >>> 0 === SKIPPABLE_MAGIC) {
    const to = from + 8 + littleEndianAt(bytes, from + 4, 4);
    if (to > bytes.length) throw corruptZstd('a skippable frame that is cut short', from);
    return { from, to, isSkippable: true, contentBytes: 0, windowBytes: 0, blockEnds: [] };
  }
  if (magic !== MAGIC) throw corruptZstd('something else than a frame', from);
  const descriptor = littleEndianAt(bytes, from + 4, 1);
  if ((descriptor & 0x08) !== 0) throw corruptZstd('a reserved bit', from + 4);
  const isSingleSegment = (descriptor & 0x20) !== 0;
  const hasChecksum = (descriptor & 0x04) !== 0;
  let at = from + 5;
  let windowBytes = 0;
  if (!isSingleSegment) {
    windowBytes = windowBytesOf(littleEndianAt(bytes, at, 1));
    at += 1;
  }
  at += DICTIONARY_ID_BYTES[descriptor & 0x03] as number;
  const contentSizeFlag = descriptor >>> 6;
  const contentSizeBytes =
    contentSizeFlag === 0 && isSingleSegment ? 1 : (CONTENT_SIZE_BYTES[contentSizeFlag] as number);
  let contentBytes: number | undefined;
  if (contentSizeBytes > 0) {
    contentBytes = littleEndianAt(bytes, at, contentSizeBytes) + (contentSizeBytes === 2 ? 256 : 0);
    at += contentSizeBytes;
  }
  const blockEnds = blockEndsFrom(bytes, at, hasChecksum);
  const to = blockEnds.at(-1) as number;
  return {
    from,
    to,
    isSkippable: false,
    contentBytes,
    windowBytes: isSingleSegment ? (contentBytes ?? 0) : windowBytes,
    blockEnds,
  };
}

function blockEndsFrom(bytes: Uint8Array, from: number, hasChecksum: boolean): number[] {
  const ends: number[] = [];
  for (let at = from; ; ) {
    const blockHeader = littleEndianAt(bytes, at, BLOCK_HEADER_BYTES);
    const type = (blockHeader >>> 1) & 0x03;
    if (type === RESERVED_BLOCK) throw corruptZstd('a block of the reserved type', at);
    const isLast = (blockHeader & 0x01) !== 0;
    at += BLOCK_HEADER_BYTES + (type === RLE_BLOCK ? 1 : blockHeader >>> 3);
    if (isLast && hasChecksum) at += CHECKSUM_BYTES;
    if (at > bytes.length) throw corruptZstd('a block that is cut short', at);
    ends.push(at);
    if (isLast) return ends;
  }
}

function windowBytesOf(windowDescriptor: number): number {
  const base = 2 ** (10 + (windowDescriptor >>> 3));
  return base + (base / 8) * (windowDescriptor & 0x07);
}

function littleEndianAt(bytes: Uint8Array, at: number, sizeBytes: number): number {
  if (at + sizeBytes > bytes.length) throw corruptZstd('a header that is cut short', at);
  let value = 0;
  for (let index = sizeBytes - 1; index >= 0; index -= 1) value = value * 256 + (bytes[at + index] as number);
  return value;
}

function corruptZstd(what: string, position: number): CodecError {
  return new CodecError('CORRUPT', 'zstd', `zstd: ${what} at byte ${position}`);
}

import type { Codec } from '../compression/codec.ts';
import { compressionTypes } from '../compression/compression-type.ts';
import {
  COMPRESSION_MASK,
  LOG_APPEND_TIME_BIT,
  LOG_OVERHEAD_BYTES,
  MAGIC_END_BYTES,
  NO_TIMESTAMP,
} from './batch-header.ts';
import { corrupt } from './corrupt.ts';
import { crc32 } from './crc32.ts';
import { int8At, int32At, int64At, uint32At } from './fixed-width.ts';

/** A message of a set of magic 0 or 1, as brokers wrote them before Kafka 0.11 and may still have in their logs. */
export interface Message {
  readonly offset: number;
  /** Milliseconds since the epoch; -1 in magic 0. */
  readonly timestamp: number;
  readonly timestampType: 'createTime' | 'logAppendTime';
  /** Views of the set, or of what was decompressed. */
  readonly key: Uint8Array | null;
  readonly value: Uint8Array | null;
}

/** One entry of a set: a message, or a wrapper of compressed ones. */
interface Entry extends Message {
  readonly magic: 0 | 1;
  readonly compressionId: number;
}

const CRC = 12;
const ATTRIBUTES = 17;
const BODY = 18;

/**
 * Reads a message set of magic 0 or 1, wrappers decompressed, oldest first. A message that is cut off at the end is left out.
 * Rejects with a `ProtocolError` for bytes that are no message set or whose checksum is wrong, and with `CodecError`.
 */
export async function readMessageSet(
  bytes: Uint8Array,
  codec: Codec,
  maxDecompressedBytes: number,
): Promise<Message[]> {
  const messages: Message[] = [];
  for (const entry of entriesOf(bytes)) {
    if (entry.compressionId === 0) messages.push(messageOf(entry, entry));
    else messages.push(...(await unwrapped(entry, codec, maxDecompressedBytes)));
  }
  return messages;
}

async function unwrapped(wrapper: Entry, codec: Codec, maxDecompressedBytes: number): Promise<Message[]> {
  const type = compressionTypes[wrapper.compressionId];
  if (type === undefined || type === 'zstd')
    throw corrupt(`a compression type of ${wrapper.compressionId} in a message set`, ATTRIBUTES);
  if (wrapper.value === null) throw corrupt('a compressed message without a value', BODY);
  const inner = [...entriesOf(await codec.decompress(type, wrapper.value, maxDecompressedBytes))];
  if (inner.some((entry) => entry.compressionId !== 0))
    throw corrupt('a compressed message within another', ATTRIBUTES);
  // Magic 0 has absolute offsets inside; magic 1 has relative ones, and the wrapper has the last one's absolute offset.
  const base = wrapper.magic === 0 ? 0 : wrapper.offset - (inner.at(-1)?.offset ?? 0);
  return inner.map((entry) => messageOf({ ...entry, offset: base + entry.offset }, wrapper));
}

/** The wrapper's append time goes for all messages in it. */
function messageOf(entry: Entry, wrapper: Entry): Message {
  const { offset, key, value } = entry;
  const { timestamp, timestampType } = wrapper.timestampType === 'logAppendTime' ? wrapper : entry;
  return { offset, timestamp, timestampType, key, value };
}

function* entriesOf(bytes: Uint8Array): Generator<Entry, void, undefined> {
  for (let at = 0; bytes.length - at >= MAGIC_END_BYTES; ) {
    const sizeBytes = int32At(bytes, at + 8) + LOG_OVERHEAD_BYTES;
    const magic = int8At(bytes, at + 16);
    if (magic !== 0 && magic !== 1) throw corrupt(`a message of magic ${magic}`, at + 16);
    const valueEnd = at + sizeBytes;
    if (sizeBytes < (magic === 0 ? 26 : 34)) throw corrupt(`a message of ${sizeBytes} bytes`, at + 8);
    if (valueEnd > bytes.length) return;
    if (crc32(bytes.subarray(at + 16, valueEnd)) !== uint32At(bytes, at + CRC))
      throw corrupt('a wrong checksum', at + CRC);
    yield entryAt(bytes, at, valueEnd, magic);
    at = valueEnd;
  }
}

function entryAt(bytes: Uint8Array, at: number, end: number, magic: 0 | 1): Entry {
  const attributes = int8At(bytes, at + ATTRIBUTES);
  const keyAt = at + BODY + (magic === 0 ? 0 : 8);
  const key = nullableAt(bytes, keyAt, end);
  const valueAt = keyAt + 4 + (key?.length ?? 0);
  const value = nullableAt(bytes, valueAt, end);
  if (valueAt + 4 + (value?.length ?? 0) !== end) throw corrupt('bytes after the value of a message', valueAt);
  return {
    magic,
    offset: int64At(bytes, at),
    timestamp: magic === 0 ? NO_TIMESTAMP : int64At(bytes, at + BODY),
    timestampType: magic === 1 && (attributes & LOG_APPEND_TIME_BIT) !== 0 ? 'logAppendTime' : 'createTime',
    compressionId: attributes & COMPRESSION_MASK,
    key,
    value,
  };
}

function nullableAt(bytes: Uint8Array, at: number, end: number): Uint8Array | null {
  if (at + 4 > end) throw corrupt('a message that is cut short', at);
  const length = int32At(bytes, at);
  if (length < -1 || at + 4 + length > end) throw corrupt(`a length of ${length} in a message`, at);
  return length === -1 ? null : bytes.subarray(at + 4, at + 4 + length);
}

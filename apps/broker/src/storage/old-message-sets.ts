import { FilesError } from '../ports/files.ts';
import type { LogEnvironment } from './log-environment.ts';
import type { Segment } from './segment.ts';

/** Offset and size of the message, its checksum and its magic. */
const HEAD_BYTES = 17;
const MESSAGE_AT = 12;
const CHECKED_AT = 16;
const MESSAGE_BYTES_MIN = 14;
/** What is read of a message to compare its checksum: old brokers took a megabyte at most unless told otherwise. */
const MESSAGE_BYTES_MAX = 64 * 1024 * 1024;

/**
 * Refuses a log that begins with messages of magic 0 or 1, as Kafka wrote them before 0.11. Nothing here reads them, and a recovery
 * would take them for damage and cut them off: the log is left as it is. What only looks so (a damaged batch) has no such checksum.
 * @throws FilesError where it does
 */
export async function refuseOldMessageSets({ handles }: LogEnvironment, first: Segment, fileBytes: number) {
  if (fileBytes < HEAD_BYTES) return;
  const message = await handles.use(first.logPath, async (file) => {
    const head = new Uint8Array(HEAD_BYTES);
    if ((await file.read(head, 0)) < HEAD_BYTES || (head[CHECKED_AT] ?? 2) > 1) return undefined;
    const sizeBytes = new DataView(head.buffer).getInt32(8);
    const isSized = sizeBytes >= MESSAGE_BYTES_MIN && sizeBytes <= Math.min(fileBytes - MESSAGE_AT, MESSAGE_BYTES_MAX);
    if (!isSized) return undefined;
    const whole = new Uint8Array(sizeBytes);
    return (await file.read(whole, MESSAGE_AT)) === sizeBytes ? whole : undefined;
  });
  if (message === undefined || crc32(message.subarray(4)) !== new DataView(message.buffer).getUint32(0)) return;
  const old = `it begins with messages of magic ${message[4]}, which Kafka wrote before 0.11 and ks does not read`;
  throw new FilesError('io', first.logPath, `${old}; nothing of it is changed`);
}

/** The checksum of old messages, which is not that of record batches. */
function crc32(bytes: Uint8Array): number {
  let crc = 0xffffffff;
  for (const byte of bytes) {
    crc ^= byte;
    for (let bit = 0; bit < 8; bit++) crc = (crc >>> 1) ^ (crc & 1 ? 0xedb88320 : 0);
  }
  return (crc ^ 0xffffffff) >>> 0;
}

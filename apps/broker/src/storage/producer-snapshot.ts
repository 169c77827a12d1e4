import type { Core } from '@ks/core-wasm';
import { type AppendedBatch, type ProducerEntry, REMEMBERED_BATCHES } from './producer-entry.ts';

/**
 * Kafka's producer snapshot: int16 version 1, uint32 CRC-32C of what follows, int32 count, then 46 bytes for each entry. Kafka keeps
 * a producer's last batch alone. Here the batches before it come first, as entries of their own: a reader of Kafka's takes the last
 * entry of a producer id, one that knows better gets all five back. The last entry's timestamp is the time of the append, from which
 * expiry counts whatever times records claim.
 */

const VERSION = 1;
const CRC_AT = 2;
const COUNT_AT = 6;
const ENTRIES_AT = 10;
const ENTRY_BYTES = 46;

/** A snapshot's producers, or what is wrong with it in one clause. */
export type ParsedSnapshot = { readonly entries: readonly ProducerEntry[] } | { readonly problem: string };

const NO_BATCH: AppendedBatch = { lastSequence: -1, lastOffset: -1, offsetDelta: 0, timestampMs: -1 };

export function formatSnapshot(producers: Iterable<ProducerEntry>, core: Pick<Core, 'crc32c'>): Uint8Array {
  const all = [...producers];
  const count = all.reduce((sum, { batches }) => sum + Math.max(1, batches.length), 0);
  const bytes = new Uint8Array(ENTRIES_AT + count * ENTRY_BYTES);
  const view = new DataView(bytes.buffer);
  let at = ENTRIES_AT;
  for (const entry of all) {
    for (const batch of entry.batches.slice(0, -1)) at = writeEntry(view, at, entry, batch, batch.timestampMs, -1);
    const last = entry.batches.at(-1) ?? NO_BATCH;
    at = writeEntry(view, at, entry, last, entry.seenMs, entry.transactionFirstOffset ?? -1);
  }
  view.setInt16(0, VERSION);
  view.setInt32(COUNT_AT, count);
  view.setUint32(CRC_AT, core.crc32c(bytes.subarray(COUNT_AT)));
  return bytes;
}

export function parseSnapshot(bytes: Uint8Array, core: Pick<Core, 'crc32c'>): ParsedSnapshot {
  if (bytes.length < ENTRIES_AT) return { problem: `it has ${bytes.length} bytes` };
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  if (view.getInt16(0) !== VERSION) return { problem: `its version is ${view.getInt16(0)}` };
  if (view.getUint32(CRC_AT) !== core.crc32c(bytes.subarray(COUNT_AT)))
    return { problem: 'its checksum does not match' };
  const count = view.getInt32(COUNT_AT);
  if (count < 0 || ENTRIES_AT + count * ENTRY_BYTES > bytes.length) return { problem: `it claims ${count} entries` };
  const entries = new Map<number, ProducerEntry>();
  for (let index = 0; index < count; index += 1) {
    const entry = readEntry(view, ENTRIES_AT + index * ENTRY_BYTES);
    const before = entries.get(entry.producerId);
    entries.set(entry.producerId, before === undefined ? entry : joined(before, entry));
  }
  return { entries: [...entries.values()] };
}

function writeEntry(
  view: DataView,
  at: number,
  entry: ProducerEntry,
  batch: AppendedBatch,
  timestampMs: number,
  transactionFirstOffset: number,
): number {
  view.setBigInt64(at, BigInt(entry.producerId));
  view.setInt16(at + 8, entry.producerEpoch);
  view.setInt32(at + 10, batch.lastSequence);
  view.setBigInt64(at + 14, BigInt(batch.lastOffset));
  view.setInt32(at + 22, batch.offsetDelta);
  view.setBigInt64(at + 26, BigInt(timestampMs));
  view.setInt32(at + 34, entry.coordinatorEpoch);
  view.setBigInt64(at + 38, BigInt(transactionFirstOffset));
  return at + ENTRY_BYTES;
}

function readEntry(view: DataView, at: number): ProducerEntry {
  const lastOffset = Number(view.getBigInt64(at + 14));
  const timestampMs = Number(view.getBigInt64(at + 26));
  const transactionFirstOffset = Number(view.getBigInt64(at + 38));
  const batch = { lastSequence: view.getInt32(at + 10), lastOffset, offsetDelta: view.getInt32(at + 22), timestampMs };
  return {
    producerId: Number(view.getBigInt64(at)),
    producerEpoch: view.getInt16(at + 8),
    coordinatorEpoch: view.getInt32(at + 34),
    lastTimestampMs: timestampMs,
    seenMs: timestampMs,
    transactionFirstOffset: transactionFirstOffset < 0 ? undefined : transactionFirstOffset,
    batches: lastOffset < 0 ? [] : [batch],
  };
}

/** Two entries of one producer id: the later one counts, the earlier one's batch lies before its own. */
function joined(before: ProducerEntry, entry: ProducerEntry): ProducerEntry {
  if (before.producerEpoch !== entry.producerEpoch) return entry;
  return { ...entry, batches: [...before.batches, ...entry.batches].slice(-REMEMBERED_BATCHES) };
}

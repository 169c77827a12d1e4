import type { RecordBatch } from '@ks/protocol';
import type { Attempt } from './attempt.ts';
import type { PartitionHistory, Placed } from './partition-history.ts';

/** The header that says which attempt a record is of, and which of its records. */
export const IDENTITY_HEADER = 'id';

/** What readers got last of each key of a compacted partition. */
export type ShownKeys = Map<number, { readonly offset: number; readonly isTombstone: boolean }>;

/** Holds the records that compaction has left of a batch to what was sent. Gives the attempt; undefined for a batch that is empty now. */
export function checkCompacted(
  attempts: ReadonlyMap<number, Attempt>,
  partition: PartitionHistory,
  batch: RecordBatch,
  plain: Uint8Array,
  violate: (what: string) => void,
): Attempt | undefined {
  let found: Attempt | undefined;
  for (const { offset, key, value, headers } of batch.records(plain)) {
    const identity = headers.find((header) => header.key === IDENTITY_HEADER)?.value;
    const view = identity == null ? undefined : new DataView(identity.buffer, identity.byteOffset);
    const attempt = attempts.get(view?.getInt32(0) ?? -1);
    const index = view?.getInt32(4) ?? -1;
    const sent = attempt?.records[index];
    if (attempt === undefined || sent === undefined) {
      violate(`nobody sent the record at ${offset}`);
      continue;
    }
    if (found !== undefined && found !== attempt) violate(`the batch at ${batch.baseOffset} is of two`);
    found = attempt;
    if (offset !== batch.baseOffset + index) violate(`record ${index} of batch ${attempt.id} has come to ${offset}`);
    if (key === null || !isSame(key, sent.key) || !isSameValue(value, sent.value)) {
      violate(`the record at ${offset} is not what was sent`);
    }
    partition.shownKeys.set(sent.key[0] ?? -1, { offset, isTombstone: sent.value === null });
  }
  return found;
}

/** After a partition was read from its start to its end: every key has its newest record, unless that is a tombstone. */
export function checkKeys(shown: ShownKeys, placed: readonly Placed[], violate: (what: string) => void): void {
  const newest: ShownKeys = new Map();
  for (const { attempt, baseOffset } of placed) {
    for (const [index, { key, value }] of attempt.records.entries()) {
      newest.set(key[0] ?? -1, { offset: baseOffset + index, isTombstone: value === null });
    }
  }
  for (const [key, { offset, isTombstone }] of newest) {
    const got = shown.get(key);
    if (got === undefined && isTombstone) continue;
    if (got?.offset !== offset) violate(`the newest record of key ${key} is at ${offset}, but ${got?.offset} was read`);
  }
}

function isSameValue(a: Uint8Array | null, b: Uint8Array | null): boolean {
  return a === null || b === null ? a === b : isSame(a, b);
}

function isSame(a: Uint8Array, b: Uint8Array): boolean {
  return a.length === b.length && a.every((byte, index) => byte === b[index]);
}

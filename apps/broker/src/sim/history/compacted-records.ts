import type { RecordBatch } from '@ks/protocol';
import type { Attempt } from './attempt.ts';
import type { PartitionHistory } from './partition-history.ts';

/** The header that says which attempt a record is of, and which of its records. */
export const IDENTITY_HEADER = 'id';

/** A record that readers got of a compacted partition. */
export interface ShownRecord {
  readonly key: number;
  readonly isTombstone: boolean;
  readonly attempt: Attempt;
}

/** What readers got of a compacted partition, by offset. */
export type ShownRecords = Map<number, ShownRecord>;

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
    partition.shownRecords.set(offset, { key: sent.key[0] ?? -1, isTombstone: sent.value === null, attempt });
  }
  return found;
}

/** After a partition was read from its start to its end: every key has its newest record that was not aborted, unless that is a tombstone. */
export function checkKeys(partition: PartitionHistory, violate: (what: string) => void): void {
  const counts = (attempt: Attempt, offset: number) => !isAborted(partition, attempt, offset);
  const newest = new Map<number, { readonly offset: number; readonly isTombstone: boolean }>();
  for (const { attempt, baseOffset } of partition.placed()) {
    if (!counts(attempt, baseOffset)) continue;
    for (const [index, { key, value }] of attempt.records.entries()) {
      newest.set(key[0] ?? -1, { offset: baseOffset + index, isTombstone: value === null });
    }
  }
  const shown = new Map<number, number>();
  for (const [offset, { key, attempt }] of partition.shownRecords) {
    if (counts(attempt, offset)) shown.set(key, Math.max(shown.get(key) ?? -1, offset));
  }
  for (const [key, { offset, isTombstone }] of newest) {
    const got = shown.get(key);
    if (got === undefined && isTombstone) continue;
    if (got !== offset) violate(`the newest record of key ${key} is at ${offset}, but ${got} was read`);
  }
}

/** Whether the marker that ends a batch's transaction, in this very log, is an abort. */
function isAborted({ markers }: PartitionHistory, { transaction }: Attempt, offset: number): boolean {
  if (transaction === undefined) return false;
  let [endsAt, type] = [Number.POSITIVE_INFINITY, 'commit'];
  for (const [at, marker] of markers) {
    if (marker.producerId !== transaction.producerId || at < offset || at > endsAt) continue;
    [endsAt, type] = [at, marker.type];
  }
  return type === 'abort';
}

function isSameValue(a: Uint8Array | null, b: Uint8Array | null): boolean {
  return a === null || b === null ? a === b : isSame(a, b);
}

function isSame(a: Uint8Array, b: Uint8Array): boolean {
  return a.length === b.length && a.every((byte, index) => byte === b[index]);
}

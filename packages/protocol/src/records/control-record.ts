import type { Checksum } from './batch-crc.ts';
import { corrupt } from './corrupt.ts';
import { encodePlainRecordBatch } from './encode-record-batch.ts';
import { int16At, int32At, setInt16, setInt32 } from './fixed-width.ts';

/** The kinds of control record by their number in the key. */
export const ControlType = {
  ABORT: 0,
  COMMIT: 1,
  LEADER_CHANGE: 2,
  SNAPSHOT_HEADER: 3,
  SNAPSHOT_FOOTER: 4,
  KRAFT_VERSION: 5,
  KRAFT_VOTERS: 6,
} as const;

/** What the one record of a control batch says. Kinds made after this was written are 'unknown': readers skip them. */
export type ControlRecord =
  | { readonly type: 'abort' | 'commit'; readonly coordinatorEpoch: number }
  | { readonly type: 'leader-change'; readonly leaderId: number }
  | { readonly type: 'snapshot-header' | 'snapshot-footer' | 'kraft-version' | 'kraft-voters' }
  | { readonly type: 'unknown'; readonly controlType: number };

const SCHEMA_VERSION = 0;
const KEY_BYTES = 4;
const MARKER_VALUE_BYTES = 6;

/** Reads the record of a control batch. Throws a `ProtocolError` when it is cut short. */
export function decodeControlRecord(key: Uint8Array | null, value: Uint8Array | null): ControlRecord {
  if (key === null || key.length < KEY_BYTES) throw corrupt(`a control record key of ${key?.length ?? 0} bytes`, 0);
  const controlType = int16At(key, 2);
  switch (controlType) {
    case ControlType.ABORT:
      return { type: 'abort', coordinatorEpoch: int32Behind(value) };
    case ControlType.COMMIT:
      return { type: 'commit', coordinatorEpoch: int32Behind(value) };
    case ControlType.LEADER_CHANGE:
      return { type: 'leader-change', leaderId: int32Behind(value) };
    case ControlType.SNAPSHOT_HEADER:
      return { type: 'snapshot-header' };
    case ControlType.SNAPSHOT_FOOTER:
      return { type: 'snapshot-footer' };
    case ControlType.KRAFT_VERSION:
      return { type: 'kraft-version' };
    case ControlType.KRAFT_VOTERS:
      return { type: 'kraft-voters' };
    default:
      return { type: 'unknown', controlType };
  }
}

/** The batch that ends a transaction on one partition. */
export interface EndTransactionMarker {
  readonly producerId: number;
  readonly producerEpoch: number;
  readonly committed: boolean;
  /** The transaction coordinator's epoch, by which a stale one is fenced. */
  readonly coordinatorEpoch: number;
  readonly timestampMs: number;
  /** Default 0 and -1: the log assigns them. */
  readonly baseOffset?: number;
  readonly leaderEpoch?: number;
}

/** Encodes a marker as a control batch. Control batches are never compressed and carry no sequence. */
export function encodeEndTransactionMarker(marker: EndTransactionMarker, checksum: Checksum): Uint8Array {
  const key = new Uint8Array(KEY_BYTES);
  setInt16(key, 0, SCHEMA_VERSION);
  setInt16(key, 2, marker.committed ? ControlType.COMMIT : ControlType.ABORT);
  const value = new Uint8Array(MARKER_VALUE_BYTES);
  setInt16(value, 0, SCHEMA_VERSION);
  setInt32(value, 2, marker.coordinatorEpoch);
  return encodePlainRecordBatch([{ timestamp: marker.timestampMs, key, value }], {
    checksum,
    baseOffset: marker.baseOffset ?? 0,
    leaderEpoch: marker.leaderEpoch ?? -1,
    producerId: marker.producerId,
    producerEpoch: marker.producerEpoch,
    isTransactional: true,
    isControl: true,
  });
}

/** The int32 that follows a value's int16 version. */
function int32Behind(value: Uint8Array | null): number {
  if (value === null || value.length < MARKER_VALUE_BYTES) {
    throw corrupt(`a control record value of ${value?.length ?? 0} bytes`, 0);
  }
  return int32At(value, 2);
}

import { RecordBatch } from '@ks/protocol';

/** How many bad records are told of; Kafka shows as few. */
const REFUSED_RECORDS_MAX = 10;
const NO_TIMESTAMP = -1;

/** One record that the topic's config does not allow (KIP-467). */
export interface RefusedRecord {
  /** Index in the batch. */
  readonly batchIndex: number;
  readonly message: string;
  readonly reason: 'key' | 'timestamp';
}

export interface RecordLimits {
  readonly needsKeys: boolean;
  /** Both inclusive. Records without a timestamp pass. */
  readonly earliestMs: number;
  readonly latestMs: number;
}

/** Looks at each record of a structurally sound batch. */
export function findRefusedRecords(batch: Uint8Array, plainRecords: Uint8Array, limits: RecordLimits): RefusedRecord[] {
  const recordBatch = new RecordBatch(batch);
  const cursor = recordBatch.cursor(plainRecords);
  const refused: RefusedRecord[] = [];
  for (let batchIndex = 0; cursor.next() && refused.length < REFUSED_RECORDS_MAX; batchIndex += 1) {
    if (limits.needsKeys && cursor.keySizeBytes < 0) {
      refused.push({ batchIndex, reason: 'key', message: 'Compacted topic cannot accept message without key.' });
      continue;
    }
    const timestampMs = recordBatch.timestampOf(cursor.timestampDelta);
    const isFine = timestampMs === NO_TIMESTAMP || (timestampMs >= limits.earliestMs && timestampMs <= limits.latestMs);
    if (!isFine) refused.push({ batchIndex, reason: 'timestamp', message: timestampMessage(timestampMs, limits) });
  }
  return refused;
}

function timestampMessage(timestampMs: number, limits: RecordLimits): string {
  return `Timestamp ${timestampMs} of message is out of range. The timestamp should be within [${limits.earliestMs}, ${limits.latestMs}].`;
}

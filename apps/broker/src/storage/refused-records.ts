import { baseTimestamp, RecordBatch } from '@ks/protocol';

/** How many bad records are told of one by one: all that a client is likely to send, and no answer of megabytes. */
const REFUSED_RECORDS_MAX = 1000;
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

/** The records that are not allowed: how many, and the first of them. */
export interface RefusedRecords {
  readonly count: number;
  readonly records: readonly RefusedRecord[];
}

/** Looks at each record of a structurally sound batch. Messages are Kafka's. */
export function findRefusedRecords(
  batch: Uint8Array,
  plainRecords: Uint8Array,
  limits: RecordLimits,
  partition?: { readonly topic: string; readonly partitionIndex: number },
): RefusedRecords {
  const recordBatch = new RecordBatch(batch);
  const cursor = recordBatch.cursor(plainRecords);
  const where = partition === undefined ? '' : ` in topic partition ${partition.topic}-${partition.partitionIndex}`;
  const base = baseTimestamp(batch, 0);
  const records: RefusedRecord[] = [];
  let count = 0;
  const refuse = (record: RefusedRecord): void => {
    count += 1;
    if (records.length < REFUSED_RECORDS_MAX) records.push(record);
  };
  for (let batchIndex = 0; cursor.next(); batchIndex += 1) {
    if (limits.needsKeys && cursor.keySizeBytes < 0) {
      refuse({ batchIndex, reason: 'key', message: `Compacted topic cannot accept message without key${where}` });
      continue;
    }
    const timestampMs = base + cursor.timestampDelta;
    const isFine = timestampMs === NO_TIMESTAMP || (timestampMs >= limits.earliestMs && timestampMs <= limits.latestMs);
    if (!isFine)
      refuse({ batchIndex, reason: 'timestamp', message: timestampMessage(batchIndex, timestampMs, limits) });
  }
  return { count, records };
}

function timestampMessage(batchIndex: number, timestampMs: number, limits: RecordLimits): string {
  return `Timestamp ${timestampMs} of message with offset ${batchIndex} is out of range. The timestamp should be within [${limits.earliestMs}, ${limits.latestMs}]`;
}

import type { RecordView } from '../records/record-view.ts';

/** The record as `kcat -J` shows it. `brokerOf` gives the leader of a partition. What is not UTF-8 is lost, as there. */
export function toKcatEnvelope(record: RecordView, brokerOf: (topic: string, partition: number) => number): string {
  const { topic, partition, offset, timestampMs, timestampType, key, value, headers } = record;
  const text = (bytes: Uint8Array | null): string | null => (bytes === null ? null : Buffer.from(bytes).toString());
  return JSON.stringify({
    topic,
    partition,
    offset,
    tstype: timestampType === 'append' ? 'logappend' : 'create',
    ts: timestampMs,
    broker: brokerOf(topic, partition),
    // Names and values by turns, so that duplicates stay.
    headers: headers.length === 0 ? undefined : headers.flatMap((header) => [header.key, text(header.value)]),
    key: text(key),
    payload: text(value),
  });
}

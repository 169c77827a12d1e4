import type { RecordView } from './record-view.ts';

/** The record as rpk's `--format json` shows it. What is not UTF-8 is lost, as there; `-J` alone keeps it. */
export function toRpkEnvelope(record: RecordView, isPretty: boolean, isMetaOnly = false): string {
  const { topic, key, value, headers, timestampMs, partition, offset } = record;
  const text = (bytes: Uint8Array | null): string | undefined =>
    bytes === null || bytes.length === 0 ? undefined : Buffer.from(bytes).toString();
  const shape = {
    topic,
    key: text(key),
    ...(isMetaOnly ? { value_size: value?.length ?? 0 } : { value: text(value) }),
    headers:
      headers.length === 0
        ? undefined
        : headers.map((header) => ({ key: header.key, value: text(header.value) ?? '' })),
    timestamp: timestampMs,
    partition,
    offset,
  };
  return isPretty ? JSON.stringify(shape, null, 2) : JSON.stringify(shape);
}

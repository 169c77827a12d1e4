import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { EnvelopeError, fromEnvelope, toEnvelope } from './envelope.ts';
import type { RecordView } from './record-view.ts';

const bytes = fc.oneof(
  fc.uint8Array(),
  fc.string({ unit: 'binary' }).map((text) => new TextEncoder().encode(text)),
  fc.constant(null),
  fc.constant(Uint8Array.of(0xef, 0xbb, 0xbf, 0x41)),
);
const records: fc.Arbitrary<RecordView> = fc.record({
  topic: fc.string(),
  partition: fc.nat(),
  offset: fc.nat(),
  leaderEpoch: fc.nat(),
  timestampMs: fc.integer({ min: -1 }),
  timestampType: fc.constantFrom('create', 'append'),
  key: bytes,
  value: bytes,
  headers: fc.array(fc.record({ key: fc.string(), value: bytes })),
  batchAttributes: fc.constant(0),
  producerId: fc.constant(-1),
  producerEpoch: fc.constant(-1),
  logStartOffset: fc.constant(0),
  lastStableOffset: fc.constant(0),
  highWatermark: fc.constant(0),
});
const same = (a: Uint8Array | null, b: Uint8Array | null): boolean =>
  a === null || b === null ? a === b : Buffer.from(a).equals(Buffer.from(b));

describe('the envelope', () => {
  test('what consume writes, produce reads: lossless, one line', () => {
    fc.assert(
      fc.property(records, (record) => {
        const line = toEnvelope(record);
        expect(line).not.toContain('\n');
        const back = fromEnvelope(line);
        expect(same(back.key, record.key)).toBe(true);
        expect(same(back.value, record.value)).toBe(true);
        expect(back.headers.map((header) => header.key)).toEqual(record.headers.map((header) => header.key));
        expect(back.headers.every((header, index) => same(header.value, record.headers[index]?.value ?? null))).toBe(
          true,
        );
        expect([back.topic, back.partition, back.timestamp]).toEqual([
          record.topic,
          record.partition,
          record.timestampMs,
        ]);
      }),
    );
  });

  test('the string "null" is not a tombstone', () => {
    expect(fromEnvelope('{"value":"null"}').value).toEqual(new TextEncoder().encode('null'));
    expect(fromEnvelope('{"value":null}').value).toBeNull();
  });

  test.each([
    '',
    'x',
    '[]',
    '1',
    '{"key":1}',
    '{"value":{}}',
    '{"partition":1.5}',
    '{"topic":3}',
    '{"headers":3}',
    '{"headers":[{"value":"x"}]}',
    '{"value":"!","valueEncoding":"base64"}',
    '{"value":"a","valueEncoding":"rot13"}',
  ])('refuses %s', (line) => {
    expect(() => fromEnvelope(line)).toThrow(EnvelopeError);
  });
});

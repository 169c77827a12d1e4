import { createCore } from '@ks/core-wasm';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { recordInputs } from '../../tests/records/arbitraries.ts';
import { type GoldenRecord, goldenBatch, goldenInputs } from '../../tests/records/golden.ts';
import { ProtocolError } from '../wire/protocol-error.ts';
import { batchLength, isControlBatch } from './batch-header.ts';
import { decodeControlRecord, encodeEndTransactionMarker } from './control-record.ts';
import { encodePlainRecordBatch, type RecordInput } from './encode-record-batch.ts';
import { setInt32 } from './fixed-width.ts';
import { RecordBatch, recordBatchesOf } from './record-batch.ts';

const core = createCore({ kind: 'reference' });
const utf8 = (text: string | null): Uint8Array | null => (text === null ? null : new TextEncoder().encode(text));

function inputsOf(golden: readonly GoldenRecord[]): RecordInput[] {
  return golden.map((record) => ({
    timestamp: record.ts,
    key: utf8(record.key),
    value: utf8(record.value),
    headers: record.headers.map(([key, value]) => ({ key, value: utf8(value) })),
  }));
}

/** Everything a batch says, with the lazy parts touched. */
function contentsOf(batch: RecordBatch): unknown[] {
  return [...batch.records(batch.payload)].map((record) => ({
    offset: record.offset,
    timestamp: record.timestamp,
    timestampExact: record.timestampExact,
    key: record.key,
    value: record.value,
    headers: record.headers,
  }));
}

describe('golden batches', () => {
  const { T, R3, R5 } = goldenInputs;
  const single: GoldenRecord[] = [{ ts: T, key: 'key', value: 'value', headers: [] }];
  const idempotent = { producerId: 4000, producerEpoch: 2, baseSequence: 10 };

  test.each([
    ['v2-single', single, {}],
    ['v2-multi', R3, { baseOffset: 100, leaderEpoch: 5 }],
    ['v2-idempotent', R3, idempotent],
    ['v2-transactional', R3, { ...idempotent, isTransactional: true }],
    ['v2-logappendtime', R3, { baseOffset: 7, leaderEpoch: 3, logAppendTimeMs: T + 5000 }],
    ['v2-none-5', R5, { baseOffset: 1000, leaderEpoch: 1 }],
  ])('%s is written byte for byte', (name, records, options) => {
    const written = encodePlainRecordBatch(inputsOf(records), { checksum: core, ...options });
    expect(Buffer.from(written).toString('hex')).toBe(Buffer.from(goldenBatch(name)).toString('hex'));
  });

  test('v2-multi is read', () => {
    const batch = new RecordBatch(goldenBatch('v2-multi'));
    expect(batch.isCrcValid(core)).toBe(true);
    expect(batch).toMatchObject({ baseOffset: 100, lastOffset: 102, nextOffset: 103, leaderEpoch: 5, recordsCount: 3 });
    const records = [...batch.records(batch.payload)];
    expect(records.map((record) => record.timestamp)).toEqual(R3.map((record) => record.ts));
    expect(records.map((record) => record.offset)).toEqual([100, 101, 102]);
    expect(records.map((record) => record.key)).toEqual(R3.map((record) => utf8(record.key)));
    expect(records.map((record) => record.value)).toEqual(R3.map((record) => utf8(record.value)));
    expect(records[1]?.headers).toEqual([
      { key: 'h1', value: utf8('v1') },
      { key: 'h2', value: null },
    ]);
    expect(records[1]).toMatchObject({ keySizeBytes: 2, valueSizeBytes: -1, sizeBytes: 19 });
  });

  test('with LogAppendTime every record reads as appended then', () => {
    const batch = new RecordBatch(goldenBatch('v2-logappendtime'));
    const records = [...batch.records(batch.payload)];
    expect(records.map((record) => record.timestamp)).toEqual([T + 5000, T + 5000, T + 5000]);
    expect(records.map((record) => record.timestampExact)).toEqual(Array(3).fill(BigInt(T + 5000)));
  });

  test('a batch that compaction emptied has no records and keeps its offsets', () => {
    const batch = new RecordBatch(goldenBatch('v2-empty'));
    expect(batch).toMatchObject({ baseOffset: 200, lastOffset: 202, recordsCount: 0, isTransactional: true });
    expect([...batch.records(batch.payload)]).toEqual([]);
  });

  test.each([
    ['v2-commit-marker', 42, true],
    ['v2-abort-marker', 43, false],
  ])('%s is written and read', (name, baseOffset, committed) => {
    const marker = { producerId: 4000, producerEpoch: 2, committed, coordinatorEpoch: 15, timestampMs: T };
    const written = encodeEndTransactionMarker({ ...marker, baseOffset, leaderEpoch: 9 }, core);
    expect(written).toEqual(goldenBatch(name));
    expect(isControlBatch(written, 0)).toBe(true);
    const batch = new RecordBatch(written);
    const [record] = batch.records(batch.payload);
    const read = decodeControlRecord(record?.key ?? null, record?.value ?? null);
    expect(read).toEqual({ type: committed ? 'commit' : 'abort', coordinatorEpoch: 15 });
  });
});

describe('control records', () => {
  test('of a kind nobody knows yet are told as such', () => {
    expect(decodeControlRecord(Uint8Array.of(0, 0, 0, 99), null)).toEqual({ type: 'unknown', controlType: 99 });
  });

  test('that are cut short are refused', () => {
    expect(() => decodeControlRecord(Uint8Array.of(0, 0, 0), null)).toThrow(ProtocolError);
    expect(() => decodeControlRecord(Uint8Array.of(0, 0, 0, 1), Uint8Array.of(0, 0))).toThrow(ProtocolError);
  });
});

describe('a run of batches', () => {
  test('is walked, and a last batch that is cut off is left out', () => {
    const bytes = Buffer.concat([goldenBatch('v2-multi'), goldenBatch('v2-empty'), goldenBatch('v2-single')]);
    const offsetsAt = (end: number) => [...recordBatchesOf(bytes.subarray(0, end))].map((batch) => batch.baseOffset);
    expect(offsetsAt(bytes.length)).toEqual([100, 200, 0]);
    expect(offsetsAt(bytes.length - 1)).toEqual([100, 200]);
    expect(offsetsAt(112 + 61)).toEqual([100, 200]);
    expect(offsetsAt(112 + 16)).toEqual([100]);
    expect(offsetsAt(0)).toEqual([]);
  });

  test('with an impossible length is refused', () => {
    const bytes = goldenBatch('v2-single');
    for (const length of [-1, 0, 4, -2147483648]) {
      setInt32(bytes, 8, length);
      expect(() => [...recordBatchesOf(bytes)]).toThrow(ProtocolError);
    }
  });

  test('of message sets is refused', () => {
    expect(() => [...recordBatchesOf(goldenBatch('v1-none'))]).toThrow(ProtocolError);
  });
});

describe('properties', () => {
  test('what is written reads back', () => {
    fc.assert(
      fc.property(recordInputs, fc.nat({ max: 2 ** 40 }), (records, baseOffset) => {
        const batch = new RecordBatch(encodePlainRecordBatch(records, { checksum: core, baseOffset }));
        expect(batch.isCrcValid(core)).toBe(true);
        expect(batch.recordsCount).toBe(records.length);
        expect(batch.maxTimestamp).toBe(Math.max(-1, ...records.map((record) => record.timestamp)));
        expect(contentsOf(batch)).toEqual(
          records.map((record, index) => ({
            ...record,
            offset: baseOffset + index,
            timestampExact: BigInt(record.timestamp),
          })),
        );
      }),
    );
  });

  test('offsets may have holes', () => {
    fc.assert(
      fc.property(fc.uniqueArray(fc.nat({ max: 2 ** 31 - 1 }), { minLength: 1, maxLength: 8 }), (deltas) => {
        const sorted = deltas.toSorted((a, b) => a - b);
        const records = sorted.map((offsetDelta) => ({ timestamp: 0, value: null, offsetDelta }));
        const batch = new RecordBatch(encodePlainRecordBatch(records, { checksum: core, baseOffset: 5 }));
        expect([...batch.records(batch.payload)].map((record) => record.offset - 5)).toEqual(sorted);
        expect(batch.lastOffset).toBe(5 + (sorted.at(-1) ?? 0));
      }),
    );
  });

  test('every changed byte behind the CRC is noticed by it', () => {
    const bytes = goldenBatch('v2-multi');
    for (let at = 21; at < bytes.length; at += 1) {
      bytes[at] = (bytes[at] as number) ^ 0x10;
      expect(new RecordBatch(bytes).isCrcValid(core)).toBe(false);
      bytes[at] = (bytes[at] as number) ^ 0x10;
    }
  });

  test('changed bytes give records or a ProtocolError, nothing else', () => {
    const edits = fc.array(fc.tuple(fc.nat({ max: 300 }), fc.nat({ max: 255 })), { minLength: 1, maxLength: 6 });
    let refused = 0;
    fc.assert(
      fc.property(recordInputs, edits, fc.nat({ max: 8 }), (records, changes, cut) => {
        const bytes = encodePlainRecordBatch(records, { checksum: core });
        for (const [at, value] of changes) bytes[12 + (at % (bytes.length - 12))] = value;
        const shortened = bytes.slice(0, Math.max(61, bytes.length - cut));
        setInt32(shortened, 8, shortened.length - 12);
        try {
          for (const batch of recordBatchesOf(shortened)) contentsOf(batch);
        } catch (error) {
          refused += 1;
          expect(error).toBeInstanceOf(ProtocolError);
        }
      }),
      { numRuns: 2000 },
    );
    expect(refused).toBeGreaterThan(100);
  });

  test('a count of records that the bytes cannot hold is refused before anything is made of it', () => {
    const bytes = goldenBatch('v2-single');
    setInt32(bytes, 57, 2147483647);
    const batch = new RecordBatch(bytes);
    expect(() => batch.cursor(batch.payload)).toThrow(ProtocolError);
    expect(batchLength(bytes, 0)).toBe(64);
  });
});

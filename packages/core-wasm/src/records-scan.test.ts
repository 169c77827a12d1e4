import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { concatenated, damage, damaged } from '../tests/arbitraries.ts';
import { bothCores, inHeap, reference, wasm } from '../tests/cores.ts';
import { encodeRecords, type PlannedRecord, plannedRecords, zigzag } from '../tests/records.ts';
import { RecordsScanStatus } from './core.ts';

const SAFE = BigInt(Number.MAX_SAFE_INTEGER);
const saturated = (value: bigint): number => Number(value > SAFE ? SAFE : value < -SAFE ? -SAFE : value);

/** What a scan of these records is to say, computed from the records and not from their bytes. */
function factsOf(records: readonly PlannedRecord[]) {
  const deltas = records.map((record) => record.timestampDelta).sort((left, right) => (left < right ? -1 : 1));
  const min = deltas[0] ?? 0n;
  const max = deltas.at(-1) ?? 0n;
  return {
    recordsCount: records.length,
    maxTimestampDelta: saturated(max),
    minTimestampDelta: saturated(min),
    offsetOfMaxTimestamp: records.find((record) => record.timestampDelta === max)?.offsetDelta ?? -1,
    nullKeys: records.filter((record) => record.key === null).length,
    offsetDeltasSequential: records.every((record, index) => record.offsetDelta === index),
  };
}

const record = (fields: readonly number[]): Uint8Array =>
  Uint8Array.from([...zigzag(BigInt(fields.length)), ...fields]);
/** attributes, timestamp delta 0, offset delta 0, null key, null value, no headers */
const GOOD_FIELDS = [0, 0, 0, 1, 1, 0] as const;
const TOO_LONG_VARINT = [0x80, 0x80, 0x80, 0x80, 0x80, 0x00] as const;

describe.each(bothCores)('scanRecords (%s)', (_name, core) => {
  it('tells the facts of well-formed records', () => {
    fc.assert(
      fc.property(plannedRecords, (records) => {
        const bytes = encodeRecords(records);
        expect(core.scanRecords(bytes, records.length)).toEqual({
          status: RecordsScanStatus.OK,
          recordIndex: -1,
          consumedBytes: bytes.length,
          ...factsOf(records),
        });
      }),
      { numRuns: 300 },
    );
  });

  it('notices a count that is too small or too great', () => {
    fc.assert(
      fc.property(plannedRecords, fc.integer({ min: 1, max: 5 }), (records, by) => {
        fc.pre(records.length >= by);
        const bytes = encodeRecords(records);
        const fewer = core.scanRecords(bytes, records.length - by);
        expect([fewer.status, fewer.recordIndex]).toEqual([RecordsScanStatus.TRAILING_BYTES, records.length - by]);
        const more = core.scanRecords(bytes, records.length + by);
        expect([more.status, more.recordIndex]).toEqual([RecordsScanStatus.TRUNCATED, records.length]);
        expect(more).toMatchObject({ ...factsOf(records), consumedBytes: bytes.length });
      }),
      { numRuns: 100 },
    );
  });

  it.each([
    ['a length past the end', Uint8Array.of(14, ...GOOD_FIELDS), 1, RecordsScanStatus.TRUNCATED],
    ['no record where one is due', new Uint8Array(0), 1, RecordsScanStatus.TRUNCATED],
    ['a length cut short', Uint8Array.of(0x80), 1, RecordsScanStatus.TRUNCATED],
    ['a length of 2^31-1', Uint8Array.of(...zigzag(2147483647n), ...GOOD_FIELDS), 1, RecordsScanStatus.TRUNCATED],
    ['a negative length', Uint8Array.of(1, ...GOOD_FIELDS), 1, RecordsScanStatus.BAD_LENGTH],
    ['a length of 0', Uint8Array.of(0), 1, RecordsScanStatus.BAD_LENGTH],
    ['a length too small for a record', record([0, 0, 0, 1, 1]), 1, RecordsScanStatus.BAD_LENGTH],
    ['a length of 6 bytes', Uint8Array.of(...TOO_LONG_VARINT, ...GOOD_FIELDS), 1, RecordsScanStatus.BAD_VARINT],
    ['an offset delta of 6 bytes', record([0, 0, ...TOO_LONG_VARINT, 1, 1, 0]), 1, RecordsScanStatus.BAD_VARINT],
    [
      'a timestamp delta of 11 bytes',
      record([0, ...new Array<number>(10).fill(0x80), 0, 0, 1, 1, 0]),
      1,
      RecordsScanStatus.BAD_VARINT,
    ],
    ['a timestamp delta past the record', record([0, 0x80, 0x80, 0x80, 0x80, 0x80]), 1, RecordsScanStatus.BAD_LENGTH],
    ['a key past the record', record([0, 0, 0, 40, 1, 0]), 1, RecordsScanStatus.BAD_LENGTH],
    ['a key of -2 bytes', record([0, 0, 0, 3, 1, 0]), 1, RecordsScanStatus.BAD_LENGTH],
    ['a value past the record', record([0, 0, 0, 1, 40, 0]), 1, RecordsScanStatus.BAD_LENGTH],
    ['a value of -2 bytes', record([0, 0, 0, 1, 3, 0]), 1, RecordsScanStatus.BAD_LENGTH],
    ['-1 headers', record([0, 0, 0, 1, 1, 1]), 1, RecordsScanStatus.BAD_HEADER_COUNT],
    ['2^31-1 headers', record([0, 0, 0, 1, 1, ...zigzag(2147483647n)]), 1, RecordsScanStatus.BAD_HEADER_COUNT],
    ['a null header key', record([0, 0, 0, 1, 1, 2, 1, 1]), 1, RecordsScanStatus.BAD_LENGTH],
    ['a header value past the record', record([0, 0, 0, 1, 1, 2, 0, 9]), 1, RecordsScanStatus.BAD_LENGTH],
    ['bytes left in the record', record([...GOOD_FIELDS, 0]), 1, RecordsScanStatus.RECORD_NOT_FILLED],
    ['bytes where no record is due', Uint8Array.of(0), 0, RecordsScanStatus.TRAILING_BYTES],
    ['a negative count', record(GOOD_FIELDS), -1, RecordsScanStatus.BAD_RECORDS_COUNT],
    ['a count that is no int32', record(GOOD_FIELDS), 2 ** 32 + 1, RecordsScanStatus.BAD_RECORDS_COUNT],
  ] as const)('refuses %s', (_what, bytes, count, status) => {
    expect(core.scanRecords(bytes, count)).toMatchObject({ status, recordIndex: 0, recordsCount: 0, consumedBytes: 0 });
  });

  it('points at the bad record and tells the facts of those before it', () => {
    const good = record([0, ...zigzag(300n), 0, 1, 1, 0]);
    const scan = core.scanRecords(concatenated([good, record([0, 0, 2, 40, 1, 0])]), 2);
    expect(scan).toMatchObject({
      status: RecordsScanStatus.BAD_LENGTH,
      recordIndex: 1,
      recordsCount: 1,
      maxTimestampDelta: 300,
      consumedBytes: good.length,
    });
  });
});

describe('scanRecords in WebAssembly against the reference', () => {
  it('comes to the same on damaged records', () => {
    const damages = fc.array(damage, { minLength: 1, maxLength: 3 });
    fc.assert(
      fc.property(plannedRecords, damages, fc.boolean(), (records, list, inPlace) => {
        const bytes = damaged(encodeRecords(records), list);
        const expected = reference.scanRecords(bytes, records.length);
        expect(wasm.scanRecords(inPlace ? inHeap(bytes, 5) : bytes, records.length)).toEqual(expected);
      }),
      { numRuns: 2000 },
    );
  });

  it('comes to the same on arbitrary bytes', () => {
    const byte = fc.oneof(fc.nat(255), fc.nat(20), fc.constant(1));
    fc.assert(
      fc.property(fc.array(byte, { maxLength: 60 }), fc.nat(6), (bytes, count) => {
        const records = Uint8Array.from(bytes);
        expect(wasm.scanRecords(records, count)).toEqual(reference.scanRecords(records, count));
      }),
      { numRuns: 5000 },
    );
  });

  it('handles more than its stage holds', () => {
    const value = new Uint8Array(5_000_000);
    const fields = Uint8Array.from([0, 0, 0, 1, ...zigzag(BigInt(value.length))]);
    const size = Uint8Array.from(zigzag(BigInt(fields.length + value.length + 1)));
    const records = concatenated([size, fields, value, Uint8Array.of(0)]);
    expect(wasm.scanRecords(records, 1)).toMatchObject({ status: 0, consumedBytes: records.length });
  });
});

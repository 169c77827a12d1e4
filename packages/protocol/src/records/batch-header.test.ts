import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { goldenBatch, goldenInputs } from '../../tests/records/golden.ts';
import * as header from './batch-header.ts';
import { int64At, int64ExactAt, setInt64 } from './fixed-width.ts';

describe('the header of a v2 batch', () => {
  test('is read by fixed offsets', () => {
    const batch = goldenBatch('v2-transactional');
    expect(header.baseOffset(batch, 0)).toBe(0);
    expect(header.batchSizeBytes(batch, 0)).toBe(batch.length);
    expect(header.leaderEpoch(batch, 0)).toBe(-1);
    expect(header.magic(batch, 0)).toBe(2);
    expect(header.crc(batch, 0)).toBe(0x9f99739e);
    expect(header.attributes(batch, 0)).toBe(header.TRANSACTIONAL_BIT);
    expect(header.isTransactional(batch, 0)).toBe(true);
    expect(header.isControlBatch(batch, 0)).toBe(false);
    expect(header.lastOffsetDelta(batch, 0)).toBe(2);
    expect(header.baseTimestamp(batch, 0)).toBe(goldenInputs.T);
    expect(header.maxTimestamp(batch, 0)).toBe(goldenInputs.T + 10);
    expect(header.producerId(batch, 0)).toBe(4000);
    expect(header.producerEpoch(batch, 0)).toBe(2);
    expect(header.baseSequence(batch, 0)).toBe(10);
    expect(header.recordsCount(batch, 0)).toBe(3);
  });

  test('is read at any position', () => {
    const batch = goldenBatch('v2-logappendtime');
    const shifted = new Uint8Array(batch.length + 13);
    shifted.set(batch, 13);
    expect(header.baseOffset(shifted, 13)).toBe(7);
    expect(header.lastOffset(shifted, 13)).toBe(9);
    expect(header.leaderEpoch(shifted, 13)).toBe(3);
    expect(header.isLogAppendTime(shifted, 13)).toBe(true);
    expect(header.maxTimestamp(shifted, 13)).toBe(goldenInputs.T + 5000);
  });

  test('is rewritten field by field', () => {
    const original = goldenBatch('v2-multi');
    const rebuilt = new Uint8Array(original);
    rebuilt.fill(0, 0, header.BATCH_HEADER_BYTES);
    header.setBaseOffset(rebuilt, 0, header.baseOffset(original, 0));
    header.setBatchLength(rebuilt, 0, header.batchLength(original, 0));
    header.setLeaderEpoch(rebuilt, 0, header.leaderEpoch(original, 0));
    header.setMagic(rebuilt, 0, header.magic(original, 0));
    header.setCrc(rebuilt, 0, header.crc(original, 0));
    header.setAttributes(rebuilt, 0, header.attributes(original, 0));
    header.setLastOffsetDelta(rebuilt, 0, header.lastOffsetDelta(original, 0));
    header.setBaseTimestamp(rebuilt, 0, header.baseTimestamp(original, 0));
    header.setMaxTimestamp(rebuilt, 0, header.maxTimestamp(original, 0));
    header.setProducerId(rebuilt, 0, header.producerId(original, 0));
    header.setProducerEpoch(rebuilt, 0, header.producerEpoch(original, 0));
    header.setBaseSequence(rebuilt, 0, header.baseSequence(original, 0));
    header.setRecordsCount(rebuilt, 0, header.recordsCount(original, 0));
    expect(rebuilt).toEqual(original);
  });

  test('keeps every safe int64 and saturates the others', () => {
    fc.assert(
      fc.property(fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n }), (value) => {
        const view = new DataView(new ArrayBuffer(8));
        view.setBigInt64(0, value);
        const bytes = new Uint8Array(view.buffer);
        const saturated =
          value > 2n ** 53n - 1n ? 2n ** 53n - 1n : value < -(2n ** 53n - 1n) ? -(2n ** 53n - 1n) : value;
        expect(int64At(bytes, 0)).toBe(Number(saturated));
        expect(int64ExactAt(bytes, 0)).toBe(value);
        setInt64(bytes, 0, Number(saturated));
        expect(view.getBigInt64(0)).toBe(saturated);
      }),
    );
  });
});

import {
  type BatchSeal,
  createCodec,
  encodeRecordBatch,
  hasDeleteHorizon,
  RecordBatch,
  setBaseOffset,
  setLeaderEpoch,
} from '@ks/protocol';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { checksum } from '../../tests/storage/log-fixture.ts';
import { BatchFilter, type BatchVerdict } from './cleaner-batch-filter.ts';

const codec = createCodec(checksum);
const HORIZON_MS = 1_800_000_000_000;
/** Old, new, none, and so far off that a delta to the horizon takes all of its bytes. */
const timestamp = fc.oneof(
  fc.integer({ min: 1_700_000_000_000, max: 1_700_000_100_000 }),
  fc.constantFrom(0, -1, HORIZON_MS, HORIZON_MS + 5, 2 ** 51),
);
const bytes = fc.uint8Array({ maxLength: 12 });
const record = fc.record({
  timestamp,
  key: fc.option(bytes),
  value: fc.option(bytes),
  headers: fc.array(fc.record({ key: fc.string({ maxLength: 4 }), value: fc.option(bytes) }), { maxLength: 2 }),
  isKept: fc.boolean(),
  startsHorizon: fc.boolean(),
});
const batchCase = fc.record({
  records: fc.array(record, { minLength: 1, maxLength: 12 }),
  compression: fc.constantFrom('none' as const, 'gzip' as const, 'snappy' as const, 'lz4' as const, 'zstd' as const),
  logAppendTimeMs: fc.option(fc.integer({ min: 1_700_000_000_000, max: 1_700_000_100_000 }), { nil: undefined }),
  isTransactional: fc.boolean(),
  staysEmpty: fc.boolean(),
});

interface Plain {
  readonly offset: number;
  readonly timestamp: number;
  readonly content: string;
}

async function plainOf(batch: RecordBatch): Promise<Plain[]> {
  const records = batch.recordsCount === 0 ? batch.payload : await batch.decompress(codec, 1 << 20);
  return [...batch.records(records)].map((each) => ({
    offset: each.offset,
    timestamp: each.timestamp,
    content: JSON.stringify([each.key, each.value, [...each.headers]].map((part) => part)),
  }));
}

describe('the batch filter', () => {
  test('takes out what is not kept and changes nothing else, whatever the codec, the times and the horizon', async () => {
    // One for all: what it keeps of one batch must not show in the next.
    const filter = new BatchFilter(codec, checksum);
    const property = fc.asyncProperty(batchCase, async ({ records, ...options }) => {
      const { staysEmpty, logAppendTimeMs, ...seal } = options;
      const all: BatchSeal = {
        ...{ checksum, codec, producerId: 7, producerEpoch: 3, baseSequence: 40, ...seal },
        ...(logAppendTimeMs === undefined ? {} : { logAppendTimeMs }),
      };
      const encoded = (await encodeRecordBatch(records, all)).slice();
      setBaseOffset(encoded, 0, 1000);
      setLeaderEpoch(encoded, 0, 5);
      const batch = new RecordBatch(encoded);
      const original = encoded.slice();
      const expected = (await plainOf(batch)).filter((_, index) => records[index]?.isKept);
      const verdict: BatchVerdict = {
        keeps: (cursor) => records[cursor.offsetDelta]?.isKept === true,
        staysEmpty,
        startsHorizon: (cursor) => records[cursor.offsetDelta]?.startsHorizon === true,
        deleteHorizonMs: HORIZON_MS,
      };
      const cleaned = await filter.clean(batch, verdict);
      expect(encoded).toEqual(original);
      expect(cleaned).toMatchObject({ recordsRead: records.length, recordsKept: expected.length });
      const goes = expected.length === 0 && !staysEmpty;
      expect(cleaned.bytes === undefined).toBe(goes);
      if (goes) return;
      const result = new RecordBatch(cleaned.bytes ?? new Uint8Array(0));
      expect(result.isCrcValid(checksum)).toBe(true);
      expect(await plainOf(result)).toEqual(expected);
      for (const field of [
        'baseOffset',
        'lastOffset',
        'leaderEpoch',
        'producerId',
        'producerEpoch',
        'baseSequence',
      ] as const)
        expect(result[field]).toBe(batch[field]);
      expect([result.isTransactional, result.isLogAppendTime]).toEqual([batch.isTransactional, batch.isLogAppendTime]);
      const hasHorizon = expected.length > 0 && records.some((each) => each.isKept && each.startsHorizon);
      expect(hasDeleteHorizon(result.bytes, 0)).toBe(hasHorizon);
      if (hasHorizon) expect(result.baseTimestamp).toBe(HORIZON_MS);
      if (expected.length > 0) expect(result.compression).toBe(batch.compression);
      const greatest = Math.max(-1, ...expected.map((each) => each.timestamp));
      if (expected.length > 0) expect(result.maxTimestamp).toBe(greatest);
      // A second look with nothing to do changes no byte.
      const settled = { ...verdict, keeps: () => true, startsHorizon: () => hasHorizon };
      if (expected.length > 0) {
        const copy = new RecordBatch(result.bytes.slice());
        expect((await filter.clean(copy, settled)).bytes).toBe(copy.bytes);
      }
    });
    await fc.assert(property, { numRuns: 300 });
  });
});

import fc from 'fast-check';
import type { RecordInput } from '../../src/records/encode-record-batch.ts';

const bytes = fc.uint8Array({ maxLength: 40 });
const nullableBytes = fc.option(bytes, { nil: null });

/** Records of every shape; timestamps lie anywhere in the safe range's middle half, so that deltas stay exact. */
export const recordInputs: fc.Arbitrary<Required<Omit<RecordInput, 'offsetDelta'>>[]> = fc.array(
  fc.record({
    timestamp: fc.oneof(fc.integer({ min: -(2 ** 51), max: 2 ** 51 }), fc.integer({ min: 1.7e12, max: 1.7e12 + 1000 })),
    key: nullableBytes,
    value: nullableBytes,
    headers: fc.array(fc.record({ key: fc.string({ unit: 'grapheme', maxLength: 8 }), value: nullableBytes }), {
      maxLength: 3,
    }),
  }),
  { minLength: 1, maxLength: 12 },
);

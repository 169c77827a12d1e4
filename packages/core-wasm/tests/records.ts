import fc from 'fast-check';

/** A record before encoding. */
export interface PlannedRecord {
  readonly attributes: number;
  readonly timestampDelta: bigint;
  readonly offsetDelta: number;
  readonly key: Uint8Array | null;
  readonly value: Uint8Array | null;
  readonly headers: readonly { readonly key: Uint8Array; readonly value: Uint8Array | null }[];
}

const nullableBytes = fc.option(fc.oneof(fc.uint8Array({ maxLength: 8 }), fc.uint8Array({ maxLength: 200 })), {
  nil: null,
});
const timestampDelta = fc.oneof(
  fc.bigInt({ min: -70n, max: 70n }),
  fc.bigInt({ min: -100_000n, max: 100_000n }),
  fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n }),
);

/** Records with sequential offset deltas most of the time. */
export const plannedRecords: fc.Arbitrary<readonly PlannedRecord[]> = fc
  .tuple(
    fc.array(
      fc.record({
        attributes: fc.oneof(fc.constant(0), fc.nat(255)),
        timestampDelta,
        key: nullableBytes,
        value: nullableBytes,
        headers: fc.array(fc.record({ key: fc.uint8Array({ maxLength: 10 }), value: nullableBytes }), { maxLength: 4 }),
      }),
      { maxLength: 150 },
    ),
    fc.oneof(
      { weight: 3, arbitrary: fc.constant([0, 0]) },
      { weight: 1, arbitrary: fc.tuple(fc.nat(150), fc.integer()) },
    ),
  )
  .map(([records, [oddIndex, oddBy]]) =>
    records.map((record, index) => ({
      ...record,
      offsetDelta: index === oddIndex ? (index + (oddBy ?? 0)) | 0 : index,
    })),
  );

/** The records as a batch carries them. */
export function encodeRecords(records: readonly PlannedRecord[]): Uint8Array {
  return Uint8Array.from(
    records.flatMap((record) => {
      const fields = [
        record.attributes,
        ...zigzag(record.timestampDelta),
        ...zigzag(BigInt(record.offsetDelta)),
        ...lengthAndBytes(record.key),
        ...lengthAndBytes(record.value),
        ...zigzag(BigInt(record.headers.length)),
        ...record.headers.flatMap((header) => [...lengthAndBytes(header.key), ...lengthAndBytes(header.value)]),
      ];
      return [...zigzag(BigInt(fields.length)), ...fields];
    }),
  );
}

function lengthAndBytes(bytes: Uint8Array | null): number[] {
  return bytes === null ? [1] : [...zigzag(BigInt(bytes.length)), ...bytes];
}

/** A zigzag varint or varlong. */
export function zigzag(value: bigint): number[] {
  const bytes: number[] = [];
  let left = BigInt.asUintN(64, (value << 1n) ^ (value >> 63n));
  for (; left >= 0x80n; left >>= 7n) bytes.push(Number(left & 0x7fn) | 0x80);
  bytes.push(Number(left));
  return bytes;
}

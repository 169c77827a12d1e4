import { describe, expect, it, test } from 'vitest';
import { bothCores } from '../tests/cores.ts';
import { goldenBatches, goldenCrcs, goldenIndexes, magic0Lz4Frame } from '../tests/fixtures/golden.ts';
import { expectSameBytes } from '../tests/outcome.ts';

const fromHex = (hex: string): Uint8Array => Uint8Array.from(Buffer.from(hex, 'hex'));

describe.each(bothCores)('%s reproduces what Kafka wrote', (_name, core) => {
  test.each(goldenCrcs)('CRC-32C of $hex', ({ hex, crc32c }) => {
    expect(core.crc32c(fromHex(hex))).toBe(crc32c);
  });

  describe.each(goldenBatches)('$name', ({ name, hex }) => {
    const batch = fromHex(hex);
    const header = new DataView(batch.buffer, batch.byteOffset, 61);
    const recordsCount = header.getInt32(57);

    it('has the CRC that its header states', () => {
      expect(core.crc32c(batch.subarray(21))).toBe(header.getUint32(17));
    });

    it('has well-formed records up to the timestamp that its header states', () => {
      const payload = batch.subarray(61);
      const records = name.endsWith('lz4')
        ? core.lz4Decompress(payload, 1000)
        : name.endsWith('snappy')
          ? core.snappyDecompress(payload, 1000)
          : payload;
      const scan = core.scanRecords(records, recordsCount);
      expect(scan).toMatchObject({ status: 0, recordIndex: -1, recordsCount, consumedBytes: records.length });
      expect(scan.offsetDeltasSequential).toBe(true);
      if (name !== 'v2-logappendtime' && recordsCount > 0) {
        expect(scan.maxTimestampDelta).toBe(Number(header.getBigInt64(35) - header.getBigInt64(27)));
      }
    });
  });

  it('takes the facts of the multi-record batch', () => {
    const batch = goldenBatches.find(({ name }) => name === 'v2-multi');
    expect(core.scanRecords(fromHex(batch?.hex ?? '').subarray(61), 3)).toEqual({
      status: 0,
      recordIndex: -1,
      recordsCount: 3,
      maxTimestampDelta: 10,
      minTimestampDelta: 0,
      offsetOfMaxTimestamp: 1,
      nullKeys: 1,
      offsetDeltasSequential: true,
      consumedBytes: 51,
    });
  });

  it('accepts the header checksum that magic 0 gets wrong on purpose', () => {
    expectSameBytes(core.lz4Decompress(fromHex(magic0Lz4Frame.hex), 1000), fromHex(magic0Lz4Frame.contentHex));
  });

  it('refuses a header checksum that is wrong in any other way', () => {
    const frame = fromHex(magic0Lz4Frame.hex);
    frame[6] = 0x1b;
    expect(() => core.lz4Decompress(frame, 1000)).toThrow('header checksum');
  });

  it('finds offsets and timestamps in index files', () => {
    const offsets = fromHex(goldenIndexes.offsetIndexHex);
    expect([9, 10, 24, 25, 99, 100, 5000].map((offset) => core.searchOffsetIndex(offsets, 3, offset))).toEqual([
      -1, 0, 0, 1, 1, 2, 2,
    ]);
    const times = fromHex(goldenIndexes.timeIndexHex);
    const first = goldenIndexes.firstTimestampMs;
    expect([-1, 0, 4999, 5000, 9999].map((delta) => core.searchTimeIndex(times, 2, first + delta))).toEqual([
      -1, 0, 0, 1, 1,
    ]);
  });

  // From the xxHash specification's own test vectors and the widely published ones.
  test.each([
    ['', 0, 0x02cc5d05],
    ['a', 0, 0x550d7456],
    ['Nobody inspects the spammish repetition', 0, 0xe2293b2f],
    ['', 0x9e3779b1, 0x36b78ae7],
  ])('xxHash32 of %j with seed %i', (text, seed, hash) => {
    expect(core.xxHash32(Buffer.from(text), seed)).toBe(hash);
  });

  it('writes the LZ4 frame header and end mark that Java writes', () => {
    const frame = core.lz4Compress(new Uint8Array(0));
    expect(Buffer.from(frame).toString('hex')).toBe('04224d1860408200000000');
  });

  it('writes the xerial header that Java writes', () => {
    expect(Buffer.from(core.snappyCompress(new Uint8Array(0))).toString('hex')).toBe(
      '82534e41505059000000000100000001',
    );
  });
});

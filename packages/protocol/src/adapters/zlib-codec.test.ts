import zlib from 'node:zlib';
import { createCore } from '@ks/core-wasm';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { goldenBatch, goldenInputs } from '../../tests/records/golden.ts';
import { CodecError, type CodecErrorCode } from '../compression/codec.ts';
import { type CompressionType, compressionTypes } from '../compression/compression-type.ts';
import { encodeRecordBatch } from '../records/encode-record-batch.ts';
import { RecordBatch } from '../records/record-batch.ts';
import { type CodecOptions, createCodec } from './zlib-codec.ts';
import { hasZstd } from './zlib-engine.ts';

const core = createCore({ kind: 'reference' });
const ways: readonly CodecOptions[] = hasZstd() ? [{ zstd: 'zlib' }, { zstd: 'zstd-codec' }] : [{ zstd: 'zstd-codec' }];
const cases = compressionTypes
  .filter((type) => type !== 'none')
  .flatMap((type) => (type === 'zstd' ? ways : [{}]).map((options) => ({ type, options })))
  .flatMap((each) => (['decompress', 'inspect'] as const).map((way) => ({ ...each, way })));
const compressible = (length: number): Uint8Array => new Uint8Array(length).map((_, index) => (index >> 3) % 97);

async function codeOf(run: () => Uint8Array | Promise<Uint8Array>): Promise<CodecErrorCode | 'none'> {
  try {
    await run();
    return 'none';
  } catch (error) {
    if (error instanceof CodecError) return error.code;
    throw error;
  }
}

describe.each(cases)('$type $options $way', ({ type, options, way }) => {
  const codec = createCodec(core, options);
  const decompress: typeof codec.decompress = (from, input, maxBytes) =>
    way === 'decompress'
      ? codec.decompress(from, input, maxBytes)
      : codec.inspect(from, input, maxBytes, (content) => content.slice());

  test('what was compressed reads back', async () => {
    const inputs = fc.oneof(fc.uint8Array({ maxLength: 3000 }), fc.nat({ max: 300_000 }).map(compressible));
    await fc.assert(
      fc.asyncProperty(inputs, async (input) => {
        const output = await decompress(type, await codec.compress(type, input), input.length);
        expect(Buffer.compare(output, input)).toBe(0);
      }),
      { numRuns: 60 },
    );
  });

  test('a bomb is stopped at the bound', async () => {
    const bomb = await codec.compress(type, new Uint8Array(8 * 1024 * 1024));
    expect(await codeOf(() => decompress(type, bomb, 1024 * 1024))).toBe('TOO_LARGE');
    expect(await codeOf(() => decompress(type, bomb, 8 * 1024 * 1024 - 1))).toBe('TOO_LARGE');
    expect(await codeOf(() => decompress(type, bomb, 0))).toBe('TOO_LARGE');
    expect((await decompress(type, bomb, 8 * 1024 * 1024)).length).toBe(8 * 1024 * 1024);
  });

  test('every cut is noticed', async () => {
    const whole = await codec.compress(type, compressible(5000));
    for (let end = 0; end < whole.length; end += 1) {
      const code = await codeOf(() => decompress(type, whole.subarray(0, end), 10_000));
      // Snappy in xerial framing has no end mark: its header alone is an empty stream.
      if (type === 'snappy' && end === 16) continue;
      expect(code, `cut at ${end} of ${whole.length}`).not.toBe('none');
    }
  });

  test('garbage gives a CodecError or bytes within the bound', async () => {
    const garbage = fc.oneof(
      fc.uint8Array({ maxLength: 200 }),
      fc
        .tuple(
          fc.nat({ max: 4000 }),
          fc.array(fc.tuple(fc.nat(), fc.nat({ max: 255 })), { minLength: 1, maxLength: 4 }),
        )
        .map(([length, edits]) => ({ length, edits })),
    );
    await fc.assert(
      fc.asyncProperty(garbage, async (given) => {
        let bytes: Uint8Array;
        if (given instanceof Uint8Array) bytes = given;
        else {
          bytes = (await codec.compress(type, compressible(given.length))).slice();
          for (const [at, value] of given.edits) bytes[at % bytes.length] = value;
        }
        try {
          expect((await decompress(type, bytes, 10_000)).length).toBeLessThanOrEqual(10_000);
        } catch (error) {
          expect(error).toBeInstanceOf(CodecError);
        }
      }),
      { numRuns: 300 },
    );
  });

  test('large inputs may be overwritten once the call has returned', async () => {
    const input = new Uint8Array(300_000).map(() => Math.floor(Math.random() * 256));
    const original = input.slice();
    const compressing = codec.compress(type, input);
    input.fill(0);
    const compressed = (await compressing).slice();
    const decompressing = decompress(type, compressed, input.length);
    compressed.fill(0);
    expect(Buffer.compare(await decompressing, original)).toBe(0);
  });

  test('a golden batch is read', async () => {
    const batch = new RecordBatch(goldenBatch(`v2-${type}`));
    expect(batch.compression).toBe(type);
    expect(batch.isCrcValid(core)).toBe(true);
    const plain = await batch.decompress(codec, 1000);
    expect(Buffer.compare(plain, new RecordBatch(goldenBatch('v2-none-5')).payload)).toBe(0);
    const values = [...batch.records(plain)].map((record) => Buffer.from(record.value ?? []).toString());
    expect(values).toEqual(goldenInputs.R5.map((record) => record.value));
  });

  test('a batch is written and read', async () => {
    const records = goldenInputs.R5.map((record) => ({ timestamp: record.ts, value: Buffer.from(record.value ?? '') }));
    const encoded = await encodeRecordBatch(records, { checksum: core, codec, compression: type });
    const batch = new RecordBatch(encoded);
    expect(batch.compression).toBe(type);
    expect(batch.isCrcValid(core)).toBe(true);
    const read = [...batch.records(await batch.decompress(codec, 1000))];
    expect(read.map((record) => Buffer.from(record.value ?? []).toString())).toEqual(
      goldenInputs.R5.map((record) => record.value),
    );
  });
});

describe('several frames in one stream are one output', () => {
  const parts = [compressible(100), compressible(70_000), compressible(0), compressible(5)];
  const whole = Buffer.concat(parts);
  const joinedBy = async (type: CompressionType, options: CodecOptions): Promise<Uint8Array> => {
    const codec = createCodec(core, options);
    return Buffer.concat(await Promise.all(parts.map((part) => codec.compress(type, part))));
  };

  test.each([{ type: 'gzip' as const, options: {} }, ...ways.map((options) => ({ type: 'zstd' as const, options }))])(
    '$type $options',
    async ({ type, options }) => {
      const codec = createCodec(core, options);
      const stream = await joinedBy(type, options);
      expect(Buffer.compare(await codec.decompress(type, stream, whole.length), whole)).toBe(0);
      expect(await codeOf(() => codec.decompress(type, stream, whole.length - 1))).toBe('TOO_LARGE');
    },
  );

  test.each(ways)('zstd with skippable frames between $zstd', async (options) => {
    const codec = createCodec(core, options);
    const skippable = Buffer.from('502a4d1803000000616263', 'hex');
    const frame = await codec.compress('zstd', compressible(100));
    const stream = Buffer.concat([skippable, frame, skippable, frame, skippable]);
    expect((await codec.decompress('zstd', stream, 1000)).length).toBe(200);
    expect((await codec.decompress('zstd', skippable, 1000)).length).toBe(0);
    expect(await codeOf(() => codec.decompress('zstd', Buffer.concat([frame, Buffer.from('x')]), 1000))).toBe(
      'CORRUPT',
    );
  });
});

describe.runIf(hasZstd())('zstd frames without content size', () => {
  const streamed = async (input: Uint8Array, windowLog: number): Promise<Uint8Array> => {
    const stream = zlib.createZstdCompress({ params: { [zlib.constants.ZSTD_c_windowLog]: windowLog } });
    stream.write(input);
    stream.end();
    return Buffer.concat(await stream.toArray());
  };

  test.each(ways)('are read by $zstd', async (options) => {
    const codec = createCodec(core, options);
    for (const windowLog of [10, 20, 23]) {
      const frame = await streamed(compressible(600_000), windowLog);
      expect(Buffer.compare(await codec.decompress('zstd', frame, 600_000), compressible(600_000))).toBe(0);
      expect(await codeOf(() => codec.decompress('zstd', frame, 599_999))).toBe('TOO_LARGE');
    }
  });

  test('with a window that zstd-codec has no memory for are refused by it, and it goes on working', async () => {
    const frame = await streamed(compressible(1000), 27);
    expect((await createCodec(core, { zstd: 'zlib' }).decompress('zstd', frame, 1000)).length).toBe(1000);
    const codec = createCodec(core, { zstd: 'zstd-codec' });
    expect(await codeOf(() => codec.decompress('zstd', frame, 1000))).toBe('UNSUPPORTED');
    expect((await codec.decompress('zstd', await streamed(compressible(1000), 20), 1000)).length).toBe(1000);
  });
});

test('small inputs are handled at once, large ones of gzip and zstd on another thread', () => {
  const codec = createCodec(core);
  for (const type of compressionTypes) {
    if (type === 'zstd' && !hasZstd()) continue;
    const small = codec.compress(type, compressible(1000));
    expect(small).toBeInstanceOf(Uint8Array);
    expect(codec.decompress(type, small as Uint8Array, 1000)).toBeInstanceOf(Uint8Array);
    const large = codec.compress(type, compressible(100_000));
    expect(large instanceof Promise).toBe(type === 'gzip' || type === 'zstd');
  }
});

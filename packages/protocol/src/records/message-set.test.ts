import { createCore } from '@ks/core-wasm';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { goldenBatch, goldenBatchNames, goldenInputs } from '../../tests/records/golden.ts';
import { createCodec } from '../adapters/zlib-codec.ts';
import { CodecError } from '../compression/codec.ts';
import { ProtocolError } from '../wire/protocol-error.ts';
import { crc32 } from './crc32.ts';
import { readMessageSet } from './message-set.ts';

const codec = createCodec(createCore({ kind: 'reference' }));
const text = (bytes: Uint8Array | null): string | null => (bytes === null ? null : Buffer.from(bytes).toString());
const sets = goldenBatchNames.filter((name) => !name.startsWith('v2'));

test('the checksum is that of IEEE', () => {
  expect(crc32(Buffer.from(''))).toBe(0);
  expect(crc32(Buffer.from('123456789'))).toBe(0xcbf43926);
  expect(crc32(Buffer.from('kafka'))).toBe(0x5bbc7517);
});

describe('golden message sets', () => {
  test('are all there', () => {
    expect(sets).toHaveLength(9);
  });

  test.each(sets)('%s', async (name) => {
    const { M3, T } = goldenInputs;
    const isAppendTime = name.endsWith('logappendtime');
    const messages = await readMessageSet(goldenBatch(name), codec, 10_000);
    expect(messages.map(({ key, value }) => [text(key), text(value)])).toEqual(
      M3.map(({ key, value }) => [key, value]),
    );
    expect(messages.map(({ offset }) => offset)).toEqual([50, 51, 52]);
    const timestamps = M3.map(({ ts }) => (name.startsWith('v0') ? -1 : isAppendTime ? T + 9999 : ts));
    expect(messages.map(({ timestamp }) => timestamp)).toEqual(timestamps);
    expect(new Set(messages.map(({ timestampType }) => timestampType))).toEqual(
      new Set([isAppendTime ? 'logAppendTime' : 'createTime']),
    );
  });
});

test('a message that is cut off at the end is left out', async () => {
  const set = goldenBatch('v1-none');
  expect(await readMessageSet(set.subarray(0, set.length - 1), codec, 100)).toHaveLength(2);
});

test('record batches are no message sets', async () => {
  await expect(readMessageSet(goldenBatch('v2-single'), codec, 100)).rejects.toThrow(ProtocolError);
});

test('every changed byte behind offset and size is noticed', async () => {
  // One message each, a wrapper: of the others only the first lies wholly behind its own offset and size.
  const wrappers = sets.filter((name) => !name.endsWith('none'));
  await fc.assert(
    fc.asyncProperty(
      fc.constantFrom(...wrappers),
      fc.nat(),
      fc.integer({ min: 1, max: 255 }),
      async (name, at, change) => {
        const set = goldenBatch(name);
        const index = 12 + (at % (set.length - 12));
        set[index] = (set[index] as number) ^ change;
        await expect(readMessageSet(set, codec, 10_000)).rejects.toThrow(ProtocolError);
      },
    ),
    { numRuns: 1000 },
  );
});

test('random bytes give messages or an error of ours', async () => {
  await fc.assert(
    fc.asyncProperty(fc.uint8Array({ maxLength: 100 }), async (bytes) => {
      await readMessageSet(bytes, codec, 10_000).catch((error: unknown) => {
        expect(error instanceof ProtocolError || error instanceof CodecError).toBe(true);
      });
    }),
  );
});

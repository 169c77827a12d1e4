import { createCore } from '@ks/core-wasm';
import {
  type CompressionType,
  compressionTypes,
  createCodec,
  encodeRecordBatch,
  ErrorCode,
  isLogAppendTime,
  RecordBatch,
} from '@ks/protocol';
import { describe, expect, test } from 'vitest';
import { defaultLogConfig, type LogConfig } from './log-config.ts';
import { type BatchValidation, createRecordValidator, type ValidationRules } from './record-validator.ts';

const core = createCore({ memoryBytes: 4 * 1024 * 1024 });
const codec = createCodec(core);
const validator = createRecordValidator(core, codec);
const NOW_MS = 1_800_000_000_000;

const text = (value: string) => new TextEncoder().encode(value);

/** Records of every kind: null keys and values, headers, timestamps out of order. */
function recordsOf(count: number) {
  return Array.from({ length: count }, (_, index) => ({
    timestamp: NOW_MS - ((index * 7919) % 1000),
    key: index % 3 === 0 ? null : text(`key ${index}`),
    value: index % 5 === 0 ? null : text(`value ${Math.sin(index)} ${'x'.repeat(index % 50)}`),
    headers: index % 4 === 0 ? [{ key: 'h', value: text(`${index}`) }] : [],
  }));
}

async function produced(compression: CompressionType, count: number): Promise<Uint8Array> {
  const producer = { producerId: 9, producerEpoch: 3, baseSequence: 41, isTransactional: true };
  return encodeRecordBatch(recordsOf(count), { compression, codec, checksum: core, ...producer });
}

function validate(
  batch: Uint8Array,
  config: Partial<LogConfig>,
  over: Partial<ValidationRules> = {},
): BatchValidation | Promise<BatchValidation> {
  return validator.validate(batch, {
    ...{ origin: 'client', apiVersion: 12, nowMs: NOW_MS, inflatedBytesMax: 50_000_000 },
    config: { ...defaultLogConfig, ...config },
    ...over,
  });
}

/** Everything a reader can see of a batch, in one text. */
async function contents(bytes: Uint8Array) {
  const batch = new RecordBatch(bytes);
  expect(batch.isCrcValid(core)).toBe(true);
  const { baseOffset, lastOffset, baseTimestamp, maxTimestamp, producerId, producerEpoch, baseSequence } = batch;
  const header = { baseOffset, lastOffset, baseTimestamp, maxTimestamp, producerId, producerEpoch, baseSequence };
  const plain = await batch.decompress(codec, 50_000_000);
  const seen = (bytes: Uint8Array | null) => (bytes === null ? null : Buffer.from(bytes).toString('latin1'));
  const records = [...batch.records(plain)].map(({ offset, timestamp, key, value, headers }) => {
    const named = headers.map((header) => [header.key, seen(header.value)]);
    return [offset, timestamp, seen(key), seen(value), named];
  });
  return JSON.stringify([header, batch.isTransactional, records]);
}

describe('compression.type', () => {
  test("stores what came in any codec under the topic's, with every record as it was", async () => {
    for (const source of compressionTypes) {
      for (const target of compressionTypes) {
        for (const count of [1, 40, 4000]) {
          const batch = await produced(source, count);
          const facts = await validate(batch, { compressionType: target });
          if (!facts.valid) throw new Error(facts.message);
          expect(facts.recompressed === undefined).toBe(source === target);
          if (facts.recompressed === undefined) continue;
          expect(new RecordBatch(facts.recompressed).compression).toBe(target);
          expect(facts.sizeBytes).toBe(facts.recompressed.length);
          expect((await contents(facts.recompressed)) === (await contents(batch))).toBe(true);
        }
      }
    }
  });

  test('leaves alone what coordinators write, and everything where it says producer', async () => {
    const batch = await produced('lz4', 40);
    expect(await validate(batch, { compressionType: 'gzip' }, { origin: 'coordinator' })).toMatchObject({
      recompressed: undefined,
    });
    expect(await validate(batch, {})).toMatchObject({ recompressed: undefined });
  });

  test('has the levels of gzip, lz4 and zstd', async () => {
    const batch = await produced('none', 4000);
    for (const compressionType of ['gzip', 'lz4', 'zstd'] as const) {
      const sizes: number[] = [];
      for (const compressionLevel of [1, 8]) {
        const facts = await validate(batch, { compressionType, compressionLevel });
        if (!facts.valid || facts.recompressed === undefined) throw new Error('not recompressed');
        expect((await contents(facts.recompressed)) === (await contents(batch))).toBe(true);
        sizes.push(facts.sizeBytes);
      }
      expect(sizes[1]).toBeLessThan(sizes[0] as number);
    }
  });

  test('may make a batch too large', async () => {
    const batch = await produced('gzip', 4000);
    const facts = await validate(batch, { compressionType: 'none', maxMessageBytes: batch.length });
    expect(facts).toMatchObject({ valid: false, errorCode: ErrorCode.MESSAGE_TOO_LARGE });
  });

  test('reads nothing of the request once it has given a promise', async () => {
    const batch = await produced('none', 4000);
    const expected = await contents(batch.slice());
    const validation = validate(batch, { compressionType: 'zstd' });
    expect(validation).toBeInstanceOf(Promise);
    batch.fill(0xdd);
    const facts = await validation;
    if (!facts.valid || facts.recompressed === undefined) throw new Error('not recompressed');
    expect(isLogAppendTime(facts.recompressed, 0)).toBe(false);
    expect((await contents(facts.recompressed)) === expected).toBe(true);
  });
});

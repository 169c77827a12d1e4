import { createCore } from '@ks/core-wasm';
import {
  createCodec,
  ErrorCode,
  encodePlainRecordBatch,
  encodeRecordBatch,
  type RecordInput,
  sealBatch,
  setBatchLength,
  setLastOffsetDelta,
  setMagic,
  setRecordsCount,
} from '@ks/protocol';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { defaultLogConfig, type LogConfig } from './log-config.ts';
import { type BatchValidation, createRecordValidator, type ValidationRules } from './record-validator.ts';

const core = createCore({ kind: 'reference' });
const codec = createCodec(core);
const validator = createRecordValidator(core, codec);
const NOW = 1_700_000_000_000;
const bytes = (text: string) => new TextEncoder().encode(text);

function rules(change: Partial<ValidationRules> = {}, config: Partial<LogConfig> = {}): ValidationRules {
  return {
    origin: 'client',
    apiVersion: 9,
    nowMs: NOW,
    inflatedBytesMax: 1_000_000,
    config: { ...defaultLogConfig, ...config },
    ...change,
  };
}

const records: readonly RecordInput[] = [
  { timestamp: NOW, key: bytes('a'), value: bytes('one') },
  { timestamp: NOW + 7, key: null, value: bytes('two') },
  { timestamp: NOW + 3, key: bytes('c'), value: null },
];
const plain = () => encodePlainRecordBatch(records, { checksum: core });

/** A batch with some of its header changed and the checksum made right again. */
function changed(change: (batch: Uint8Array) => void): Uint8Array {
  const batch = plain();
  change(batch);
  sealBatch(batch, 0, core);
  return batch;
}

function sync(input: Uint8Array | null, with_: ValidationRules = rules()): BatchValidation {
  const result = validator.validate(input, with_);
  if (result instanceof Promise) throw new Error('a promise');
  return result;
}

function codeOf(input: Uint8Array | null, with_?: ValidationRules): number {
  const result = sync(input, with_);
  return result.valid ? ErrorCode.NONE : result.errorCode;
}

describe('the validator takes', () => {
  test('a plain batch, and tells what it holds', () => {
    expect(sync(plain())).toEqual({
      valid: true,
      sizeBytes: plain().length,
      recordsCount: 3,
      maxTimestampMs: NOW + 7,
      producerId: -1,
      producerEpoch: -1,
      baseSequence: -1,
      isTransactional: false,
      isControl: false,
    });
  });

  test.each(['gzip', 'snappy', 'lz4', 'zstd'] as const)('a batch compressed with %s', async (compression) => {
    const batch = await encodeRecordBatch(records, { checksum: core, compression, codec });
    expect(await validator.validate(batch, rules())).toMatchObject({ valid: true, maxTimestampMs: NOW + 7 });
  });

  test('a large compressed batch, by a promise', async () => {
    const large = [
      { timestamp: NOW, key: null, value: new Uint8Array(200_000).map((_, index) => (index * 7919) % 251) },
    ];
    const batch = await encodeRecordBatch(large, { checksum: core, compression: 'gzip', codec });
    expect(await validator.validate(batch, rules())).toMatchObject({ valid: true, recordsCount: 1 });
  });

  test('a coordinator’s control batch and null keys', () => {
    const control = encodePlainRecordBatch(records, { checksum: core, isControl: true });
    const own = rules({ origin: 'coordinator' }, { cleanupPolicy: { delete: false, compact: true } });
    expect(sync(control, own)).toMatchObject({ valid: true, isControl: true });
  });

  test('records without a timestamp', () => {
    const batch = encodePlainRecordBatch([{ timestamp: -1, key: null, value: null }], { checksum: core });
    const strict = rules({}, { messageTimestampBeforeMaxMs: 1000 });
    expect(sync(batch, strict)).toMatchObject({ valid: true, maxTimestampMs: -1 });
  });
});

describe('the validator refuses', () => {
  const { CORRUPT_MESSAGE, INVALID_RECORD, INVALID_TIMESTAMP, MESSAGE_TOO_LARGE } = ErrorCode;

  test('no batch, a piece of one, two of them, an older format', () => {
    expect(codeOf(null)).toBe(INVALID_RECORD);
    expect(codeOf(new Uint8Array(0))).toBe(INVALID_RECORD);
    expect(codeOf(plain().subarray(0, 16))).toBe(CORRUPT_MESSAGE);
    expect(codeOf(plain().subarray(0, 80))).toBe(CORRUPT_MESSAGE);
    expect(codeOf(Uint8Array.from([...plain(), ...plain()]))).toBe(INVALID_RECORD);
    expect(codeOf(changed((batch) => setMagic(batch, 0, 1)))).toBe(INVALID_RECORD);
  });

  test('lies in the header', () => {
    expect(codeOf(changed((batch) => setRecordsCount(batch, 0, 4)))).toBe(INVALID_RECORD);
    expect(codeOf(changed((batch) => setRecordsCount(batch, 0, -1)))).toBe(INVALID_RECORD);
    expect(codeOf(changed((batch) => setLastOffsetDelta(batch, 0, 7)))).toBe(INVALID_RECORD);
    const more = changed((batch) => {
      setRecordsCount(batch, 0, 0x7fffffff);
      setLastOffsetDelta(batch, 0, 0x7ffffffe);
    });
    expect(codeOf(more)).toBe(INVALID_RECORD);
    const fewer = changed((batch) => {
      setRecordsCount(batch, 0, 2);
      setLastOffsetDelta(batch, 0, 1);
    });
    expect(codeOf(fewer)).toBe(INVALID_RECORD);
    const short = plain();
    setBatchLength(short, 0, -5);
    expect(codeOf(short)).toBe(CORRUPT_MESSAGE);
  });

  test('every single flipped bit behind the magic', () => {
    const batch = plain();
    for (let at = 17; at < batch.length; at += 1) {
      batch[at] = (batch[at] ?? 0) ^ 0x10;
      expect(codeOf(batch)).toBe(CORRUPT_MESSAGE);
      batch[at] = (batch[at] ?? 0) ^ 0x10;
    }
  });

  test('control records of a client, and a producer id without a sequence', () => {
    expect(codeOf(encodePlainRecordBatch(records, { checksum: core, isControl: true }))).toBe(INVALID_RECORD);
    expect(codeOf(encodePlainRecordBatch(records, { checksum: core, producerId: 5, producerEpoch: 0 }))).toBe(
      INVALID_RECORD,
    );
  });

  test('zstd by an old version', async () => {
    const batch = await encodeRecordBatch(records, { checksum: core, compression: 'zstd', codec });
    expect(await validator.validate(batch, rules({ apiVersion: 6 }))).toMatchObject({
      errorCode: ErrorCode.UNSUPPORTED_COMPRESSION_TYPE,
    });
  });

  test('what is too large for the topic or for a segment', () => {
    expect(codeOf(plain(), rules({}, { maxMessageBytes: plain().length }))).toBe(ErrorCode.NONE);
    expect(codeOf(plain(), rules({}, { maxMessageBytes: plain().length - 1 }))).toBe(MESSAGE_TOO_LARGE);
    expect(codeOf(plain(), rules({}, { segmentBytes: plain().length - 1 }))).toBe(ErrorCode.RECORD_LIST_TOO_LARGE);
  });

  test.each(['gzip', 'snappy', 'lz4', 'zstd'] as const)('a bomb in %s', async (compression) => {
    const bomb = [{ timestamp: NOW, key: null, value: new Uint8Array(5_000_000) }];
    const batch = await encodeRecordBatch(bomb, { checksum: core, compression, codec });
    expect(await validator.validate(batch, rules({}, { maxMessageBytes: 10_000_000 }))).toMatchObject({
      errorCode: MESSAGE_TOO_LARGE,
    });
  });

  test('records without a key in a compacted topic, by index', () => {
    const result = sync(plain(), rules({}, { cleanupPolicy: { delete: false, compact: true } }));
    expect(result).toMatchObject({ errorCode: INVALID_RECORD, recordErrors: [{ batchIndex: 1 }] });
  });

  test('records too old or too far ahead, by index', () => {
    const late = rules({ nowMs: NOW - 3_600_000 + 4 });
    expect(sync(plain(), late)).toMatchObject({ errorCode: INVALID_TIMESTAMP, recordErrors: [{ batchIndex: 1 }] });
    const early = rules({ nowMs: NOW + 1002 }, { messageTimestampBeforeMaxMs: 1000 });
    expect(sync(plain(), early)).toMatchObject({ errorCode: INVALID_TIMESTAMP, recordErrors: [{ batchIndex: 0 }] });
    expect(codeOf(plain(), rules({ nowMs: 0 }, { messageTimestampType: 'LogAppendTime' }))).toBe(ErrorCode.NONE);
  });

  test('anything at all without a throw', async () => {
    await fc.assert(
      fc.asyncProperty(fc.uint8Array({ maxLength: 200 }), fc.nat(200), fc.boolean(), async (noise, cut, seal) => {
        const batch = plain();
        const at = 17 + (cut % (batch.length - 17));
        batch.set(noise.subarray(0, batch.length - at), at);
        if (seal) sealBatch(batch, 0, core);
        const result = await validator.validate(batch, rules());
        expect(typeof result.valid).toBe('boolean');
      }),
      { numRuns: 500 },
    );
  });
});

test('an error that is not about the bytes is not swallowed', () => {
  const bug = (): never => {
    throw new TypeError('a bug');
  };
  const broken = createRecordValidator(core, {
    compress: () => new Uint8Array(0),
    decompress: bug,
    inspect: bug,
  });
  const batch = plain();
  batch[22] = 2;
  sealBatch(batch, 0, core);
  expect(() => broken.validate(batch, rules())).toThrow(TypeError);
});

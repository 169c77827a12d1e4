import {
  ErrorCode,
  encodePlainRecordBatch,
  recordBatchesOf,
  setBatchLength,
  setCrc,
  setProducerId,
  setRecordsCount,
} from '@ks/protocol';
import { afterEach, describe, expect, it } from 'vitest';
import { bytesOfParts } from '../ports/wire-part.ts';
import type { AppendRequest } from './replica-manager.ts';
import { batch, compressed, core, NOW_MS, Rig, record, resealed, stopRigs } from './replica-rig.test-support.ts';
import { appendRequest, BROKER_EPOCH, fetchRequest } from './replicas.test-support.ts';

afterEach(stopRigs);

describe('the data path over real storage', () => {
  it('gives back what every codec wrote, small and large, across a restart', async () => {
    const rig = await Rig.leading();
    const expected: string[] = [];
    let offset = 0;
    for (const compression of ['none', 'gzip', 'snappy', 'lz4', 'zstd'] as const) {
      for (const size of [10, 3000]) {
        const values = Array.from({ length: size }, (_, index) => `${compression} ${index} ${'x'.repeat(index % 60)}`);
        const [result] = await rig.append([await compressed(compression, values)]);
        expect(result).toMatchObject({ errorCode: 0, baseOffset: offset, lastOffset: offset + size - 1 });
        offset += size;
        expected.push(...values);
      }
    }
    expect((await rig.values()).join() === expected.join()).toBe(true);
    await rig.settle(rig.replicas.stop(BROKER_EPOCH));
    await rig.settle(rig.start(1));
    expect((await rig.values()).join() === expected.join()).toBe(true);
    expect((await rig.append([batch()]))[0]).toMatchObject({ errorCode: 0, baseOffset: offset });
  });

  it('refuses what lies, is broken, too large or not allowed, and keeps nothing of it', async () => {
    const rig = await Rig.leading({ maxMessageBytes: 20_000 });
    const bomb = await compressed('zstd', ['0'.repeat(3_000_000)]);
    const zstd = await compressed('zstd', ['a']);
    const cases: readonly (readonly [string, Uint8Array | null, number, Partial<AppendRequest>?])[] = [
      ['nothing', null, ErrorCode.INVALID_RECORD],
      ['no bytes', new Uint8Array(0), ErrorCode.INVALID_RECORD],
      ['cut off', batch().subarray(0, 40), ErrorCode.CORRUPT_MESSAGE],
      ['wrong CRC', batch(['a'], (bytes) => setCrc(bytes, 0, 1)), ErrorCode.CORRUPT_MESSAGE],
      [
        'flipped bit',
        batch(['a'], (bytes) => bytes.fill(9, bytes.length - 2, bytes.length - 1)),
        ErrorCode.CORRUPT_MESSAGE,
      ],
      ['length beyond the end', batch(['a'], (bytes) => setBatchLength(bytes, 0, 1 << 30)), ErrorCode.CORRUPT_MESSAGE],
      ['negative length', batch(['a'], (bytes) => setBatchLength(bytes, 0, -5)), ErrorCode.CORRUPT_MESSAGE],
      ['two batches', Uint8Array.from([...batch(), ...batch()]), ErrorCode.INVALID_RECORD],
      [
        'more records than there are',
        resealed((bytes) => setRecordsCount(bytes, 0, 2_000_000_000)),
        ErrorCode.INVALID_RECORD,
      ],
      ['fewer records than there are', resealed((bytes) => setRecordsCount(bytes, 0, 1)), ErrorCode.INVALID_RECORD],
      ['magic 1', batch(['a'], (bytes) => bytes.fill(1, 16, 17)), ErrorCode.INVALID_RECORD],
      ['control bit', resealed((bytes) => bytes.fill(0x20, 22, 23)), ErrorCode.INVALID_RECORD],
      ['an unknown codec', resealed((bytes) => bytes.fill(7, 22, 23)), ErrorCode.INVALID_RECORD],
      ['bytes that are no gzip', resealed((bytes) => bytes.fill(1, 22, 23)), ErrorCode.CORRUPT_MESSAGE],
      ['a bomb', bomb, ErrorCode.MESSAGE_TOO_LARGE],
      ['zstd in an old version', zstd, ErrorCode.UNSUPPORTED_COMPRESSION_TYPE, { apiVersion: 6 }],
      ['over max.message.bytes', batch(['y'.repeat(21_000)]), ErrorCode.MESSAGE_TOO_LARGE],
      [
        'from the far future',
        encodePlainRecordBatch([record('a', { timestamp: NOW_MS * 2 })], { checksum: core }),
        ErrorCode.INVALID_TIMESTAMP,
      ],
      ['of a producer id', resealed((bytes) => setProducerId(bytes, 0, 7)), ErrorCode.INVALID_RECORD],
    ];
    expect(bomb.length).toBeLessThan(20_000);
    for (const [name, bytes, errorCode, over] of cases) {
      expect([name, await rig.errorOf(bytes, over)]).toEqual([name, errorCode]);
    }
    expect(await rig.errorOf(batch(['fine']))).toBe(0);
    expect(await rig.values()).toEqual(['fine']);
  });

  it('inflates a large batch on the thread pool before it appends', async () => {
    const rig = await Rig.leading();
    const noise = Array.from({ length: 12_000 }, (_, index) => `${Math.sin(index)} ${Math.cos(index * 3)}`);
    const given = await compressed('gzip', noise);
    const { admitting, completion } = rig.replicas.append(appendRequest([given]));
    expect(admitting).toBeDefined();
    // The memory that the request lay in is read into again.
    given.fill(0xdd);
    expect((await rig.settle(completion))[0]).toMatchObject({ errorCode: 0, baseOffset: 0, lastOffset: 11_999 });
    expect(await rig.values()).toEqual(noise);
  });

  it('demands keys in compacted topics and names the records that lack one', async () => {
    const rig = await Rig.leading({ cleanupPolicy: { delete: false, compact: true } });
    const records = [record('a', { key: 'k' }), record('b'), record('c')];
    const [result] = await rig.append([encodePlainRecordBatch(records, { checksum: core })]);
    expect(result?.errorCode).toBe(ErrorCode.INVALID_RECORD);
    expect(result?.recordErrors.map((each) => each.batchIndex)).toEqual([1, 2]);
    expect(await rig.errorOf(encodePlainRecordBatch([record('a', { key: 'k' })], { checksum: core }))).toBe(0);
  });

  it("stamps the broker's time where the topic asks for it", async () => {
    const rig = await Rig.leading({ messageTimestampType: 'LogAppendTime' });
    const [result] = await rig.append([encodePlainRecordBatch([record('a', { timestamp: 5 })], { checksum: core })]);
    expect(result?.logAppendTimeMs).toBeGreaterThanOrEqual(NOW_MS);
    const [fetched] = await rig.settle(rig.replicas.fetch(fetchRequest([{}])));
    const [stored] = recordBatchesOf(await bytesOfParts(fetched?.records ?? []));
    expect([stored?.isLogAppendTime, stored?.maxTimestamp, stored?.isCrcValid(core)]).toEqual([
      true,
      result?.logAppendTimeMs,
      true,
    ]);
  });

  it('takes the directory of a full disk out of service and goes on with the others', async () => {
    const rig = await Rig.leading({}, 2);
    expect((await rig.append([batch(['a']), batch(['b'])])).map((each) => each.errorCode)).toEqual([0, 0]);
    const first = rig.directories.findIndex((directory) => directory.log('orders', 0) !== undefined);
    const waiting = rig.replicas.fetch(fetchRequest([{ fetchOffset: 1 }], { maxWaitMs: 60_000 }));
    rig.disk.full = new RegExp(`^/data/d${first}/.*log$`);
    const codes = (await rig.append([batch(['c']), batch(['d'])])).map((each) => each.errorCode);
    expect(codes).toEqual([ErrorCode.KAFKA_STORAGE_ERROR, 0]);
    expect((await rig.settle(waiting))[0]?.errorCode).toBe(ErrorCode.KAFKA_STORAGE_ERROR);
    rig.disk.full = undefined;
    expect(await rig.errorOf(batch())).toBe(ErrorCode.KAFKA_STORAGE_ERROR);
    await rig.settle(rig.replicas.stop(BROKER_EPOCH));
    await rig.settle(rig.start(1));
    expect(await rig.values()).toEqual(['a']);
    expect(await rig.errorOf(batch(['e']))).toBe(0);
  });
});

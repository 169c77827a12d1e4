import { createCodec, type RecordBatch, recordBatchesOf } from '@ks/protocol';
import { describe, expect, test } from 'vitest';
import { keyedBatch, startCleaning } from '../../tests/storage/cleaning-fixture.ts';
import { checksum, openLog, testEnvironment } from '../../tests/storage/log-fixture.ts';
import { VirtualClock } from '../../tests/virtual-clock.ts';
import { bytesOfParts } from '../ports/wire-part.ts';
import { createPrng } from '../sim/prng.ts';
import { SimFiles } from '../sim/sim-files.ts';
import type { Log } from './log.ts';

const KEYS = 9;
const codec = createCodec(checksum);
const config = {
  segmentBytes: 900,
  indexIntervalBytes: 150,
  cleanupPolicy: { delete: false, compact: true },
  fileDeleteDelayMs: 1,
};

interface Read {
  readonly offset: number;
  readonly key: string;
  readonly value: string;
}

async function recordsIn(batch: RecordBatch): Promise<Read[]> {
  const plain = batch.recordsCount === 0 ? batch.payload : await batch.decompress(codec, 1 << 20);
  const textOf = (bytes: Uint8Array | null) => new TextDecoder().decode(bytes ?? undefined);
  return [...batch.records(plain)].map(({ offset, key, value }) => ({
    ...{ offset, key: textOf(key), value: textOf(value) },
  }));
}

/** Reads the whole log like a slow consumer: what a read gives is fetched from the file some time later. */
async function readSlowly(log: Log, clock: VirtualClock, pauseMs: () => number): Promise<Read[]> {
  const pause = () => new Promise<void>((resolve) => void clock.setTimer(pauseMs(), resolve));
  const seen: Read[] = [];
  const end = log.logEndOffset;
  for (let offset = 0; offset < end; ) {
    const read = await log.read(offset, 400, end, { minOneBatch: true });
    if (read.type !== 'records') throw new Error('out of range');
    await pause();
    for (const batch of recordBatchesOf(await bytesOfParts(read.parts))) {
      expect(batch.isCrcValid(checksum)).toBe(true);
      seen.push(...(await recordsIn(batch)).filter((record) => record.offset >= offset));
    }
    if (read.nextOffset <= offset) throw new Error(`nothing at ${offset}`);
    offset = read.nextOffset;
    await pause();
  }
  return seen;
}

/** Asks for what comes at `offset` or behind it, and checks that no last record of a key was passed over. */
async function probe(log: Log, clock: VirtualClock, offset: number, last: readonly Read[]): Promise<void> {
  const read = await log.read(offset, 1, log.logEndOffset, { minOneBatch: true });
  if (read.type !== 'records') throw new Error('out of range');
  const [batch] = recordBatchesOf(await bytesOfParts(read.parts));
  const next = last.find((record) => record.offset >= offset)?.offset ?? Number.POSITIVE_INFINITY;
  expect(batch?.baseOffset ?? Number.POSITIVE_INFINITY).toBeLessThanOrEqual(next);
  await new Promise<void>((resolve) => void clock.setTimer(2, resolve));
}

function checkPass(seen: readonly Read[], last: readonly Read[], written: readonly Read[]): void {
  const offsets = new Set(seen.map(({ offset }) => offset));
  for (const { offset } of last) expect(offsets).toContain(offset);
  for (const record of seen) if (record.key !== 'other') expect(record).toEqual(written[record.offset]);
}

describe('readers of a log that is being compacted', () => {
  test('miss no record that is the last of its key, and see nothing else than what was written', async () => {
    for (let seed = 1; seed <= 6; seed += 1) {
      const clock = new VirtualClock();
      const random = createPrng(seed);
      const environment = testEnvironment({ files: new SimFiles({ clock, random }), clock, tailBudgetBytes: 1 });
      const { log } = await clock.settle(openLog(environment, { configChange: config }));
      const written: Read[] = [];
      for (let index = 0; index < 120; index += 1) {
        const key = `k${random.int(KEYS)}`;
        const value = `v${index}`.padEnd(random.int(60));
        const batch = await keyedBatch([{ key, value }], { compression: index % 3 === 0 ? 'lz4' : 'none' });
        written.push({ offset: log.append(batch, { leaderEpoch: 0 }).baseOffset, key, value });
      }
      const last = new Map(written.map((record) => [record.key, record]));
      await clock.settle(log.flush());
      const lasts = [...last.values()].sort((a, b) => a.offset - b.offset);
      let isOver = false;
      const readers = Array.from({ length: 3 }, async () => {
        while (!isOver) checkPass(await readSlowly(log, clock, () => random.int(4)), lasts, written);
      });
      const probes = Array.from({ length: 6 }, async () => {
        while (!isOver) await probe(log, clock, random.int(115), lasts);
      });
      const all = Promise.all([...readers, ...probes]);
      all.catch(() => undefined);
      // One cleaning after the other: the second merges what the first has made small.
      for (let round = 0; round < 3; round += 1) {
        const cleaning = await startCleaning(environment, log);
        expect(cleaning).toBeDefined();
        if (cleaning !== undefined) await clock.settle(cleaning.result);
        const batch = await keyedBatch([{ key: 'other', value: 'x'.repeat(700) }]);
        for (let count = 0; count < 3; count += 1) log.append(batch, { leaderEpoch: 0 });
      }
      isOver = true;
      await clock.settle(all);
      await clock.settle(log.close());
    }
  });
});

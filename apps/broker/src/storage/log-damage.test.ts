import type { RecordBatch } from '@ks/protocol';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { batchOf, DIRECTORY, openLog, readAll, testEnvironment } from '../../tests/storage/log-fixture.ts';
import type { Files } from '../ports/files.ts';
import type { Log } from './log.ts';

const config = { segmentBytes: 2500, indexIntervalBytes: 200 };
const batchCount = 40;

/** A closed log of several segments and epochs; record timestamps ascend by 10 with each batch. */
async function closedLog() {
  const environment = testEnvironment({ tailBudgetBytes: 1 });
  const { log } = await openLog(environment, { configChange: config });
  for (let index = 0; index < batchCount; index += 1) {
    const batch = batchOf(1 + (index % 3), { valueBytes: 80, fill: index, timestamp: 1000 + index * 10 });
    log.append(batch, { leaderEpoch: Math.floor(index / 15) });
    await environment.clock.run(() => log.logEndOffset === log.appendedEndOffset);
  }
  const batches = await readAll(log);
  await environment.clock.settle(log.close());
  await environment.handles.close();
  return { environment, batches, endOffset: log.logEndOffset };
}

async function namesOf(files: Files, suffix: string): Promise<string[]> {
  const names = (await files.list(DIRECTORY)).map((entry) => entry.name);
  return names.filter((name) => name.endsWith(suffix)).sort();
}

async function change(files: Files, name: string, edit: (bytes: Uint8Array) => Uint8Array): Promise<void> {
  const path = `${DIRECTORY}/${name}`;
  await files.writeFileAtomically(path, edit(await files.readFile(path)));
}

function flipped(bytes: Uint8Array, at: number): Uint8Array {
  const copy = bytes.slice();
  const index = Math.floor(at / 8) % copy.length;
  copy[index] = (copy[index] ?? 0) ^ (1 << (at % 8));
  return copy;
}

async function expectWhole(log: Log, batches: readonly RecordBatch[]): Promise<void> {
  const found = await readAll(log, 0, 700);
  expect(found.map((batch) => batch.bytes)).toEqual(batches.map((batch) => batch.bytes));
  for (const batch of batches) {
    const hit = await log.offsetForTimestamp(batch.baseTimestamp);
    expect(hit).toMatchObject({ offset: batch.baseOffset, timestampMs: batch.baseTimestamp });
    const [first] = await readAll(log, batch.lastOffset, 1);
    expect(first?.baseOffset).toBe(batch.baseOffset);
  }
}

describe('damage to', () => {
  test('any bit of an index is noticed or harmless: every offset and timestamp is still found', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.nat(),
        fc.nat(),
        fc.constantFrom('.index', '.timeindex'),
        fc.boolean(),
        async (pick, bit, suffix, clean) => {
          const { environment, batches } = await closedLog();
          const names = await namesOf(environment.files, suffix);
          await change(environment.files, names[pick % names.length] ?? '', (bytes) =>
            bytes.length > 0 ? flipped(bytes, bit) : bytes,
          );
          const recoveryPoint = batches[20]?.baseOffset ?? 0;
          const { log, events } = await openLog(environment, {
            configChange: config,
            cleanShutdown: clean,
            recoveryPoint,
          });
          await expectWhole(log, batches);
          expect(events.failures).toEqual([]);
        },
      ),
      // The example: an entry leads into the middle of a batch while a time is looked up.
      { numRuns: 60, examples: [[0, 1_243_093_240, '.index', false]] },
    );
  });

  test.each([
    ['a missing index', '.index', undefined],
    ['a missing time index', '.timeindex', undefined],
    [
      'an index of zeros, as Kafka preallocates it',
      '.index',
      (bytes: Uint8Array) => Uint8Array.from([...bytes, ...new Uint8Array(800)]),
    ],
    ['a torn index', '.index', (bytes: Uint8Array) => bytes.subarray(0, bytes.length - 3)],
    ['garbage for a time index', '.timeindex', () => new Uint8Array(36).fill(0x5a)],
  ] as const)('%s is mended from the log', async (_what, suffix, edit) => {
    for (const cleanShutdown of [true, false]) {
      const { environment, batches, endOffset } = await closedLog();
      for (const name of await namesOf(environment.files, suffix)) {
        if (edit === undefined) await environment.files.remove(`${DIRECTORY}/${name}`);
        else await change(environment.files, name, edit);
      }
      const { log } = await openLog(environment, { configChange: config, cleanShutdown, recoveryPoint: endOffset });
      await expectWhole(log, batches);
      expect(environment.logger.lines.join()).toContain('rebuilding the indexes');
    }
  });

  test('any bit of the unflushed log costs that batch and those behind it, and nothing before', async () => {
    await fc.assert(
      fc.asyncProperty(fc.nat(), fc.nat(), async (pick, bit) => {
        const { environment, batches, endOffset } = await closedLog();
        const names = await namesOf(environment.files, '.log');
        const index = pick % names.length;
        const name = names[index] ?? '';
        const base = Number(name.slice(0, 20));
        const size = await environment.files.size(`${DIRECTORY}/${name}`);
        const at = bit % (size * 8);
        await change(environment.files, name, (bytes) => flipped(bytes, at));
        const { log } = await openLog(environment, { configChange: config, cleanShutdown: false, recoveryPoint: 0 });
        let position = 0;
        const intact = batches.filter((batch) => {
          if (batch.baseOffset < base) return true;
          position += batch.sizeBytes;
          return position <= at / 8 && batch.baseOffset >= base;
        });
        const found = await readAll(log);
        expect(found.slice(0, intact.length).map((batch) => batch.bytes)).toEqual(intact.map((batch) => batch.bytes));
        // The checksum leaves base offset and leader epoch out: such a batch may stay, if it still is in order.
        expect(log.logEndOffset).toBeGreaterThanOrEqual((intact.at(-1)?.lastOffset ?? -1) + 1);
        const fieldAt = Math.floor(at / 8) - positionOf(intact, base);
        const isCovered = fieldAt >= 16 || (fieldAt >= 8 && fieldAt < 12);
        if (isCovered) expect(found).toHaveLength(intact.length);
        if (isCovered) expect(log.logEndOffset).toBeLessThan(endOffset);
        const end = log.logEndOffset;
        expect(log.append(batchOf(1), { leaderEpoch: 9 }).baseOffset).toBe(end);
        await environment.clock.settle(log.close());
      }),
      { numRuns: 120 },
    );
  });

  test('the flushed part is not even looked at by a start', async () => {
    const { environment, batches, endOffset } = await closedLog();
    const [first] = await namesOf(environment.files, '.log');
    await change(environment.files, first ?? '', (bytes) => flipped(bytes, 100 * 8));
    const { log } = await openLog(environment, {
      configChange: config,
      cleanShutdown: false,
      recoveryPoint: endOffset,
    });
    expect(log.logEndOffset).toBe(endOffset);
    expect(log.segmentCount).toBeGreaterThan(3);
    expect(await readAll(log, batches[20]?.baseOffset)).toHaveLength(20);
  });

  test.each(['', '0\n', '0\n1\n5 5', '0\n2\n0 0\n', '0\n1\n-1 0\n', '1\n0\n', '0\n2\n5 0\n4 9\n', '\u0000\u0000'])(
    'the leader epoch file (%j) is mended from the log',
    async (text) => {
      const { environment, batches } = await closedLog();
      await environment.files.writeFileAtomically(
        `${DIRECTORY}/leader-epoch-checkpoint`,
        new TextEncoder().encode(text),
      );
      const { log } = await openLog(environment, { configChange: config });
      for (const batch of batches) expect(log.epochForOffset(batch.baseOffset)).toBe(batch.leaderEpoch);
      expect(
        environment.logger.lines.filter((line) => line.includes('leader-epoch-checkpoint is corrupt')),
      ).toHaveLength(1);
    },
  );

  test('a segment that is missing between unflushed ones ends the log there', async () => {
    const { environment, batches } = await closedLog();
    const names = await namesOf(environment.files, '.log');
    await environment.files.remove(`${DIRECTORY}/${names[2]}`);
    const { log } = await openLog(environment, { configChange: config, cleanShutdown: false, recoveryPoint: 0 });
    const end = Number(names[2]?.slice(0, 20));
    expect(log.logEndOffset).toBe(end);
    expect(await readAll(log)).toHaveLength(batches.filter((batch) => batch.baseOffset < end).length);
    expect(await namesOf(environment.files, '.log')).toEqual(names.slice(0, 2));
  });
});

/** Where in its segment the first damaged batch starts. */
function positionOf(intact: readonly RecordBatch[], segmentBase: number): number {
  return intact.filter((batch) => batch.baseOffset >= segmentBase).reduce((sum, batch) => sum + batch.sizeBytes, 0);
}

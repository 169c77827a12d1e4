import { recordBatchesOf } from '@ks/protocol';
import { describe, expect, test } from 'vitest';
import { batchOf, checksum, openLog, testEnvironment } from '../../tests/storage/log-fixture.ts';
import { bytesOfParts, releaseParts, type WirePart } from '../ports/wire-part.ts';

const BUDGET_BYTES = 1024 * 1024;
const BATCH_BYTES = 8000;

/** A log to which a batch after the other is written, and readers that take the newest and do not let go. */
async function withSlowReaders(rounds: number) {
  const environment = testEnvironment({ tailBudgetBytes: BUDGET_BYTES });
  const { log } = await openLog(environment);
  const held: (readonly WirePart[])[] = [];
  let heldInMemory = 0;
  for (let round = 0; round < rounds; round++) {
    const from = log.logEndOffset;
    log.append(batchOf(1, { valueBytes: BATCH_BYTES, fill: round % 251 }), { leaderEpoch: 0 });
    await environment.clock.settle(log.flush());
    const read = await environment.clock.settle(Promise.resolve(log.read(from, 1_000_000, log.logEndOffset)));
    if (read.type !== 'records' || read.sizeBytes < BATCH_BYTES) throw new Error('the newest batch cannot be read');
    if (read.parts.some(({ kind }) => kind === 'memory')) heldInMemory += 1;
    held.push(read.parts);
  }
  return { environment, log, held, heldInMemory };
}

describe('readers that do not let go of what they were given', () => {
  test('hold a part of the memory of tails, however many they are', async () => {
    const { environment, log, held, heldInMemory } = await withSlowReaders(600);
    const { memory } = environment;
    expect(memory.overflowBytes).toBe(0);
    expect(memory.pool.totalBytes - memory.pool.freeBytes).toBeLessThanOrEqual(BUDGET_BYTES * 1.5);
    expect(memory.readerBytes).toBeLessThanOrEqual(BUDGET_BYTES / 2);
    // Those that come when it is used up read from files, and what they were given stays as it was.
    expect(heldInMemory).toBeGreaterThan(10);
    expect(heldInMemory).toBeLessThan(300);
    for (const [round, parts] of held.entries()) {
      const [batch] = recordBatchesOf(await bytesOfParts(parts));
      expect([batch?.baseOffset, batch?.isCrcValid(checksum)]).toEqual([round, true]);
    }
    expect(memory.readerBytes).toBe(0);
    await environment.clock.settle(log.close());
    expect(memory.pool.freeBytes).toBe(memory.pool.totalBytes);
  });

  test('do not keep those who do from being served from memory', async () => {
    const { environment, log, held } = await withSlowReaders(20);
    for (const parts of held) releaseParts(parts);
    const before = environment.memory.readerBytes;
    for (let reader = 0; reader < 500; reader++) {
      const read = log.read(log.logEndOffset - 1, 1_000_000, log.logEndOffset);
      if (read instanceof Promise || read.type !== 'records') throw new Error('not at once');
      expect(read.parts.map(({ kind }) => kind)).toEqual(['memory']);
      releaseParts(read.parts);
    }
    expect([before, environment.memory.readerBytes]).toEqual([0, 0]);
    await environment.clock.settle(log.close());
  });

  test('count memory that several of them hold once', async () => {
    const { environment, log, held } = await withSlowReaders(1);
    const once = environment.memory.readerBytes;
    expect(once).toBeGreaterThan(0);
    for (let reader = 0; reader < 100; reader++) {
      const read = await environment.clock.settle(Promise.resolve(log.read(0, 1_000_000, log.logEndOffset)));
      if (read.type === 'records') held.push(read.parts);
    }
    expect(environment.memory.readerBytes).toBe(once);
    for (const parts of held) releaseParts(parts);
    await environment.clock.settle(log.close());
  });
});

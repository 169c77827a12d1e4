import { describe, expect, test } from 'vitest';
import { CachedReads, newReadPace } from './cached-reads.ts';

/** Reads that take as long as they are told to. */
function reads() {
  let nowMs = 1000;
  const cached = new CachedReads({ monotonicMs: () => nowMs });
  const read = (pace: ReturnType<typeof newReadPace>, tookMs: number): boolean =>
    cached.attempt(pace, () => {
      nowMs += tookMs;
    });
  const wait = (ms: number): void => {
    nowMs += ms;
  };
  return { read, wait };
}

describe('reading on this thread', () => {
  test('goes on as long as it is quick', () => {
    const { read } = reads();
    const pace = newReadPace();
    expect(Array.from({ length: 100 }, () => read(pace, 0.1)).every(Boolean)).toBe(true);
  });

  test('after a slow read rests for all logs, twenty times as long as it took', () => {
    const { read, wait } = reads();
    expect(read(newReadPace(), 10)).toBe(true);
    const other = newReadPace();
    wait(199);
    expect(read(other, 0.1)).toBe(false);
    wait(1);
    expect(read(other, 0.1)).toBe(true);
  });

  test('skips twice as many reads of a log after each slow one in a row, a thousand at most, and forgets with a quick one', () => {
    const { read, wait } = reads();
    const pace = newReadPace();
    /** Has a slow read; says how many after it are sent away. */
    const skippedAfter = (tookMs: number): number => {
      wait(1e6);
      expect(read(pace, tookMs)).toBe(true);
      wait(1e6);
      let skipped = 0;
      while (pace.skips > 0) {
        expect(read(pace, 0)).toBe(false);
        skipped += 1;
      }
      return skipped;
    };
    expect(Array.from({ length: 11 }, () => skippedAfter(1))).toEqual([
      4, 8, 16, 32, 64, 128, 256, 512, 1024, 1024, 1024,
    ]);
    expect(skippedAfter(0.1)).toBe(0);
    expect(skippedAfter(1)).toBe(4);
  });

  test('a read that fails is the failure of who asked for it', () => {
    const { read } = reads();
    const pace = newReadPace();
    const failing = (): void => {
      throw new Error('no disk');
    };
    expect(() => new CachedReads({ monotonicMs: () => 0 }).attempt(pace, failing)).toThrow('no disk');
    expect(read(pace, 0)).toBe(true);
  });
});

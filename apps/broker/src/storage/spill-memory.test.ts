import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { SimClock } from '../sim/sim-clock.ts';
import { PAGE_BYTES, SlabPool } from './slab-pool.ts';
import { SpillMemory, type SpillPiece } from './spill-memory.ts';

const MEGABYTE = 1_048_576;

function spillOver(poolPages: number, poolBytesMax: number) {
  const pool = new SlabPool({ memory: new Uint8Array((poolPages + 1) * PAGE_BYTES), heapStart: PAGE_BYTES });
  const clock = new SimClock();
  return { pool, clock, spill: new SpillMemory({ pool, poolBytesMax, clock }) };
}

describe('memory that spills over the pool', () => {
  test('takes no more of the pool than its share, has no end beyond it, and gives arenas back once they lay empty', async () => {
    const { pool, clock, spill } = spillOver(100, 50 * PAGE_BYTES);
    const small = spill.reserve(40 * PAGE_BYTES);
    const large = spill.reserve(60 * MEGABYTE);
    const another = spill.reserve(30 * MEGABYTE);
    expect(pool.freeBytes).toBe(60 * PAGE_BYTES);
    expect(large.bytes.length).toBe(60 * MEGABYTE);
    const most = spill.arenaBytes;
    expect(most).toBeGreaterThanOrEqual(90 * MEGABYTE);
    large.release();
    await clock.advance(3000);
    // Taken again before its time was over.
    const again = spill.reserve(50 * MEGABYTE);
    expect(spill.arenaBytes).toBe(most);
    await clock.advance(3000);
    expect(spill.arenaBytes).toBe(most);
    again.release();
    another.release();
    await clock.advance(11_000);
    expect(spill.arenaBytes).toBe(0);
    expect(again.bytes.length).toBe(0);
    small.release();
    expect(pool.freeBytes).toBe(pool.totalBytes);
    expect(() => another.release()).toThrow();
  });

  test('no two pieces share a byte, whatever is reserved and released', async () => {
    const step = fc.record({
      size: fc.integer({ min: 1, max: 6 * MEGABYTE }),
      pick: fc.nat(),
      ms: fc.constantFrom(0, 0, 0, 6000),
    });
    await fc.assert(
      fc.asyncProperty(fc.array(step, { maxLength: 60 }), async (steps) => {
        const { pool, clock, spill } = spillOver(2000, 1000 * PAGE_BYTES);
        const held: { readonly piece: SpillPiece; readonly mark: number }[] = [];
        let mark = 0;
        const check = (from: typeof held): void => {
          for (const { piece, mark: own } of from) {
            expect([piece.bytes[0], piece.bytes.at(-1)]).toEqual([own, own]);
          }
        };
        for (const { size, pick, ms } of steps) {
          if (pick % 3 === 0) {
            const gone = held.splice(pick % Math.max(1, held.length), 1);
            check(gone);
            for (const { piece } of gone) piece.release();
          } else {
            mark = (mark % 250) + 1;
            const piece = spill.reserve(size);
            piece.bytes[0] = mark;
            piece.bytes[size - 1] = mark;
            held.push({ piece, mark });
          }
          if (ms > 0) await clock.advance(ms);
        }
        check(held);
        for (const { piece } of held) piece.release();
        await clock.advance(11_000);
        expect(spill.arenaBytes).toBe(0);
        expect(pool.freeBytes).toBe(pool.totalBytes);
      }),
      { numRuns: 50 },
    );
  });
});

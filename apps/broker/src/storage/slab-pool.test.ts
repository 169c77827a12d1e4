import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { PageAllocator } from './page-allocator.ts';
import { PAGE_BYTES, POISON_BYTE, SlabPool } from './slab-pool.ts';

function poolOf(pages: number, poison = true): SlabPool {
  return new SlabPool({ memory: new Uint8Array((pages + 1) * PAGE_BYTES + 100), heapStart: PAGE_BYTES }, { poison });
}

describe('the slab pool', () => {
  test('hands out what it has and no more, and has it all again after the releases', () => {
    const pool = poolOf(10);
    expect(pool.totalBytes).toBe(10 * PAGE_BYTES);
    const a = pool.reserve(3 * PAGE_BYTES - 5);
    const b = pool.reserve(1);
    expect(a?.bytes.length).toBe(3 * PAGE_BYTES - 5);
    expect(pool.freeBytes).toBe(6 * PAGE_BYTES);
    expect(pool.reserve(7 * PAGE_BYTES)).toBeUndefined();
    a?.release();
    b?.release();
    expect(pool.freeBytes).toBe(pool.totalBytes);
    const most = pool.reserve(8 * PAGE_BYTES);
    expect(most).toBeDefined();
  });

  test('keeps the memory until the last hold ends, then poisons it', () => {
    const pool = poolOf(2);
    const extent = pool.reserve(10);
    if (extent === undefined) throw new Error('no memory');
    extent.bytes.fill(7);
    extent.retain();
    extent.release();
    expect(extent.bytes[3]).toBe(7);
    extent.release();
    expect(extent.bytes[3]).toBe(POISON_BYTE);
    expect(() => extent.release()).toThrow();
    expect(() => extent.retain()).toThrow();
  });

  test('takes back the pages beyond a shrunk size', () => {
    const pool = poolOf(8);
    const extent = pool.reserve(6 * PAGE_BYTES);
    extent?.shrink(PAGE_BYTES + 1);
    expect(extent?.bytes.length).toBe(PAGE_BYTES + 1);
    expect(pool.freeBytes).toBe(6 * PAGE_BYTES);
    extent?.release();
    expect(pool.freeBytes).toBe(8 * PAGE_BYTES);
  });

  test('tells waiters once that memory came back', () => {
    const pool = poolOf(1);
    const extent = pool.reserve(1);
    let told = 0;
    pool.whenFree(() => {
      told += 1;
    });
    expect(told).toBe(0);
    extent?.release();
    pool.reserve(1)?.release();
    expect(told).toBe(1);
  });
});

describe('the page allocator', () => {
  const steps = fc.array(
    fc.record({ allocate: fc.boolean(), count: fc.integer({ min: 1, max: 40 }), pick: fc.nat() }),
    { maxLength: 200 },
  );

  /** First page of the lowest run of free pages, by looking at every page. */
  function lowestRun(used: Uint8Array, count: number): number {
    for (let page = 0; page + count <= used.length; page++) {
      if (!used.subarray(page, page + count).includes(1)) return page;
    }
    return -1;
  }

  test('hands out the lowest pages that fit, never one twice, and merges everything back', () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 200 }), steps, (pageCount, actions) => {
        const allocator = new PageAllocator(pageCount);
        const used = new Uint8Array(pageCount);
        const runs: { page: number; count: number }[] = [];
        for (const { allocate, count, pick } of actions) {
          if (allocate) {
            const page = allocator.allocate(count);
            expect(page).toBe(lowestRun(used, count));
            if (page < 0) continue;
            used.fill(1, page, page + count);
            runs.push({ page, count });
          } else if (runs.length > 0) {
            // A part of a run is given back, as when an extent shrinks, or all of it.
            const run = runs.splice(pick % runs.length, 1)[0] as { page: number; count: number };
            const kept = count % 3 === 0 ? Math.min(run.count - 1, count) : 0;
            if (kept > 0) runs.push({ page: run.page, count: kept });
            allocator.free(run.page + kept, run.count - kept);
            used.fill(0, run.page + kept, run.page + run.count);
          }
          expect(allocator.freePages).toBe(used.filter((page) => page === 0).length);
        }
        for (const { page, count } of runs) allocator.free(page, count);
        expect(allocator.allocate(pageCount)).toBe(0);
      }),
    );
  });
});

import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { content, damage, damaged, noise } from '../tests/arbitraries.ts';
import { buildFrame, framePlan } from '../tests/lz4-frames.ts';
import { expectSameBytes, expectSameOutcome, outcomeOf, type Outcome } from '../tests/outcome.ts';
import { encodeRecords, plannedRecords } from '../tests/records.ts';
import { buildSnappyBlock, elements } from '../tests/snappy-blocks.ts';
import { type Core, createCore } from './index.ts';

const HEAP_BYTES = 1 << 18;
const core = createCore({ kind: 'wasm', memoryBytes: HEAP_BYTES });
const heap = core.memory.subarray(core.heapStart);

/** What the neighbours of the input hold; the second time something else, so that reading them would show. */
const NEIGHBOURS = [noise(heap.length, 11, 256), noise(heap.length, 12, 256)] as const;

/**
 * Lets the core work on an input in the heap and checks that the heap is untouched, and that what the neighbours of the input hold
 * makes no difference to `show`, which renders the result.
 */
function expectConfined<T>(
  input: Uint8Array,
  start: number,
  work: (core: Core, input: Uint8Array) => T,
  same: (left: T, right: T) => void,
): void {
  const results = NEIGHBOURS.map((neighbours) => {
    heap.set(neighbours);
    heap.set(input, start);
    const before = heap.slice();
    const result = work(core, heap.subarray(start, start + input.length));
    expectSameBytes(heap, before);
    return result;
  });
  same(results[0] as T, results[1] as T);
}

/** Where in the heap an input lies: at the start, where the scratch ends; at the end of all memory; or between. */
const place = fc.oneof(fc.constant(0), fc.constant(1), fc.double({ min: 0, max: 1, noNaN: true }));
const startOf = (input: Uint8Array, fraction: number): number => Math.floor(fraction * (heap.length - input.length));
const same = (left: unknown, right: unknown): void => expect(left).toEqual(right);

describe('inputs in the heap of a WebAssembly core', () => {
  it('checksums, compression', () => {
    fc.assert(
      fc.property(content(100_000), place, (input, fraction) => {
        const start = startOf(input, fraction);
        expectConfined(input, start, (each, bytes) => each.crc32c(bytes), same);
        expectConfined(input, start, (each, bytes) => each.xxHash32(bytes), same);
        expectConfined(input, start, (each, bytes) => each.lz4Compress(bytes), expectSameBytes);
        expectConfined(input, start, (each, bytes) => each.snappyCompress(bytes), expectSameBytes);
      }),
      { numRuns: 100 },
    );
  });

  const damages = fc.array(damage, { maxLength: 3 });

  it('LZ4 decompression, of sound and of hostile input', () => {
    fc.assert(
      fc.property(framePlan, damages, place, fc.nat(60_000), (plan, list, fraction, maxBytes) => {
        const input = damaged(buildFrame({ ...plan, blockChecksums: false }).frame, list);
        const work = (each: Core, bytes: Uint8Array): Outcome => outcomeOf(() => each.lz4Decompress(bytes, maxBytes));
        expectConfined(input, startOf(input, fraction), work, expectSameOutcome);
      }),
      { numRuns: 400 },
    );
  });

  it('Snappy decompression, of sound and of hostile input', () => {
    fc.assert(
      fc.property(elements, damages, place, fc.nat(60_000), (plan, list, fraction, maxBytes) => {
        const input = damaged(buildSnappyBlock(plan).block, list);
        const work = (each: Core, bytes: Uint8Array): Outcome =>
          outcomeOf(() => each.snappyDecompress(bytes, maxBytes));
        expectConfined(input, startOf(input, fraction), work, expectSameOutcome);
      }),
      { numRuns: 400 },
    );
  });

  it('record scans, of sound and of hostile input', () => {
    fc.assert(
      fc.property(plannedRecords, damages, place, (records, list, fraction) => {
        const input = damaged(encodeRecords(records), list);
        expectConfined(input, startOf(input, fraction), (each, bytes) => each.scanRecords(bytes, records.length), same);
      }),
      { numRuns: 400 },
    );
  });

  it('outputs that fill the window to its end', () => {
    heap.set(NEIGHBOURS[0]);
    const bytes = noise(9_000_000, 6, 2);
    const compressed = [core.lz4Compress(bytes), core.snappyCompress(bytes)] as const;
    expectSameBytes(core.lz4Decompress(compressed[0], bytes.length), bytes);
    expectSameBytes(core.snappyDecompress(compressed[1], bytes.length), bytes);
    expectSameBytes(heap, NEIGHBOURS[0]);
  });

  it('gives outputs that do not share memory with the core', () => {
    const input = heap.subarray(0, 1000);
    for (const output of [core.lz4Compress(input), core.snappyCompress(input)])
      expect(output.buffer).not.toBe(core.memory.buffer);
    expect(core.lz4Decompress(core.lz4Compress(input), 1000).buffer).not.toBe(core.memory.buffer);
    expect(core.snappyDecompress(core.snappyCompress(input), 1000).buffer).not.toBe(core.memory.buffer);
  });
});

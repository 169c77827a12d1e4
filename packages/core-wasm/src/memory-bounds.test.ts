import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { concatenated, content, damage, damaged, noise } from '../tests/arbitraries.ts';
import { buildFrame, framePlan, uint32 } from '../tests/lz4-frames.ts';
import { expectSameBytes, expectSameOutcome, outcomeOf, type Outcome } from '../tests/outcome.ts';
import { encodeRecords, plannedRecords } from '../tests/records.ts';
import { buildSnappyBlock, elements, preamble } from '../tests/snappy-blocks.ts';
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

/** Checks that an input whose last byte is the last of all memory comes to what the reference makes of it. */
function expectSameAtTheEnd(
  reference: Core,
  input: Uint8Array,
  decompress: (core: Core, input: Uint8Array) => Outcome,
): void {
  const there = heap.subarray(heap.length - input.length);
  there.set(input);
  expectSameOutcome(decompress(core, there), decompress(reference, input));
}

/** Header of a frame with independent blocks of 64 KB and no checksums. */
const PLAIN_LZ4_HEADER = Uint8Array.of(0x04, 0x22, 0x4d, 0x18, 0x60, 0x40, 0x82);
const lz4Block = framePlan
  .filter(({ blocks }) => blocks.some(({ stored }) => !stored))
  .map((plan) => {
    const first = plan.blocks.filter(({ stored }) => !stored).slice(0, 1);
    const { frame } = buildFrame({
      ...plan,
      blocks: first,
      blockChecksums: false,
      contentChecksum: false,
      contentSize: false,
    });
    return frame.subarray(11, frame.length - 4);
  });

describe('inputs in the heap of a WebAssembly core', () => {
  it('checksums, compression', () => {
    fc.assert(
      fc.property(content(100_000), place, (input, fraction) => {
        const start = startOf(input, fraction);
        expectConfined(input, start, (each, bytes) => each.crc32c(bytes), same);
        expectConfined(input, start, (each, bytes) => each.xxHash32(bytes), same);
        expectConfined(input, start, (each, bytes) => each.lz4Compress(bytes), expectSameBytes);
        expectConfined(input, start, (each, bytes) => each.lz4Compress(bytes, 5), expectSameBytes);
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

  it('every beginning of an LZ4 block and of a Snappy block, at the very end of memory', () => {
    const reference = createCore({ kind: 'reference' });
    const decompressors = [
      (each: Core, input: Uint8Array): Outcome => outcomeOf(() => each.lz4Decompress(input, 5000)),
      (each: Core, input: Uint8Array): Outcome => outcomeOf(() => each.snappyDecompress(input, 5000)),
    ] as const;
    fc.assert(
      fc.property(lz4Block, elements, (block, plan) => {
        const snappyBlock = buildSnappyBlock(plan).block;
        for (let size = 1; size <= Math.min(block.length, 300); size++) {
          const input = concatenated([PLAIN_LZ4_HEADER, uint32(size), block.subarray(0, size)]);
          expectSameAtTheEnd(reference, input, decompressors[0]);
        }
        for (let size = 0; size <= Math.min(snappyBlock.length, 300); size++) {
          expectSameAtTheEnd(reference, snappyBlock.subarray(0, size), decompressors[1]);
        }
      }),
      { numRuns: 60 },
    );
  });

  it('Snappy elements that yield much more than their block claims', () => {
    const copies = new Uint8Array(300_000 * 3).map((_, index) => [(63 << 2) | 2, 1, 0][index % 3] as number);
    const input = concatenated([Uint8Array.from([...preamble(100), 0, 0x61]), copies]);
    heap.set(NEIGHBOURS[0]);
    expect(outcomeOf(() => core.snappyDecompress(input, 1 << 24))).toEqual({ code: 'CORRUPT' });
    expectSameBytes(heap, NEIGHBOURS[0]);
  });

  it('a Snappy literal longer than its block claims, and than the window', () => {
    const large = createCore({ kind: 'wasm', memoryBytes: 12 << 20 });
    const code = 10_000_000;
    const head = [...preamble(100), 62 << 2, code & 0xff, (code >>> 8) & 0xff, code >>> 16];
    const input = large.memory.subarray(large.heapStart, large.heapStart + head.length + code + 1);
    input.set(noise(input.length, 13, 256));
    input.set(head);
    const before = large.memory.slice(large.heapStart);
    expect(outcomeOf(() => large.snappyDecompress(input, 1 << 24))).toEqual({ code: 'CORRUPT' });
    expectSameBytes(large.memory.subarray(large.heapStart), before);
  });

  it('LZ4 blocks that yield much more than a block may', () => {
    const match = concatenated([Uint8Array.of(0x1f, 0x61, 1, 0), new Uint8Array(60_000).fill(255), Uint8Array.of(0)]);
    const literals = concatenated([Uint8Array.of(0xf0), new Uint8Array(60_000).fill(255), Uint8Array.of(0)]);
    for (const block of [match, literals]) {
      const input = concatenated([PLAIN_LZ4_HEADER, uint32(block.length), block, uint32(0)]);
      heap.set(NEIGHBOURS[0]);
      expect(outcomeOf(() => core.lz4Decompress(input, 1 << 25))).toEqual({ code: 'CORRUPT' });
      expectSameBytes(heap, NEIGHBOURS[0]);
    }
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

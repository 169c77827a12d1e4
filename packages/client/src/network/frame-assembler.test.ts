import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { FrameAssembler } from './frame-assembler.ts';

function framed(frames: readonly Uint8Array[]): Buffer {
  return Buffer.concat(
    frames.flatMap((frame) => {
      const size = Buffer.alloc(4);
      size.writeInt32BE(frame.length);
      return [size, frame];
    }),
  );
}

/** Hands over `stream` in reads of at most the given sizes. */
function feed(assembler: FrameAssembler, stream: Uint8Array, reads: readonly number[]): void {
  let at = 0;
  for (let turn = 0; at < stream.length; turn += 1) {
    const view = assembler.nextView();
    expect(view.length).toBeGreaterThan(0);
    const length = Math.min(reads[turn % reads.length] ?? 1, view.length, stream.length - at);
    view.set(stream.subarray(at, at + length));
    at += length;
    assembler.received(length);
  }
}

describe('frames', () => {
  test('come out whole, however the bytes are cut', () => {
    const sizes = fc.oneof(fc.nat({ max: 30 }), fc.nat({ max: 100_000 }), fc.nat({ max: 1_500_000 }));
    const reads = fc.array(fc.oneof(fc.integer({ min: 1, max: 9 }), fc.integer({ min: 5000, max: 600_000 })), {
      minLength: 1,
    });
    fc.assert(
      fc.property(fc.array(sizes, { maxLength: 5 }), reads, (given, cuts) => {
        const frames = given.map((size, index) => new Uint8Array(size).fill(index + 1));
        const out: Uint8Array[] = [];
        const some = given.some((size) => size > 50_000) ? cuts.map((cut) => cut + 5000) : cuts;
        feed(new FrameAssembler(2_000_000, (frame) => out.push(frame)), framed(frames), some);
        expect(out.length).toBe(frames.length);
        out.forEach((frame, index) => {
          expect(Buffer.compare(frame, frames[index] ?? new Uint8Array())).toBe(0);
        });
      }),
      { numRuns: 100 },
    );
  });

  test('of an impossible size are refused', () => {
    for (const size of [-1, 1001]) {
      const head = Buffer.alloc(4);
      head.writeInt32BE(size);
      expect(() => feed(new FrameAssembler(1000, () => {}), head, [4])).toThrow(RangeError);
    }
  });

  test('that only claim to be large take little memory', () => {
    const head = Buffer.alloc(4);
    head.writeInt32BE(1_000_000_000);
    const assembler = new FrameAssembler(2_000_000_000, () => {});
    feed(assembler, head, [4]);
    expect(assembler.nextView().byteLength).toBeLessThanOrEqual(256 * 1024);
  });
});

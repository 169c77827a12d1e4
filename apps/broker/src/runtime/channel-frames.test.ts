import fc from 'fast-check';
import { expect, test } from 'vitest';
import { ChannelFrames, FrameError } from './channel-frames.ts';

function frameOf(correlationId: number, size: number): Uint8Array {
  const frame = new Uint8Array(4 + size).map((_, at) => (at * 31 + correlationId) & 0xff);
  const view = new DataView(frame.buffer);
  view.setInt32(0, size);
  view.setInt32(4, correlationId);
  return frame;
}

const sizes = fc.array(fc.oneof(fc.integer({ min: 4, max: 40 }), fc.integer({ min: 32_700, max: 100_000 })), {
  maxLength: 8,
});
const pieces = fc.infiniteStream(fc.oneof(fc.integer({ min: 1, max: 9 }), fc.integer({ min: 1000, max: 70_000 })));

test('however the bytes are cut, the frames come whole and in order', () => {
  fc.assert(
    fc.property(sizes, pieces, (frameSizes, cuts) => {
      const frames = frameSizes.map((size, id) => frameOf(id, size));
      const bytes = Buffer.concat(frames);
      const seen: Uint8Array[] = [];
      const assembler = new ChannelFrames(
        (id) => (id === seen.length ? 100_000 : undefined),
        (id, frame) => {
          expect(id).toBe(seen.length);
          seen.push(frame);
        },
      );
      for (let at = 0; at < bytes.length; ) {
        const view = assembler.nextView();
        expect(view.length).toBeGreaterThan(0);
        const count = Math.min(view.length, cuts.next().value ?? 1, bytes.length - at);
        view.set(bytes.subarray(at, at + count));
        assembler.received(count);
        at += count;
      }
      expect(seen.map((frame) => Buffer.from(frame).toString('hex'))).toEqual(
        frames.map((frame) => Buffer.from(frame.subarray(4)).toString('hex')),
      );
    }),
    { numRuns: 60 },
  );
});

test('any bytes end in frames that were due or in a FrameError, with no more memory than was allowed', () => {
  fc.assert(
    fc.property(fc.uint8Array({ minLength: 1, maxLength: 200 }), (bytes) => {
      const assembler = new ChannelFrames(
        (id) => (id === 0 ? 1000 : undefined),
        (_id, frame) => expect(frame.length).toBeLessThanOrEqual(1000),
      );
      const view = assembler.nextView();
      view.set(bytes);
      try {
        assembler.received(bytes.length);
      } catch (error) {
        expect(error).toBeInstanceOf(FrameError);
      }
    }),
  );
});

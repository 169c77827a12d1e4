import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { FrameReader } from './frame-reader.ts';
import { heapMemory, RequestMemory } from './request-memory.ts';

const LANDING_BYTES = 20_000;

function frame(sizeBytes: number, fill: number): Uint8Array {
  const bytes = new Uint8Array(4 + sizeBytes).fill(fill);
  new DataView(bytes.buffer).setInt32(0, sizeBytes);
  return bytes;
}

/** A reader over a stream: what a read may bring, and when frames may be handled, is up to the caller. */
function readerOf(limitBytes: number, frameBytesMax = 10_000_000) {
  const memory = new RequestMemory({ reserve: heapMemory }, limitBytes);
  const waiter = { place: 0, memoryFreed: () => undefined, comesFirst: () => undefined };
  const handled: { size: number; fill: number | undefined }[] = [];
  const state = { allowed: Number.POSITIVE_INFINITY };
  const landing = new Uint8Array(LANDING_BYTES);
  const reader = new FrameReader({
    landing,
    memory,
    waiter,
    frameBytesMax,
    mayContinue: () => state.allowed > 0,
    onFrame: (bytes) => {
      state.allowed -= 1;
      const fill = bytes[0];
      expect(bytes.every((byte) => byte === fill)).toBe(true);
      handled.push({ size: bytes.length, fill });
    },
  });
  return { reader, memory, handled, state };
}

describe('frames', () => {
  test('any frames, cut anywhere, handled whenever, come out whole, in order and once', () => {
    const sizes = fc.oneof(
      fc.integer({ min: 8, max: 300 }),
      fc.integer({ min: 8, max: 30_000 }),
      fc.integer({ min: 60_000, max: 300_000 }),
    );
    const script = fc.array(
      fc.record({ length: fc.integer({ min: 1, max: 150_000 }), allowed: fc.integer({ min: 0, max: 4 }) }),
      {
        minLength: 1,
        maxLength: 30,
      },
    );
    fc.assert(
      fc.property(fc.array(sizes, { maxLength: 25 }), script, (frameSizes, steps) => {
        const stream = Buffer.concat(frameSizes.map((size, at) => frame(size, at % 256)));
        const { reader, memory, handled, state } = readerOf(1_000_000);
        let at = 0;
        let isReading = true;
        for (let turn = 0; at < stream.length || handled.length < frameSizes.length; turn++) {
          const step = steps[turn % steps.length] ?? { length: 1, allowed: 1 };
          // Every third turn everything may be handled, so that the stream ends.
          state.allowed = turn % 3 === 2 ? Number.POSITIVE_INFINITY : step.allowed;
          if (!isReading) {
            isReading = reader.resume() === 'none';
            continue;
          }
          const view = reader.nextView();
          const count = Math.min(step.length, view.length, stream.length - at);
          view.set(stream.subarray(at, at + count));
          at += count;
          isReading = reader.received(count) === 'none';
        }
        expect(handled).toEqual(frameSizes.map((size, index) => ({ size, fill: index % 256 })));
        expect(memory.usedBytes).toBe(0);
      }),
      { numRuns: 300 },
    );
  });

  test('memory grows with the bytes received, at most fourfold, whatever the size claims', () => {
    const { reader, memory } = readerOf(1_000_000_000, 100_000_000);
    const stream = frame(50_000_000, 1);
    let at = 0;
    while (at < 5_000_000) {
      const view = reader.nextView();
      const count = Math.min(view.length, 7001);
      view.set(stream.subarray(at, at + count));
      at += count;
      reader.received(count);
      expect(memory.usedBytes).toBeLessThanOrEqual(Math.max(16_384, at * 4 + 4096));
    }
    reader.release();
    expect(memory.usedBytes).toBe(0);
  });

  test('without memory for the rest of a frame reading stops, and goes on when there is some', () => {
    const { reader, memory, handled } = readerOf(300_000);
    // One overdraft is granted; it belongs to somebody else here.
    const other = { place: 0, memoryFreed: () => undefined, comesFirst: () => undefined };
    const blockers = [memory.reserve(300_000, other), memory.reserve(300_000, other)];
    const stream = frame(400_000, 7);
    let at = 0;
    const feed = (): ReturnType<FrameReader['received']> => {
      const view = reader.nextView();
      const count = Math.min(view.length, stream.length - at);
      view.set(stream.subarray(at, at + count));
      at += count;
      return reader.received(count);
    };
    let state = feed();
    while (state === 'none' && at < stream.length) state = feed();
    expect(state).toBe('memory');
    for (const blocker of blockers) blocker?.release();
    expect(reader.resume()).toBe('none');
    while (at < stream.length) feed();
    expect(handled).toEqual([{ size: 400_000, fill: 7 }]);
  });

  test.each([0, 7, -1, 10_000_001, 0x7fffffff, -0x80000000])('a size of %i is refused', (size) => {
    const { reader, handled } = readerOf(1_000_000);
    const view = reader.nextView();
    new DataView(view.buffer).setInt32(0, size);
    expect(() => reader.received(12)).toThrow(/too short|larger than socket.request.max.bytes/);
    expect(handled).toEqual([]);
  });

  test('a request asks for memory by its own size from its first bytes on: whoever asks by none would come first', () => {
    const memory = new RequestMemory({ reserve: heapMemory }, 1_000_000);
    const others = { place: 5, memoryFreed: () => undefined, comesFirst: () => undefined };
    memory.whenFree(others);
    const asked: number[] = [];
    const reader: FrameReader = new FrameReader({
      landing: new Uint8Array(LANDING_BYTES),
      memory,
      waiter: {
        get place() {
          asked.push(reader.frameBytes);
          return 10;
        },
        memoryFreed: () => undefined,
        comesFirst: () => undefined,
      },
      frameBytesMax: 10_000_000,
      mayContinue: () => true,
      onFrame: () => undefined,
    });
    const view = reader.nextView();
    view.set(frame(500_000, 1).subarray(0, view.length));
    reader.received(view.length);
    expect(asked.length).toBeGreaterThan(0);
    expect(new Set(asked)).toEqual(new Set([500_000]));
    reader.release();
    expect(reader.frameBytes).toBe(0);
  });
});

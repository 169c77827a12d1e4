import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { concatenated, content, damage, damaged, noise } from '../tests/arbitraries.ts';
import { bothCores, inHeap, reference, wasm } from '../tests/cores.ts';
import { buildFrame, framePlan, uint32 } from '../tests/lz4-frames.ts';
import { expectSameBytes, expectSameOutcome, outcomeOf } from '../tests/outcome.ts';

/** Header of a frame with independent blocks of 64 KB and no checksums. */
const PLAIN_HEADER = Uint8Array.of(0x04, 0x22, 0x4d, 0x18, 0x60, 0x40, 0x82);
const MAX_BYTES = 1 << 24;

/** How many literals end a block, and where in its content the last match begins. */
function endOfBlock(block: Uint8Array): { readonly lastLiterals: number; readonly lastMatchStart: number | undefined } {
  let at = 0;
  let written = 0;
  let lastMatchStart: number | undefined;
  const lengthTail = (code: number): number => {
    let length = code;
    for (let more = code === 15 ? 255 : 0; more === 255; ) {
      more = block[at++] as number;
      length += more;
    }
    return length;
  };
  for (;;) {
    const token = block[at++] as number;
    const literals = lengthTail(token >>> 4);
    at += literals;
    written += literals;
    if (at >= block.length) return { lastLiterals: literals, lastMatchStart };
    lastMatchStart = written;
    at += 2;
    written += lengthTail(token & 15) + 4;
  }
}

describe.each(bothCores)('LZ4 (%s)', (_name, core) => {
  it('gives back what it compressed', () => {
    fc.assert(
      fc.property(content(200_000), (bytes) => {
        expectSameBytes(core.lz4Decompress(core.lz4Compress(bytes), bytes.length), bytes);
      }),
      { numRuns: 150 },
    );
  });

  it('gives back what it compressed at every level', () => {
    fc.assert(
      fc.property(content(100_000), fc.integer({ min: 1, max: 17 }), (bytes, level) => {
        expectSameBytes(core.lz4Decompress(core.lz4Compress(bytes, level), bytes.length), bytes);
      }),
      { numRuns: 100 },
    );
  });

  it('takes the default level for none, and compresses harder at higher ones', () => {
    const text = new TextEncoder().encode(
      Array.from({ length: 3000 }, (_, index) => `{"id":${index},"user":"user-${(index * 7919) % 97}"}`).join(),
    );
    const sizes = [1, 2, 4, 8, 12, 17].map((level) => core.lz4Compress(text, level).length);
    expect(sizes).toEqual(sizes.toSorted((a, b) => b - a));
    expect(new Set(sizes).size).toBeGreaterThan(3);
    expectSameBytes(core.lz4Compress(text, 9), core.lz4Compress(text));
    expect(sizes.at(-1)).toBeLessThan(core.lz4Compress(text).length);
  });

  it('keeps the rules for the end of a block, which decoders rely on', () => {
    fc.assert(
      fc.property(content(65_536), fc.integer({ min: 8, max: 10 }), (bytes, level) => {
        const frame = core.lz4Compress(bytes, level);
        if (frame.length <= 11 || (frame[10] as number) >= 0x80) return;
        const { lastLiterals, lastMatchStart } = endOfBlock(frame.subarray(11, frame.length - 4));
        if (lastMatchStart === undefined) return;
        expect(lastLiterals).toBeGreaterThanOrEqual(5);
        expect(bytes.length - lastMatchStart).toBeGreaterThanOrEqual(12);
      }),
      { numRuns: 200 },
    );
  });

  it('makes noise no longer than a few bytes for each block', () => {
    const bytes = noise(300_000, 1, 256);
    expect(core.lz4Compress(bytes).length).toBe(7 + 5 * 4 + bytes.length + 4);
  });

  it('makes repetition much shorter', () => {
    expect(core.lz4Compress(new Uint8Array(1 << 20)).length).toBeLessThan(6000);
  });

  it('reads linked blocks, stored blocks, checksums, content size, any block size', () => {
    fc.assert(
      fc.property(framePlan, (plan) => {
        const { frame, content } = buildFrame(plan);
        expectSameBytes(core.lz4Decompress(frame, content.length), content);
      }),
      { numRuns: 300 },
    );
  });

  it('reads several frames and skips skippable ones', () => {
    fc.assert(
      fc.property(
        fc.array(framePlan, { minLength: 1, maxLength: 4 }),
        fc.uint8Array({ maxLength: 50 }),
        (plans, skipped) => {
          const frames = plans.map(buildFrame);
          const skippable = concatenated([uint32(0x184d2a53), uint32(skipped.length), skipped]);
          const input = concatenated(frames.flatMap(({ frame }) => [skippable, frame]));
          expectSameBytes(core.lz4Decompress(input, MAX_BYTES), concatenated(frames.map((each) => each.content)));
        },
      ),
      { numRuns: 100 },
    );
  });

  it('does not let a match of independent blocks, or of a new frame, reach back', () => {
    const reachingBack = Uint8Array.of(0x00, 0x01, 0x00, 0x10, 0x61);
    const stored = concatenated([uint32(0x80000004), Uint8Array.of(1, 2, 3, 4)]);
    const inBlock = concatenated([uint32(reachingBack.length), reachingBack, uint32(0)]);
    expect(outcomeOf(() => core.lz4Decompress(concatenated([PLAIN_HEADER, stored, inBlock]), 100))).toEqual({
      code: 'CORRUPT',
    });
    const linkedHeader = buildFrame({
      blocks: [],
      linked: true,
      blockChecksums: false,
      contentChecksum: false,
      contentSize: false,
      blockSizeId: 4,
    }).frame.subarray(0, 7);
    const linked = concatenated([linkedHeader, stored, inBlock]);
    expect(core.lz4Decompress(linked, 100)).toEqual(Uint8Array.of(1, 2, 3, 4, 4, 4, 4, 4, 0x61));
    const twoFrames = concatenated([linkedHeader, stored, uint32(0), linkedHeader, inBlock]);
    expect(outcomeOf(() => core.lz4Decompress(twoFrames, 100))).toEqual({ code: 'CORRUPT' });
  });

  it('notices every wrong checksum and content size', () => {
    const options = {
      linked: false,
      blockChecksums: true,
      contentChecksum: true,
      contentSize: true,
      blockSizeId: 4,
    } as const;
    const block = { stored: true, sequences: [], tail: noise(50, 3, 256) };
    const { frame, content } = buildFrame({ ...options, blocks: [block] });
    expectSameBytes(core.lz4Decompress(frame, 50), content);
    // Header checksum, content size, block, block checksum, content checksum.
    for (const at of [14, 6, 30, frame.length - 9, frame.length - 1]) {
      const wrong = frame.slice();
      wrong[at] = (wrong[at] as number) ^ 1;
      expect(
        outcomeOf(() => core.lz4Decompress(wrong, 100)),
        `byte ${at}`,
      ).toEqual({ code: 'CORRUPT' });
    }
  });

  it('keeps to maxBytes: exactly enough is enough, one less is too little', () => {
    fc.assert(
      fc.property(framePlan, fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true }), (plan, fraction) => {
        const { frame, content } = buildFrame(plan);
        fc.pre(content.length > 0);
        for (const maxBytes of [content.length - 1, Math.floor(content.length * fraction)]) {
          expect(outcomeOf(() => core.lz4Decompress(frame, maxBytes))).toEqual({ code: 'TOO_LARGE' });
        }
      }),
      { numRuns: 200 },
    );
  });

  it('stops a bomb at maxBytes', () => {
    // One literal, then a match as long as the format can say in these bytes: 255 times their number.
    const bomb = concatenated([
      Uint8Array.of(0x1f, 0x00, 0x01, 0x00),
      new Uint8Array(60_000).fill(255),
      Uint8Array.of(0),
    ]);
    const frame = concatenated([PLAIN_HEADER, uint32(bomb.length), bomb, uint32(0)]);
    expect(outcomeOf(() => core.lz4Decompress(frame, 1000))).toEqual({ code: 'TOO_LARGE' });
    // With room it is still more than a block of 64 KB may hold.
    expect(outcomeOf(() => core.lz4Decompress(frame, MAX_BYTES))).toEqual({ code: 'CORRUPT' });
  });

  it('refuses a claimed content size over maxBytes before it decompresses anything', () => {
    const plan = {
      blocks: [],
      linked: false,
      blockChecksums: false,
      contentChecksum: false,
      contentSize: true,
      blockSizeId: 4,
    } as const;
    const { frame } = buildFrame(plan);
    const lying = frame.slice();
    lying.fill(0xff, 6, 14);
    lying[14] = (reference.xxHash32(lying.subarray(4, 14)) >>> 8) & 0xff;
    expect(outcomeOf(() => core.lz4Decompress(lying, MAX_BYTES))).toEqual({ code: 'TOO_LARGE' });
  });

  it.each([
    ['no bytes', new Uint8Array(0), 'CORRUPT'],
    ['only a skippable frame', concatenated([uint32(0x184d2a50), uint32(0)]), 'CORRUPT'],
    ['another magic', Uint8Array.of(1, 2, 3, 4, 5, 6, 7, 8), 'CORRUPT'],
    ['a header cut short', PLAIN_HEADER.subarray(0, 6), 'CORRUPT'],
    ['no end mark', PLAIN_HEADER, 'CORRUPT'],
    [
      'an empty compressed block',
      concatenated([PLAIN_HEADER, uint32(0x80000000), uint32(1), Uint8Array.of(0xf0), uint32(0)]),
      'CORRUPT',
    ],
    ['a block larger than 64 KB', concatenated([PLAIN_HEADER, uint32(65537), new Uint8Array(65541)]), 'CORRUPT'],
    ['bytes after the frame', concatenated([PLAIN_HEADER, uint32(0), Uint8Array.of(0)]), 'CORRUPT'],
    ['frame version 2', Uint8Array.of(0x04, 0x22, 0x4d, 0x18, 0xa0, 0x40, 0, 0, 0, 0, 0), 'UNSUPPORTED'],
    ['a dictionary', Uint8Array.of(0x04, 0x22, 0x4d, 0x18, 0x61, 0x40, 0, 0, 0, 0, 0), 'UNSUPPORTED'],
    ['a reserved flag', Uint8Array.of(0x04, 0x22, 0x4d, 0x18, 0x62, 0x40, 0, 0, 0, 0, 0), 'CORRUPT'],
    ['blocks of 16 KB', Uint8Array.of(0x04, 0x22, 0x4d, 0x18, 0x60, 0x30, 0, 0, 0, 0, 0), 'CORRUPT'],
  ] as const)('refuses %s', (_what, input, code) => {
    expect(outcomeOf(() => core.lz4Decompress(input, MAX_BYTES))).toEqual({ code });
  });
});

describe('LZ4 in WebAssembly against the reference', () => {
  it('decompresses what the other compressed', () => {
    fc.assert(
      fc.property(content(150_000), fc.nat(40), (bytes, gap) => {
        expectSameBytes(wasm.lz4Decompress(reference.lz4Compress(bytes), bytes.length), bytes);
        expectSameBytes(reference.lz4Decompress(wasm.lz4Compress(inHeap(bytes, gap)), bytes.length), bytes);
      }),
      { numRuns: 150 },
    );
  });

  it('compresses the same at every level but the fast one', () => {
    const levels = fc.integer({ min: 1, max: 17 }).filter((level) => level !== 9);
    fc.assert(
      fc.property(content(100_000), levels, fc.nat(40), (bytes, level, gap) => {
        expectSameBytes(wasm.lz4Compress(inHeap(bytes, gap), level), reference.lz4Compress(bytes, level));
      }),
      { numRuns: 100 },
    );
  });

  it('compresses the same, staged and in place', () => {
    fc.assert(
      fc.property(content(150_000), fc.nat(40), (bytes, gap) => {
        expectSameBytes(wasm.lz4Compress(inHeap(bytes, gap)), wasm.lz4Compress(bytes));
      }),
      { numRuns: 50 },
    );
  });

  it('comes to the same on damaged frames', () => {
    const damages = fc.array(damage, { minLength: 1, maxLength: 3 });
    fc.assert(
      fc.property(framePlan, damages, fc.nat(40_000), fc.boolean(), (plan, list, maxBytes, inPlace) => {
        const input = damaged(buildFrame({ ...plan, blockChecksums: false }).frame, list);
        const expected = outcomeOf(() => reference.lz4Decompress(input, maxBytes));
        expectSameOutcome(
          outcomeOf(() => wasm.lz4Decompress(inPlace ? inHeap(input, 3) : input, maxBytes)),
          expected,
        );
      }),
      { numRuns: 3000 },
    );
  });

  it('comes to the same on arbitrary bytes as a block', () => {
    // Small numbers make tokens with short lengths and distances that are often valid.
    const byte = fc.oneof(fc.nat(255), fc.nat(40), fc.constant(0xff), fc.constant(0x00));
    fc.assert(
      fc.property(fc.array(byte, { minLength: 1, maxLength: 80 }), fc.nat(400), (bytes, maxBytes) => {
        const input = concatenated([PLAIN_HEADER, uint32(bytes.length), Uint8Array.from(bytes), uint32(0)]);
        const expected = outcomeOf(() => reference.lz4Decompress(input, maxBytes));
        expectSameOutcome(
          outcomeOf(() => wasm.lz4Decompress(input, maxBytes)),
          expected,
        );
      }),
      { numRuns: 5000 },
    );
  });

  it('reads linked blocks across the end of its window', () => {
    const start = { stored: true, sequences: [], tail: noise(65_536, 5, 256) };
    const far = { literals: new Uint8Array(0), backFraction: 1, matchBytes: 60_000 };
    const near = { literals: noise(3, 9, 256), backFraction: 0.01, matchBytes: 5_000 };
    const linked = { stored: false, sequences: [far, near], tail: Uint8Array.of(1) };
    const options = {
      linked: true,
      blockChecksums: true,
      contentChecksum: true,
      contentSize: true,
      blockSizeId: 7,
    } as const;
    const { frame, content } = buildFrame({ ...options, blocks: [start, ...Array.from({ length: 60 }, () => linked)] });
    expectSameBytes(wasm.lz4Decompress(frame, content.length), content);
    const repeated = concatenated(Array.from({ length: 5 }, () => frame));
    expectSameBytes(
      wasm.lz4Decompress(repeated, MAX_BYTES * 2),
      concatenated(Array.from({ length: 5 }, () => content)),
    );
  });

  it('handles what is larger than its window', () => {
    const bytes = concatenated([noise(9_000_000, 2, 4), noise(9_000_000, 3, 256), new Uint8Array(3_000_000)]);
    expectSameBytes(wasm.lz4Decompress(wasm.lz4Compress(bytes), bytes.length), bytes);
  });
});

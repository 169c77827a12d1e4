import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { concatenated, content, damage, damaged, noise } from '../tests/arbitraries.ts';
import { bothCores, inHeap, reference, wasm } from '../tests/cores.ts';
import { expectSameBytes, expectSameOutcome, outcomeOf } from '../tests/outcome.ts';
import { buildSnappyBlock, elements, preamble } from '../tests/snappy-blocks.ts';

const XERIAL_HEADER = Uint8Array.of(0x82, 0x53, 0x4e, 0x41, 0x50, 0x50, 0x59, 0, 0, 0, 0, 1, 0, 0, 0, 1);
const MAX_BYTES = 1 << 24;

function xerial(blocks: readonly Uint8Array[]): Uint8Array {
  const chunks = blocks.flatMap((block) => {
    const size = new Uint8Array(4);
    new DataView(size.buffer).setUint32(0, block.length);
    return [size, block];
  });
  return concatenated([XERIAL_HEADER, ...chunks]);
}

describe.each(bothCores)('Snappy (%s)', (_name, core) => {
  it('gives back what it compressed', () => {
    fc.assert(
      fc.property(content(150_000), (bytes) => {
        expectSameBytes(core.snappyDecompress(core.snappyCompress(bytes), bytes.length), bytes);
      }),
      { numRuns: 150 },
    );
  });

  it('makes noise no longer than a few bytes for each chunk', () => {
    const bytes = noise(100_000, 1, 256);
    expect(core.snappyCompress(bytes).length).toBeLessThan(bytes.length + 16 + 4 * 20);
  });

  it('makes repetition much shorter', () => {
    expect(core.snappyCompress(new Uint8Array(1 << 20)).length).toBeLessThan((1 << 20) / 20);
  });

  it('reads every kind of element, raw and in xerial framing', () => {
    fc.assert(
      fc.property(fc.array(elements, { minLength: 1, maxLength: 4 }), (lists) => {
        const built = lists.map(buildSnappyBlock);
        for (const { block, content } of built) expectSameBytes(core.snappyDecompress(block, content.length), content);
        const whole = concatenated(built.map((each) => each.content));
        expectSameBytes(core.snappyDecompress(xerial(built.map(({ block }) => block)), whole.length), whole);
      }),
      { numRuns: 300 },
    );
  });

  it('keeps to maxBytes: exactly enough is enough, one less is too little', () => {
    fc.assert(
      fc.property(elements, (list) => {
        const { block, content } = buildSnappyBlock(list);
        fc.pre(content.length > 0);
        for (const input of [block, xerial([block])]) {
          expect(outcomeOf(() => core.snappyDecompress(input, content.length - 1))).toEqual({ code: 'TOO_LARGE' });
        }
      }),
      { numRuns: 100 },
    );
  });

  it.each([
    ['no bytes', new Uint8Array(0), 'CORRUPT'],
    ['a preamble over maxBytes', Uint8Array.from([...preamble(0xffffffff), 0]), 'TOO_LARGE'],
    ['a preamble that the elements cannot yield', Uint8Array.from([...preamble(MAX_BYTES), 0, 0x61]), 'CORRUPT'],
    ['a preamble of more than 32 bits', Uint8Array.of(0x80, 0x80, 0x80, 0x80, 0x10, 0), 'CORRUPT'],
    ['a preamble cut short', Uint8Array.of(0x80), 'CORRUPT'],
    ['fewer bytes than the preamble says', Uint8Array.of(2, 0, 0x61), 'CORRUPT'],
    ['more bytes than the preamble says', Uint8Array.of(1, 4, 0x61, 0x62), 'CORRUPT'],
    ['a copy without anything before', Uint8Array.of(4, 1, 1), 'CORRUPT'],
    ['a copy of distance 0', Uint8Array.of(5, 0, 0x61, 1, 0), 'CORRUPT'],
    ['a literal of 2^32 bytes', Uint8Array.of(1, 63 << 2, 0xff, 0xff, 0xff, 0xff, 0, 0x61), 'CORRUPT'],
    ['a xerial header cut short', XERIAL_HEADER.subarray(0, 12), 'CORRUPT'],
    ['a chunk size cut short', concatenated([XERIAL_HEADER, Uint8Array.of(0, 0)]), 'CORRUPT'],
    ['a chunk cut short', concatenated([XERIAL_HEADER, Uint8Array.of(0, 0, 0, 9, 1, 0, 0x61)]), 'CORRUPT'],
    ['a chunk of -1 bytes', concatenated([XERIAL_HEADER, Uint8Array.of(255, 255, 255, 255, 1)]), 'CORRUPT'],
    ['an empty chunk', xerial([new Uint8Array(0)]), 'CORRUPT'],
    ['a later version', concatenated([XERIAL_HEADER.subarray(0, 15), Uint8Array.of(2)]), 'UNSUPPORTED'],
  ] as const)('refuses %s', (_what, input, code) => {
    expect(outcomeOf(() => core.snappyDecompress(input, MAX_BYTES))).toEqual({ code });
  });

  it('reads a stream without chunks as nothing', () => {
    expect(core.snappyDecompress(XERIAL_HEADER, 0)).toEqual(new Uint8Array(0));
  });
});

describe('Snappy in WebAssembly against the reference', () => {
  it('decompresses what the other compressed', () => {
    fc.assert(
      fc.property(content(100_000), fc.nat(40), (bytes, gap) => {
        expectSameBytes(wasm.snappyDecompress(reference.snappyCompress(bytes), bytes.length), bytes);
        expectSameBytes(reference.snappyDecompress(wasm.snappyCompress(inHeap(bytes, gap)), bytes.length), bytes);
      }),
      { numRuns: 150 },
    );
  });

  it('compresses the same, staged and in place', () => {
    fc.assert(
      fc.property(content(100_000), fc.nat(40), (bytes, gap) => {
        expectSameBytes(wasm.snappyCompress(inHeap(bytes, gap)), wasm.snappyCompress(bytes));
      }),
      { numRuns: 50 },
    );
  });

  it('comes to the same on damaged input', () => {
    const damages = fc.array(damage, { minLength: 1, maxLength: 3 });
    fc.assert(
      fc.property(
        elements,
        damages,
        fc.nat(20_000),
        fc.boolean(),
        fc.boolean(),
        (list, harm, maxBytes, raw, inPlace) => {
          const { block } = buildSnappyBlock(list);
          const input = damaged(raw ? block : xerial([block]), harm);
          const expected = outcomeOf(() => reference.snappyDecompress(input, maxBytes));
          expectSameOutcome(
            outcomeOf(() => wasm.snappyDecompress(inPlace ? inHeap(input, 3) : input, maxBytes)),
            expected,
          );
        },
      ),
      { numRuns: 3000 },
    );
  });

  it('comes to the same on arbitrary bytes as elements', () => {
    const byte = fc.oneof(
      fc.nat(255),
      fc.nat(24),
      fc.constant(0x01),
      fc.constantFrom(60 << 2, 61 << 2, 62 << 2, 63 << 2),
    );
    fc.assert(
      fc.property(fc.array(byte, { minLength: 1, maxLength: 80 }), fc.nat(200), (bytes, size) => {
        const input = Uint8Array.from([...preamble(size), ...bytes]);
        const expected = outcomeOf(() => reference.snappyDecompress(input, 1000));
        expectSameOutcome(
          outcomeOf(() => wasm.snappyDecompress(input, 1000)),
          expected,
        );
      }),
      { numRuns: 5000 },
    );
  });

  it('handles what is larger than its window, framed and as one raw block', () => {
    const bytes = noise(9_500_000, 4, 3);
    const compressed = wasm.snappyCompress(bytes);
    expectSameBytes(wasm.snappyDecompress(compressed, bytes.length), bytes);
    const code = bytes.length - 1;
    const head = Uint8Array.of(...preamble(bytes.length), 63 << 2, code, code >>> 8, code >>> 16, code >>> 24);
    expectSameBytes(wasm.snappyDecompress(concatenated([head, bytes]), bytes.length), bytes);
  });

  it('handles a small block that decompresses to more than its window', () => {
    const copies = new Uint8Array(150_000 * 3).map((_, index) => [(63 << 2) | 2, 1, 0][index % 3] as number);
    const block = concatenated([Uint8Array.from([...preamble(1 + 150_000 * 64), 0, 0x61]), copies]);
    expectSameBytes(wasm.snappyDecompress(block, MAX_BYTES), new Uint8Array(1 + 150_000 * 64).fill(0x61));
  });
});

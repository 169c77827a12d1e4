import fc from 'fast-check';
import { xxHash32 } from '../src/reference/xxhash32.ts';
import { concatenated } from './arbitraries.ts';

/** One sequence of an LZ4 block: literals, then (but in the last of a block) a match. */
export interface Sequence {
  readonly literals: Uint8Array;
  /** Where in the reachable history the match begins: 0 is the latest byte, 1 the oldest. */
  readonly backFraction: number;
  readonly matchBytes: number;
}

/** A frame as a plan: what to encode and with which options. */
export interface FramePlan {
  readonly blocks: readonly {
    readonly stored: boolean;
    readonly sequences: readonly Sequence[];
    readonly tail: Uint8Array;
  }[];
  readonly linked: boolean;
  readonly blockChecksums: boolean;
  readonly contentChecksum: boolean;
  readonly contentSize: boolean;
  readonly blockSizeId: 4 | 5 | 6 | 7;
}

const sequence: fc.Arbitrary<Sequence> = fc.record({
  literals: fc.oneof(fc.uint8Array({ maxLength: 20 }), fc.uint8Array({ maxLength: 600 })),
  backFraction: fc.oneof(
    fc.constant(0),
    fc.double({ min: 0, max: 0.001, noNaN: true }),
    fc.double({ min: 0, max: 1, noNaN: true }),
  ),
  matchBytes: fc.oneof(fc.integer({ min: 4, max: 22 }), fc.integer({ min: 4, max: 2000 })),
});

/** Frames that use everything the format has, whatever compressors would write. */
export const framePlan: fc.Arbitrary<FramePlan> = fc.record({
  blocks: fc.array(
    fc.record({
      stored: fc.boolean(),
      sequences: fc.array(sequence, { maxLength: 12 }),
      tail: fc.uint8Array({ maxLength: 40 }),
    }),
    { maxLength: 5 },
  ),
  linked: fc.boolean(),
  blockChecksums: fc.boolean(),
  contentChecksum: fc.boolean(),
  contentSize: fc.boolean(),
  blockSizeId: fc.constantFrom(4, 5, 6, 7),
});

/** The frame of a plan, and what it decompresses to, by an encoder that shares nothing with the code under test but xxHash32. */
export function buildFrame(plan: FramePlan): { readonly frame: Uint8Array; readonly content: Uint8Array } {
  let content: Uint8Array = new Uint8Array(0);
  const blocks: Uint8Array[] = [];
  for (const { stored, sequences, tail } of plan.blocks) {
    const history = plan.linked ? content.subarray(Math.max(0, content.length - 65535)) : new Uint8Array(0);
    const { encoded, decoded } = buildBlock(sequences, tail, history);
    content = concatenated([content, decoded]);
    const body = stored ? decoded : encoded;
    // A size of 0 is the end mark: an empty stored block cannot be written.
    if (body.length === 0) continue;
    blocks.push(uint32((stored ? 0x80000000 : 0) + body.length), body);
    if (plan.blockChecksums) blocks.push(uint32(xxHash32(body)));
  }
  const tailParts = plan.contentChecksum ? [uint32(0), uint32(xxHash32(content))] : [uint32(0)];
  return { frame: concatenated([frameHeader(plan, content.length), ...blocks, ...tailParts]), content };
}

function frameHeader(plan: FramePlan, contentBytes: number): Uint8Array {
  const flags =
    0x40 |
    (plan.linked ? 0 : 0x20) |
    (plan.blockChecksums ? 0x10 : 0) |
    (plan.contentSize ? 0x08 : 0) |
    (plan.contentChecksum ? 0x04 : 0);
  const size = plan.contentSize ? [uint32(contentBytes), uint32(0)] : [];
  const descriptor = concatenated([Uint8Array.of(flags, plan.blockSizeId << 4), ...size]);
  return concatenated([uint32(0x184d2204), descriptor, Uint8Array.of((xxHash32(descriptor) >>> 8) & 0xff)]);
}

function buildBlock(
  sequences: readonly Sequence[],
  tail: Uint8Array,
  history: Uint8Array,
): { readonly encoded: Uint8Array; readonly decoded: Uint8Array } {
  const encoded: number[] = [];
  const reachable: number[] = [...history];
  for (const { literals, backFraction, matchBytes } of sequences) {
    reachable.push(...literals);
    const distance = 1 + Math.floor(backFraction * (Math.min(65535, reachable.length) - 1));
    if (reachable.length === 0) continue;
    pushSequence(encoded, literals, distance, matchBytes);
    for (let index = 0; index < matchBytes; index++) reachable.push(reachable[reachable.length - distance] as number);
  }
  reachable.push(...tail);
  pushSequence(encoded, tail, 0, 0);
  return { encoded: Uint8Array.from(encoded), decoded: Uint8Array.from(reachable.slice(history.length)) };
}

function pushSequence(encoded: number[], literals: Uint8Array, distance: number, matchBytes: number): void {
  const matchCode = Math.max(0, matchBytes - 4);
  encoded.push((Math.min(15, literals.length) << 4) | Math.min(15, matchCode));
  pushLengthTail(encoded, literals.length);
  encoded.push(...literals);
  if (matchBytes === 0) return;
  encoded.push(distance & 0xff, distance >>> 8);
  pushLengthTail(encoded, matchCode);
}

function pushLengthTail(encoded: number[], length: number): void {
  if (length < 15) return;
  let left = length - 15;
  for (; left >= 255; left -= 255) encoded.push(255);
  encoded.push(left);
}

/** A little-endian uint32. */
export function uint32(value: number): Uint8Array {
  return Uint8Array.of(value, value >>> 8, value >>> 16, value >>> 24);
}

import fc from 'fast-check';

/** One element of a Snappy block. Copies are of the kind named, as far as the distance fits it. */
export type Element =
  | { readonly type: 'literal'; readonly bytes: Uint8Array; readonly longForm: 0 | 1 | 2 | 3 | 4 }
  | { readonly type: 'copy'; readonly kind: 1 | 2 | 3; readonly backFraction: number; readonly size: number };

const literal = fc.record({
  type: fc.constant('literal' as const),
  bytes: fc.oneof(fc.uint8Array({ minLength: 1, maxLength: 20 }), fc.uint8Array({ minLength: 1, maxLength: 700 })),
  longForm: fc.constantFrom(0, 1, 2, 3, 4),
});
const copy = fc.record({
  type: fc.constant('copy' as const),
  kind: fc.constantFrom(1, 2, 3),
  backFraction: fc.oneof(
    fc.constant(0),
    fc.double({ min: 0, max: 0.02, noNaN: true }),
    fc.double({ min: 0, max: 1, noNaN: true }),
  ),
  size: fc.integer({ min: 1, max: 64 }),
});

/** Elements that use everything the format has, whatever compressors would write. */
export const elements: fc.Arbitrary<readonly Element[]> = fc.array(fc.oneof(literal, copy, copy), { maxLength: 60 });

/** The raw block of these elements, and what it decompresses to. */
export function buildSnappyBlock(list: readonly Element[]): {
  readonly block: Uint8Array;
  readonly content: Uint8Array;
} {
  const encoded: number[] = [];
  const content: number[] = [];
  for (const element of list) {
    if (element.type === 'literal') {
      pushLiteral(encoded, element.bytes, element.longForm);
      content.push(...element.bytes);
    } else if (content.length > 0) {
      pushCopy(encoded, content, element.kind, element.backFraction, element.size);
    }
  }
  return { block: Uint8Array.from([...preamble(content.length), ...encoded]), content: Uint8Array.from(content) };
}

/** A block's decompressed size as a varint. */
export function preamble(size: number): number[] {
  const bytes: number[] = [];
  let left = size;
  for (; left >= 0x80; left = Math.floor(left / 0x80)) bytes.push((left % 0x80) | 0x80);
  bytes.push(left);
  return bytes;
}

function pushLiteral(encoded: number[], bytes: Uint8Array, longForm: number): void {
  const code = bytes.length - 1;
  const codeBytes = Math.max(longForm, code < 60 ? 0 : code < 256 ? 1 : 2);
  encoded.push((codeBytes === 0 ? code : 59 + codeBytes) << 2);
  for (let index = 0; index < codeBytes; index++) encoded.push((code >>> (8 * index)) & 0xff);
  encoded.push(...bytes);
}

function pushCopy(encoded: number[], content: number[], kind: 1 | 2 | 3, backFraction: number, size: number): void {
  const distance = 1 + Math.floor(backFraction * (content.length - 1));
  let copyBytes = size;
  if (kind === 1 && distance < 2048) {
    copyBytes = 4 + (size % 8);
    encoded.push(1 | ((copyBytes - 4) << 2) | ((distance >>> 8) << 5), distance & 0xff);
  } else if (kind !== 3 && distance < 65536) {
    encoded.push(2 | ((copyBytes - 1) << 2), distance & 0xff, distance >>> 8);
  } else {
    encoded.push(3 | ((copyBytes - 1) << 2), distance & 0xff, (distance >>> 8) & 0xff, distance >>> 16, 0);
  }
  for (let index = 0; index < copyBytes; index++) content.push(content[content.length - distance] as number);
}

import fc from 'fast-check';

/** Bytes of any size up to `maxLength`, some of it repetitive so that there is something to compress. */
export function content(maxLength: number): fc.Arbitrary<Uint8Array> {
  return fc.oneof(
    fc.uint8Array({ maxLength: Math.min(maxLength, 300) }),
    repetitive(maxLength),
    fc.tuple(fc.nat(maxLength), fc.nat(0xffffffff)).map(([length, seed]) => noise(length, seed, 256)),
    fc.tuple(fc.nat(maxLength), fc.nat(0xffffffff)).map(([length, seed]) => noise(length, seed, 3)),
  );
}

/** Pieces repeated at random distances, with noise between. */
function repetitive(maxLength: number): fc.Arbitrary<Uint8Array> {
  const piece = fc.record({
    fresh: fc.uint8Array({ maxLength: 40 }),
    backFraction: fc.double({ min: 0, max: 1, noNaN: true }),
    copyBytes: fc.oneof(fc.nat(20), fc.nat(400), fc.nat(20_000)),
  });
  return fc.array(piece, { maxLength: 60 }).map((pieces) => {
    const bytes = new Uint8Array(maxLength);
    let length = 0;
    for (const { fresh, backFraction, copyBytes } of pieces) {
      const takeFresh = Math.min(fresh.length, maxLength - length);
      bytes.set(fresh.subarray(0, takeFresh), length);
      length += takeFresh;
      const distance = 1 + Math.floor(backFraction * (length - 1));
      if (distance < 1 || distance > length) continue;
      for (let left = Math.min(copyBytes, maxLength - length); left > 0; left--, length++) {
        bytes[length] = bytes[length - distance] as number;
      }
    }
    return bytes.slice(0, length);
  });
}

/** Pseudo-random bytes below `range`: the same for the same seed. */
export function noise(length: number, seed: number, range: number): Uint8Array {
  const bytes = new Uint8Array(length);
  let state = seed | 1;
  for (let index = 0; index < length; index++) {
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    bytes[index] = (state >>> 8) % range;
  }
  return bytes;
}

/** How bytes are broken: cut short, a bit flipped, bytes overwritten, bytes put in. */
export type Damage =
  | { readonly type: 'cut'; readonly atFraction: number }
  | { readonly type: 'flip'; readonly atFraction: number; readonly bit: number }
  | { readonly type: 'overwrite'; readonly atFraction: number; readonly bytes: Uint8Array }
  | { readonly type: 'insert'; readonly atFraction: number; readonly bytes: Uint8Array };

const atFraction = fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true });

/** One kind of damage. Positions near the start, where the headers are, come up often. */
export const damage: fc.Arbitrary<Damage> = fc
  .tuple(
    fc.oneof(
      fc.record({ type: fc.constant('cut' as const), atFraction }),
      fc.record({ type: fc.constant('flip' as const), atFraction, bit: fc.nat(7) }),
      fc.record({
        type: fc.constant('overwrite' as const),
        atFraction,
        bytes: fc.uint8Array({ minLength: 1, maxLength: 8 }),
      }),
      fc.record({
        type: fc.constant('insert' as const),
        atFraction,
        bytes: fc.uint8Array({ minLength: 1, maxLength: 8 }),
      }),
    ),
    fc.boolean(),
  )
  .map(([one, nearStart]) => (nearStart ? { ...one, atFraction: one.atFraction ** 4 } : one));

/** A damaged copy. */
export function damaged(bytes: Uint8Array, damages: readonly Damage[]): Uint8Array {
  let result: Uint8Array = bytes.slice();
  for (const one of damages) {
    const at = Math.floor(one.atFraction * result.length);
    switch (one.type) {
      case 'cut':
        result = result.slice(0, at);
        break;
      case 'flip':
        if (result.length > 0) result[at] = (result[at] as number) ^ (1 << one.bit);
        break;
      case 'overwrite':
        result.set(one.bytes.subarray(0, result.length - at), at);
        break;
      case 'insert':
        result = concatenated([result.subarray(0, at), one.bytes, result.subarray(at)]);
        break;
      default:
        one satisfies never;
    }
  }
  return result;
}

export function concatenated(parts: readonly Uint8Array[]): Uint8Array {
  const whole = new Uint8Array(parts.reduce((sum, part) => sum + part.length, 0));
  let at = 0;
  for (const part of parts) {
    whole.set(part, at);
    at += part.length;
  }
  return whole;
}

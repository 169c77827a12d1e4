/** How a number is put into bytes: rpk's words. Wide integers hold 64 bits; narrower ones wrap, as in C. */
export const numberEncodings = [
  'ascii',
  'hex64',
  'hex32',
  'hex16',
  'hex8',
  'hex4',
  'big64',
  'big32',
  'big16',
  'big8',
  'little64',
  'little32',
  'little16',
  'little8',
  'byte',
  'bool',
] as const;

export type NumberEncoding = (typeof numberEncodings)[number];

const ascii = new TextEncoder();

/** Bits of a fixed-width encoding, 0 for `ascii` and `bool`. */
export function bitsOf(encoding: NumberEncoding): number {
  if (encoding === 'ascii' || encoding === 'bool') return 0;
  if (encoding === 'byte') return 8;
  return Number(/\d+$/.exec(encoding)?.[0]);
}

/** The bytes of `value` in `encoding`. */
export function encodeNumber(value: number, encoding: NumberEncoding): Uint8Array {
  if (encoding === 'ascii') return ascii.encode(String(value));
  if (encoding === 'bool') return ascii.encode(value === 0 ? 'false' : 'true');
  const bits = bitsOf(encoding);
  const wrapped = BigInt.asUintN(bits, BigInt(value));
  if (encoding.startsWith('hex')) return ascii.encode(wrapped.toString(16).padStart(bits / 4, '0'));
  const bytes = new Uint8Array(bits / 8);
  let rest = wrapped;
  for (let index = 0; index < bytes.length; index++) {
    const at = encoding.startsWith('little') ? index : bytes.length - 1 - index;
    bytes[at] = Number(rest & 0xffn);
    rest >>= 8n;
  }
  return bytes;
}

/** How many input bytes an encoding takes when read; undefined where the text decides (`ascii`, `bool`). */
export function encodedLength(encoding: NumberEncoding): number | undefined {
  const bits = bitsOf(encoding);
  if (bits === 0) return undefined;
  return encoding.startsWith('hex') ? bits / 4 : bits / 8;
}

/** Reads what `encodeNumber` wrote, as an unsigned number; undefined if the bytes are not of that encoding. */
export function decodeNumber(bytes: Uint8Array, encoding: NumberEncoding): number | undefined {
  const text = (): string => new TextDecoder('latin1').decode(bytes);
  if (encoding === 'ascii') return /^-?\d{1,16}$/.test(text()) ? Number(text()) : undefined;
  if (encoding === 'bool') return text() === 'true' ? 1 : text() === 'false' ? 0 : undefined;
  if (encoding.startsWith('hex')) return /^[0-9a-fA-F]+$/.test(text()) ? Number.parseInt(text(), 16) : undefined;
  let value = 0n;
  for (let index = 0; index < bytes.length; index++) {
    const at = encoding.startsWith('little') ? bytes.length - 1 - index : index;
    value = (value << 8n) | BigInt(bytes[at] ?? 0);
  }
  return value > BigInt(Number.MAX_SAFE_INTEGER) ? undefined : Number(value);
}

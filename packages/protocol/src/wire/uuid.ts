/** Kafka's text form of the UUID of all zeros: "no id". */
export const ZERO_UUID = 'AAAAAAAAAAAAAAAAAAAAAA';

const alphabet = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_';
const codes = Uint8Array.from(alphabet, (character) => character.charCodeAt(0));
const values = new Int16Array(128).fill(-1);
for (let index = 0; index < alphabet.length; index++) values[alphabet.charCodeAt(index)] = index;

/** The 22 characters of unpadded base64url for the 16 bytes at `position`. */
export function uuidFromBytes(bytes: Uint8Array, position = 0): string {
  const a = wordAt(bytes, position);
  const b = wordAt(bytes, position + 4);
  const c = wordAt(bytes, position + 8);
  const d = wordAt(bytes, position + 12);
  if ((a | b | c | d) === 0) return ZERO_UUID;
  return (
    String.fromCharCode(code(a >>> 26), code(a >>> 20), code(a >>> 14), code(a >>> 8), code(a >>> 2)) +
    String.fromCharCode(code((a << 4) | (b >>> 28)), code(b >>> 22), code(b >>> 16), code(b >>> 10), code(b >>> 4)) +
    String.fromCharCode(code((b << 2) | (c >>> 30)), code(c >>> 24), code(c >>> 18), code(c >>> 12), code(c >>> 6)) +
    String.fromCharCode(code(c), code(d >>> 26), code(d >>> 20), code(d >>> 14), code(d >>> 8), code(d >>> 2)) +
    String.fromCharCode(code(d << 4))
  );
}

function wordAt(bytes: Uint8Array, at: number): number {
  return ((bytes[at] ?? 0) << 24) | ((bytes[at + 1] ?? 0) << 16) | ((bytes[at + 2] ?? 0) << 8) | (bytes[at + 3] ?? 0);
}

/** The character code for the lowest six bits. */
function code(bits: number): number {
  return codes[bits & 63] ?? 0;
}

/** Whether `text` is a UUID in Kafka's text form. */
export function isUuid(text: string): boolean {
  return /^[A-Za-z0-9_-]{21}[AQgw]$/.test(text);
}

/** Writes the 16 bytes of a UUID in text form to `into`; false if it is none. */
export function uuidToBytes(text: string, into: Uint8Array, position = 0): boolean {
  if (text === ZERO_UUID) {
    into.fill(0, position, position + 16);
    return true;
  }
  if (text.length !== 22) return false;
  let bits = 0;
  let held = 0;
  let at = position;
  for (let index = 0; index < 22; index++) {
    const value = values[text.charCodeAt(index)] ?? -1;
    if (value < 0) return false;
    bits = (bits << 6) | value;
    held += 6;
    if (held >= 8) {
      held -= 8;
      into[at++] = (bits >> held) & 0xff;
    }
  }
  return (bits & 15) === 0;
}

/** Kafka's text form of the UUID of all zeros: "no id". */
export const ZERO_UUID = 'AAAAAAAAAAAAAAAAAAAAAA';

const alphabet = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_';
const values = new Int16Array(128).fill(-1);
for (let index = 0; index < alphabet.length; index++) values[alphabet.charCodeAt(index)] = index;

/** The 22 characters of unpadded base64url for the 16 bytes at `position`. */
export function uuidFromBytes(bytes: Uint8Array, position = 0): string {
  let text = '';
  for (let at = 0; at < 15; at += 3) {
    const group =
      ((bytes[position + at] ?? 0) << 16) | ((bytes[position + at + 1] ?? 0) << 8) | (bytes[position + at + 2] ?? 0);
    text +=
      alphabet.charAt(group >> 18) +
      alphabet.charAt((group >> 12) & 63) +
      alphabet.charAt((group >> 6) & 63) +
      alphabet.charAt(group & 63);
  }
  const last = bytes[position + 15] ?? 0;
  return text + alphabet.charAt(last >> 2) + alphabet.charAt((last & 3) << 4);
}

/** Whether `text` is a UUID in Kafka's text form. */
export function isUuid(text: string): boolean {
  return /^[A-Za-z0-9_-]{21}[AQgw]$/.test(text);
}

/** Writes the 16 bytes of a UUID in text form to `into`; false if it is none. */
export function uuidToBytes(text: string, into: Uint8Array, position = 0): boolean {
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

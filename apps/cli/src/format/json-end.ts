/**
 * Where the JSON value that starts at `from` ends (exclusive), or -1 if `bytes` end before it does. Leading white space belongs
 * to it. Only the nesting is followed here; whether it is JSON is for the parser to say.
 */
export function jsonEnd(bytes: Uint8Array, from: number, final: boolean): number {
  let depth = 0;
  let inString = false;
  let started = false;
  for (let at = from; at < bytes.length; at++) {
    const byte = bytes[at];
    if (inString) {
      if (byte === 0x5c) at++;
      else if (byte === 0x22) {
        inString = false;
        if (depth === 0) return at + 1;
      }
      continue;
    }
    if (byte === 0x22) inString = started = true;
    else if (byte === 0x7b || byte === 0x5b) {
      depth++;
      started = true;
    } else if (byte === 0x7d || byte === 0x5d) {
      depth--;
      if (depth <= 0) return depth < 0 ? at : at + 1;
    } else if (depth === 0 && (byte === 0x20 || byte === 0x0a || byte === 0x0d || byte === 0x09 || byte === 0x2c)) {
      if (started) return at;
    } else started = true;
  }
  return final && started && depth === 0 && !inString ? bytes.length : -1;
}

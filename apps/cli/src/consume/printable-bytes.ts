const lossy = new TextDecoder('utf-8', { ignoreBOM: true });
// Line feed and tab do what they say; every other control character could steer the terminal.
const steering = /[^\P{Cc}\n\t]/gu;

/**
 * Bytes as a terminal may safely get them: control characters (escape sequences among them) are shown as `\xNN`, what is not
 * UTF-8 as `�`. The same bytes where there is nothing to change.
 */
export function printableBytes(bytes: Uint8Array): Uint8Array {
  const text = lossy.decode(bytes);
  const safe = text.replace(steering, (one) => `\\x${(one.codePointAt(0) ?? 0).toString(16).padStart(2, '0')}`);
  return safe === text && !text.includes('\ufffd') ? bytes : Buffer.from(safe);
}

const widths: Readonly<Record<string, number>> = { b: 1, B: 1, h: 2, H: 2, i: 4, I: 4, q: 8, Q: 8 };

/**
 * rpk's `{unpack[...]}`: walks `bytes` by a pattern and prints what it finds. `<` and `>` choose the byte order (big
 * endian at first), `x` skips a byte, `b B h H i I q Q` are integers of 1, 2, 4 and 8 bytes (capitals unsigned), `c` and
 * `.` are a character, `s` is the rest as text, `$` demands the end. Bytes that do not fit print as `!` and end the walk.
 */
export function unpack(bytes: Uint8Array, pattern: string): string {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  let little = false;
  let at = 0;
  let out = '';
  for (const verb of pattern) {
    const width = widths[verb];
    if (verb === '<' || verb === '>') little = verb === '<';
    else if (verb === '$') {
      if (at !== bytes.length) return `${out}!`;
    } else if (verb === 's') {
      out += new TextDecoder().decode(bytes.subarray(at));
      at = bytes.length;
    } else if (verb === 'x' || verb === 'c' || verb === '.') {
      if (at >= bytes.length) return `${out}!`;
      if (verb !== 'x') out += String.fromCharCode(bytes[at] ?? 0);
      at++;
    } else if (width !== undefined) {
      if (at + width > bytes.length) return `${out}!`;
      out += String(integer(view, at, verb, little));
      at += width;
    } else out += verb;
  }
  return out;
}

function integer(view: DataView, at: number, verb: string, little: boolean): number | bigint {
  switch (verb) {
    case 'b':
      return view.getInt8(at);
    case 'B':
      return view.getUint8(at);
    case 'h':
      return view.getInt16(at, little);
    case 'H':
      return view.getUint16(at, little);
    case 'i':
      return view.getInt32(at, little);
    case 'I':
      return view.getUint32(at, little);
    case 'q':
      return view.getBigInt64(at, little);
    default:
      return view.getBigUint64(at, little);
  }
}

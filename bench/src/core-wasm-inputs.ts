const SEED = 1;

/** Log lines as services write them: much alike, with numbers that differ. */
export function jsonLines(sizeBytes: number): Buffer {
  let state = SEED;
  const random = (range: number): number => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return Math.floor((state / 2 ** 32) * range);
  };
  const levels = ['info', 'warn', 'debug', 'error'];
  const lines: string[] = [];
  for (let length = 0, line = 0; length < sizeBytes; line++) {
    const text = JSON.stringify({
      timestamp: 1_700_000_000_000 + line * 17,
      level: levels[random(levels.length)],
      userId: random(1_000_000),
      path: `/api/v1/resources/${random(5000)}/items`,
      durationMs: random(3000) / 10,
      message: `request ${random(1e9).toString(36)} handled by worker-${random(16)}`,
    });
    lines.push(text);
    length += text.length + 1;
  }
  return Buffer.from(lines.join('\n')).subarray(0, sizeBytes);
}

/** Records of a batch with values of 100 bytes and no keys. */
export function recordsOf(sizeBytes: number): { readonly records: Uint8Array; readonly recordsCount: number } {
  const parts: number[] = [];
  let recordsCount = 0;
  for (; parts.length < sizeBytes; recordsCount++) {
    const fields = [
      0,
      ...zigzag(recordsCount),
      ...zigzag(recordsCount),
      1,
      ...zigzag(100),
      ...new Array<number>(100).fill(97),
      0,
    ];
    parts.push(...zigzag(fields.length), ...fields);
  }
  return { records: Uint8Array.from(parts), recordsCount };
}

function zigzag(value: number): number[] {
  const bytes: number[] = [];
  let left = value * 2;
  for (; left >= 0x80; left >>>= 7) bytes.push((left & 0x7f) | 0x80);
  bytes.push(left);
  return bytes;
}

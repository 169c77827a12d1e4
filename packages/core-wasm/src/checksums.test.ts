import { describe, expect, test } from 'vitest';
import { createCore } from './index.ts';

const utf8 = new TextEncoder();
const everyByte = Uint8Array.from({ length: 256 }, (_, index) => index);

describe.each(['wasm', 'reference'] as const)('CRC-32C by the %s core', (kind) => {
  const core = createCore({ kind });

  test.each([
    ['nothing', new Uint8Array(0), 0x00000000],
    ['a', utf8.encode('a'), 0xc1d04330],
    ['123456789', utf8.encode('123456789'), 0xe3069283],
    ['kafka', utf8.encode('kafka'), 0x084b20e1],
    ['every byte', everyByte, 0x9c44184b],
    ['32 zeros', new Uint8Array(32), 0x8a9136aa],
  ])('of %s is what Kafka has', (_, bytes, crc) => {
    expect(core.kind).toBe(kind);
    expect(core.crc32c(bytes)).toBe(crc);
  });

  test('goes on where a part ended, at every size that a different path serves', () => {
    for (const size of [1, 255, 256, 2400, 10_000, 70_000]) {
      const bytes = Uint8Array.from({ length: size }, (_, index) => (index * 31 + (index >> 7)) & 255);
      const half = size >> 1;
      expect(core.crc32c(bytes.subarray(half), core.crc32c(bytes.subarray(0, half)))).toBe(core.crc32c(bytes));
      expect(core.crc32c(bytes)).toBe(createCore({ kind: 'reference' }).crc32c(bytes));
    }
  });
});

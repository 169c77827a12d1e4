import type { Core } from '@ks/core-wasm';
import type { SeededRandom } from '../prng.ts';
import { choose } from './actor.ts';

// Places in a record batch, as the protocol has them.
const MAGIC_AT = 16;
const CRC_AT = 17;
const CRC_BEGINS_AT = 21;
const ATTRIBUTES_AT = 21;
const LAST_OFFSET_DELTA_AT = 23;
const RECORDS_COUNT_AT = 57;
const RECORDS_AT = 61;

/** A good batch made bad in some way that a broker must notice, with its checksum set right where that is not what is wrong. */
export function breakBatch(random: SeededRandom, core: Core, batch: Uint8Array): Uint8Array {
  const bytes = batch.slice();
  const view = new DataView(bytes.buffer);
  const sealed = (): Uint8Array => {
    view.setUint32(CRC_AT, core.crc32c(bytes.subarray(CRC_BEGINS_AT)));
    return bytes;
  };
  const flip = (at: number): void => {
    bytes[at] = (bytes[at] ?? 0) ^ (1 << random.int(8));
  };
  const way = choose(random, [
    [
      3,
      () => {
        flip(CRC_AT + random.int(bytes.length - CRC_AT));
        return bytes;
      },
    ],
    [1, () => bytes.subarray(0, random.int(bytes.length))],
    [
      1,
      () => {
        const twice = new Uint8Array(2 * bytes.length);
        twice.set(bytes);
        twice.set(bytes, bytes.length);
        return twice;
      },
    ],
    [
      1,
      () => {
        bytes[MAGIC_AT] = choose(random, [
          [1, 0],
          [1, 1],
          [1, 3],
          [1, 255],
        ]);
        return bytes;
      },
    ],
    [
      2,
      () => {
        view.setInt32(RECORDS_COUNT_AT, view.getInt32(RECORDS_COUNT_AT) + 1);
        if (random.chance(0.5)) view.setInt32(LAST_OFFSET_DELTA_AT, view.getInt32(LAST_OFFSET_DELTA_AT) + 1);
        return sealed();
      },
    ],
    [
      1,
      () => {
        view.setInt32(RECORDS_COUNT_AT, random.int(2 ** 31));
        return sealed();
      },
    ],
    // A control batch, or one of a codec that nobody knows.
    [
      1,
      () => {
        view.setInt16(ATTRIBUTES_AT, random.chance(0.5) ? 0x20 : 7);
        return sealed();
      },
    ],
    // The first record's length.
    [
      1,
      () => {
        bytes[RECORDS_AT] = 0x7f;
        bytes.fill(0xff, RECORDS_AT + 1, RECORDS_AT + 6);
        return sealed();
      },
    ],
  ] as const);
  return way();
}

import { copyFromInput, copyMatch, copyWide } from './copy';

// Keep in step with Lz4BlockStatus in src/lz4-frame.ts.
const CORRUPT: i32 = -1;
const OUTPUT_FULL: i32 = -2;

const MATCH_MIN: usize = 4;
/** A length of 15 in a token goes on in the bytes after it. */
const LENGTH_GOES_ON: usize = 15;

/**
 * Decompresses the block `[source, source + size)` to `target`, in the window.
 *
 * Reads no byte outside the block, and of what lies before `target` only the last `historyBytes`. Writes at most `capacity` bytes
 * and, within the window's slack, up to 16 beyond.
 * @returns the bytes written, CORRUPT or OUTPUT_FULL
 */
export function lz4DecompressBlock(source: usize, size: usize, target: usize, capacity: usize, historyBytes: usize): i32 {
  const sourceEnd = source + size;
  const targetStart = target;
  const targetEnd = target + capacity;
  const historyStart = target - historyBytes;
  let at = source;
  while (at < sourceEnd) {
    const token = <u32>load<u8>(at++);

    let literalBytes = <usize>(token >>> 4);
    if (literalBytes < LENGTH_GOES_ON && sourceEnd - at >= 16 && targetEnd - target >= 16) {
      v128.store(target, v128.load(at));
    } else {
      if (literalBytes == LENGTH_GOES_ON) {
        let more: usize;
        do {
          if (at >= sourceEnd) return CORRUPT;
          more = <usize>load<u8>(at++);
          literalBytes += more;
        } while (more == 255);
      }
      if (literalBytes > sourceEnd - at) return CORRUPT;
      if (literalBytes > targetEnd - target) return OUTPUT_FULL;
      copyFromInput(target, at, literalBytes, sourceEnd);
    }
    at += literalBytes;
    target += literalBytes;
    if (at == sourceEnd) return <i32>(target - targetStart);

    if (sourceEnd - at < 2) return CORRUPT;
    const distance = <usize>load<u16>(at);
    at += 2;
    if (distance == 0 || distance > target - historyStart) return CORRUPT;
    let matchBytes = <usize>(token & 15) + MATCH_MIN;
    if (matchBytes == LENGTH_GOES_ON + MATCH_MIN) {
      let more: usize;
      do {
        if (at >= sourceEnd) return CORRUPT;
        more = <usize>load<u8>(at++);
        matchBytes += more;
      } while (more == 255);
    }
    if (matchBytes > targetEnd - target) return OUTPUT_FULL;
    if (distance >= 16) {
      v128.store(target, v128.load(target - distance));
      if (matchBytes > 16) copyWide(target + 16, target + 16 - distance, target + matchBytes);
    } else {
      copyMatch(target, distance, matchBytes);
    }
    target += matchBytes;
  }
  return CORRUPT;
}

import { copyFromInput, copyMatch, copyWide } from './copy';

/** From this on a literal's length code tells how many bytes of length follow. */
const LONG_LITERAL: usize = 60;

/**
 * Decompresses the elements `[source, source + size)` of a block to `target` in the window, where they must yield exactly
 * `targetBytes`. Reads no byte outside the block; writes, within the window's slack, up to 16 bytes beyond.
 * @returns 1 when the block is good, else 0
 */
export function snappyDecompressBlock(source: usize, size: usize, target: usize, targetBytes: usize): i32 {
  const sourceEnd = source + size;
  const targetStart = target;
  const targetEnd = target + targetBytes;
  let at = source;
  while (at < sourceEnd) {
    const tag = <u32>load<u8>(at++);
    const kind = tag & 3;
    if (kind == 0) {
      let literalBytes = <usize>(tag >>> 2) + 1;
      if (literalBytes <= 16 && sourceEnd - at >= 16 && targetEnd - target >= 16) {
        v128.store(target, v128.load(at));
      } else {
        if (literalBytes > LONG_LITERAL) {
          const codeBytes = literalBytes - LONG_LITERAL;
          if (sourceEnd - at < codeBytes) return 0;
          let code: usize = 0;
          for (let index: usize = 0; index < codeBytes; index++) code |= <usize>load<u8>(at + index) << (index << 3);
          at += codeBytes;
          // Compared before adding 1, which may overflow.
          if (code >= sourceEnd - at) return 0;
          literalBytes = code + 1;
        }
        if (literalBytes > sourceEnd - at || literalBytes > targetEnd - target) return 0;
        copyFromInput(target, at, literalBytes, sourceEnd);
      }
      at += literalBytes;
      target += literalBytes;
      continue;
    }
    let copyBytes: usize;
    let distance: usize;
    if (kind == 1) {
      if (at >= sourceEnd) return 0;
      copyBytes = <usize>((tag >>> 2) & 7) + 4;
      distance = (<usize>(tag >>> 5) << 8) | <usize>load<u8>(at);
      at += 1;
    } else if (kind == 2) {
      if (sourceEnd - at < 2) return 0;
      copyBytes = <usize>(tag >>> 2) + 1;
      distance = <usize>load<u16>(at);
      at += 2;
    } else {
      if (sourceEnd - at < 4) return 0;
      copyBytes = <usize>(tag >>> 2) + 1;
      distance = <usize>load<u32>(at);
      at += 4;
    }
    if (distance == 0 || distance > target - targetStart || copyBytes > targetEnd - target) return 0;
    if (distance >= 16) {
      v128.store(target, v128.load(target - distance));
      if (copyBytes > 16) copyWide(target + 16, target + 16 - distance, target + copyBytes);
    } else {
      copyMatch(target, distance, copyBytes);
    }
    target += copyBytes;
  }
  return target == targetEnd ? 1 : 0;
}

import { type Core, CoreError } from '@ks/core-wasm';
import { type Codec, CodecError } from '../compression/codec.ts';
import type { CompressionType } from '../compression/compression-type.ts';
import { zstdFramesOf } from '../compression/zstd-frame.ts';
import { createReusableInflater, type ReusableInflater } from './reusable-inflater.ts';
import { gzipCompress, gzipDecompress, hasZstd, zstdCompress, zstdDecompress } from './zlib-engine.ts';
import { zstdCodecEngine } from './zstd-codec-engine.ts';

export interface CodecOptions {
  /** Who does zstd: by default the runtime's zlib where it can, else the package zstd-codec. */
  readonly zstd?: 'zlib' | 'zstd-codec';
}

/** The codec that programs use: gzip and zstd by node:zlib, LZ4 and Snappy by the core. */
export function createCodec(core: Core, options: CodecOptions = {}): Codec {
  const zstd = (options.zstd ?? (hasZstd() ? 'zlib' : 'zstd-codec')) === 'zlib' ? zlibZstd : zstdCodecEngine;
  const decompress = (
    type: CompressionType,
    input: Uint8Array,
    maxBytes: number,
    isLent: boolean,
  ): Uint8Array | Promise<Uint8Array> => {
    switch (type) {
      case 'none':
        return input;
      case 'gzip':
        return gzipDecompress(input, maxBytes);
      case 'snappy':
        return byCore(type, () => core.snappyDecompress(input, maxBytes, isLent));
      case 'lz4':
        return byCore(type, () => core.lz4Decompress(input, maxBytes, isLent));
      case 'zstd':
        return zstd.decompress(input, maxBytes);
      default:
        return type satisfies never;
    }
  };
  const inflaters = new Inflaters(zstd === zlibZstd);
  return {
    decompress: (type, input, maxBytes) => decompress(type, input, maxBytes, false),
    inspect(type, input, maxBytes, look) {
      const content = inflaters.inflate(type, input, maxBytes) ?? decompress(type, input, maxBytes, true);
      return content instanceof Uint8Array ? look(content) : content.then(look);
    },
    compress(type, input, level) {
      switch (type) {
        case 'none':
          return input;
        case 'gzip':
          return gzipCompress(input, level);
        case 'snappy':
          return core.snappyCompress(input);
        case 'lz4':
          return core.lz4Compress(input, level);
        case 'zstd':
          return zstd.compress(input, level);
        default:
          return type satisfies never;
      }
    },
  };
}

/** What is small is inflated at once in memory that is used again: above this the thread pool is the better place. */
const INFLATED_INPUT_BYTES_MAX = 128 * 1024;

/** zlib's inflaters, each made when it is first needed. */
class Inflaters {
  readonly #hasZstd: boolean;
  #gzip: ReusableInflater | undefined | null = null;
  #zstd: ReusableInflater | undefined | null = null;

  constructor(hasZstd: boolean) {
    this.#hasZstd = hasZstd;
  }

  /** Undefined where others have to do it. */
  inflate(type: CompressionType, input: Uint8Array, maxBytes: number): Uint8Array | undefined {
    if (input.length > INFLATED_INPUT_BYTES_MAX) return undefined;
    if (type === 'gzip') {
      if (this.#gzip === null) this.#gzip = createReusableInflater('gzip');
      return this.#gzip?.inflate(input, maxBytes);
    }
    // zlib stops behind the first frame.
    if (type !== 'zstd' || !this.#hasZstd) return undefined;
    const [frame, ...others] = zstdFramesOf(input);
    if (frame === undefined || frame.isSkippable || others.length > 0) return undefined;
    if (this.#zstd === null) this.#zstd = createReusableInflater('zstd');
    return this.#zstd?.inflate(input, maxBytes);
  }
}

const zlibZstd = { compress: zstdCompress, decompress: zstdDecompress };

function byCore(type: CompressionType, run: () => Uint8Array): Uint8Array {
  try {
    return run();
  } catch (error) {
    if (error instanceof CoreError)
      throw new CodecError(error.code, type, `${type}: ${error.message}`, { cause: error });
    throw error;
  }
}

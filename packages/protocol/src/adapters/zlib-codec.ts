import { type Core, CoreError } from '@ks/core-wasm';
import { type Codec, CodecError } from '../compression/codec.ts';
import type { CompressionType } from '../compression/compression-type.ts';
import { gzipCompress, gzipDecompress, hasZstd, zstdCompress, zstdDecompress } from './zlib-engine.ts';
import { ZstdCodecEngine } from './zstd-codec-engine.ts';

export interface CodecOptions {
  /** Who does zstd: by default the runtime's zlib where it can, else the package zstd-codec. */
  readonly zstd?: 'zlib' | 'zstd-codec';
}

/** The codec that programs use: gzip and zstd by node:zlib, LZ4 and Snappy by the core. */
export function createCodec(core: Core, options: CodecOptions = {}): Codec {
  const zstd = (options.zstd ?? (hasZstd() ? 'zlib' : 'zstd-codec')) === 'zlib' ? zlibZstd : new ZstdCodecEngine();
  return {
    compress(type, input, level) {
      switch (type) {
        case 'none':
          return input;
        case 'gzip':
          return gzipCompress(input, level);
        case 'snappy':
          return core.snappyCompress(input);
        case 'lz4':
          return core.lz4Compress(input);
        case 'zstd':
          return zstd.compress(input, level);
        default:
          return type satisfies never;
      }
    },
    decompress(type, input, maxBytes) {
      switch (type) {
        case 'none':
          return input;
        case 'gzip':
          return gzipDecompress(input, maxBytes);
        case 'snappy':
          return byCore(type, () => core.snappyDecompress(input, maxBytes));
        case 'lz4':
          return byCore(type, () => core.lz4Decompress(input, maxBytes));
        case 'zstd':
          return zstd.decompress(input, maxBytes);
        default:
          return type satisfies never;
      }
    },
  };
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

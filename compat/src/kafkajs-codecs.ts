import { gunzipSync, gzipSync, zstdCompressSync, zstdDecompressSync } from 'node:zlib';
import kafkajs from 'kafkajs';
import { compressFrame, decompressFrame } from 'lz4-napi';
import { compress, uncompress } from 'snappyjs';

/** kafkajs brings gzip alone; the others are plugged in here with codecs that are not ours. */
export function installKafkajsCodecs(): void {
  const codec =
    (deflate: (bytes: Buffer) => Promise<Buffer> | Buffer, inflate: (bytes: Buffer) => Promise<Buffer> | Buffer) =>
    () => ({
      compress: async (encoder: { readonly buffer: Buffer }) => deflate(encoder.buffer),
      decompress: async (bytes: Buffer) => inflate(bytes),
    });
  const { CompressionCodecs, CompressionTypes } = kafkajs;
  CompressionCodecs[CompressionTypes.GZIP] = codec(gzipSync, gunzipSync);
  CompressionCodecs[CompressionTypes.Snappy] = codec(
    (bytes) => Buffer.from(compress(bytes)),
    (bytes) => Buffer.from(uncompress(bytes)),
  );
  CompressionCodecs[CompressionTypes.LZ4] = codec(compressFrame, decompressFrame);
  CompressionCodecs[CompressionTypes.ZSTD] = codec(
    (bytes) => zstdCompressSync(bytes),
    (bytes) => zstdDecompressSync(bytes),
  );
}

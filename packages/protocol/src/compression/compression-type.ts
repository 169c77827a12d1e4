/** The codecs a batch can be compressed with, by Kafka's names. */
export type CompressionType = 'none' | 'gzip' | 'snappy' | 'lz4' | 'zstd';

/** Codec names by the number in a batch's attributes. */
export const compressionTypes: readonly CompressionType[] = ['none', 'gzip', 'snappy', 'lz4', 'zstd'];

/** The number that stands for `type` in a batch's attributes. */
export function compressionIdOf(type: CompressionType): number {
  return compressionTypes.indexOf(type);
}

export { type Codec, CodecError, type CodecErrorCode } from './codec.ts';
export { type CompressionType, compressionIdOf, compressionTypes } from './compression-type.ts';

import type { CompressionType } from './compression-type.ts';

/**
 * Compression, as a port. Small inputs are handled at once; above 64 KB gzip and zstd work on another thread where
 * the runtime can, and a promise comes back. Inputs may be views of memory that is reused later: an implementation
 * that answers with a promise has taken what it needs before it returns. Outputs belong to the caller.
 */
export interface Codec {
  /** `type` 'none' gives the input itself. `level`: of gzip (1 to 9), lz4 (1 to 17) and zstd, Kafka's default where it is left out. */
  compress(type: CompressionType, input: Uint8Array, level?: number): Uint8Array | Promise<Uint8Array>;
  /**
   * `maxBytes` bounds the output, and with it the memory that hostile input can claim. Fails (by a throw or a rejection)
   * with a `CodecError`: TOO_LARGE over the bound, CORRUPT for bytes that are not of the format, cut short or followed by
   * something else, UNSUPPORTED for legal input that this implementation cannot read.
   */
  decompress(type: CompressionType, input: Uint8Array, maxBytes: number): Uint8Array | Promise<Uint8Array>;
  /**
   * The same for content that is only looked at: `look` gets bytes that are good during the call alone, so that nothing has to be
   * allocated for them. Fails like `decompress`, and with what `look` throws.
   */
  inspect<T>(
    type: CompressionType,
    input: Uint8Array,
    maxBytes: number,
    look: (content: Uint8Array) => T | Promise<T>,
  ): T | Promise<T>;
}

export type CodecErrorCode = 'CORRUPT' | 'TOO_LARGE' | 'UNSUPPORTED';

/** Why compressed bytes could not be read. */
export class CodecError extends Error {
  override readonly name = 'CodecError';
  readonly code: CodecErrorCode;
  readonly type: CompressionType;

  constructor(code: CodecErrorCode, type: CompressionType, message: string, options?: ErrorOptions) {
    super(message, options);
    this.code = code;
    this.type = type;
  }
}

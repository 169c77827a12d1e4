/** Compression is the protocol package's port; the broker only names it here so that all its ports are in one folder. */
export type { Codec, CompressionType } from '@ks/protocol';

import zlib from 'node:zlib';
import { CodecError } from '../compression/codec.ts';
import type { CompressionType } from '../compression/compression-type.ts';
import { type ZstdFrame, zstdFramesOf } from '../compression/zstd-frame.ts';

/** Above this much input the thread pool does the work. */
const SYNC_INPUT_BYTES_MAX = 64 * 1024;
/** Above this much expected output as well. */
const SYNC_OUTPUT_BYTES_MAX = 256 * 1024;
/** zlib fills buffers of `chunkSize`: near the output's size is fastest, and a lying size must not make it huge. */
const CHUNK_BYTES_MIN = 1024;
const CHUNK_BYTES_MAX = 1024 * 1024;
/** Where nothing tells the size of the output. */
const USUAL_RATIO = 4;
/** zstd's own default, Kafka's too. */
const ZSTD_LEVEL = 3;
const GZIP_TRAILER_BYTES = 8;
const GZIP_RATIO_MAX = 1032;

type Callback = (error: Error | null, result: Uint8Array<ArrayBuffer>) => void;

export function gzipCompress(input: Uint8Array, level = -1): Uint8Array | Promise<Uint8Array> {
  const options = { chunkSize: chunkSizeFor(input.length / USUAL_RATIO), level };
  if (input.length <= SYNC_INPUT_BYTES_MAX) return plain(zlib.gzipSync(input, options));
  return promised('gzip', (done) => zlib.gzip(input.slice(), options, done));
}

/** One gzip stream of one or more members. */
export function gzipDecompress(input: Uint8Array, maxBytes: number): Uint8Array | Promise<Uint8Array> {
  const expected = Math.min(gzipContentBytes(input), maxBytes);
  const options = { chunkSize: chunkSizeFor(expected), maxOutputLength: Math.max(1, maxBytes) };
  if (isSmall(input, expected))
    return guarded('gzip', () => bounded('gzip', zlib.gunzipSync(input, options), maxBytes));
  return promised('gzip', (done) => zlib.gunzip(input.slice(), options, done));
}

/** Whether this runtime's zlib has zstd (Node 22.15 and 23.8 on). */
export function hasZstd(): boolean {
  return typeof zlib.zstdCompressSync === 'function' && typeof zlib.zstdDecompressSync === 'function';
}

export function zstdCompress(input: Uint8Array, level = ZSTD_LEVEL): Uint8Array | Promise<Uint8Array> {
  const params = { [zlib.constants.ZSTD_c_compressionLevel]: level };
  const options = { chunkSize: chunkSizeFor(input.length / USUAL_RATIO), params };
  if (input.length <= SYNC_INPUT_BYTES_MAX) return plain(zlib.zstdCompressSync(input, options));
  return promised('zstd', (done) => zlib.zstdCompress(input.slice(), options, done));
}

/** One or more frames. zlib stops behind the first one, so that each is handed to it alone. */
export function zstdDecompress(input: Uint8Array, maxBytes: number): Uint8Array | Promise<Uint8Array> {
  const frames = zstdFramesOf(input).filter((frame) => !frame.isSkippable);
  const [first] = frames;
  if (first === undefined) return new Uint8Array(0);
  if (frames.length === 1) return zstdFrame(input, first, maxBytes);
  return zstdFrames(input.slice(), frames, maxBytes);
}

async function zstdFrames(input: Uint8Array, frames: readonly ZstdFrame[], maxBytes: number): Promise<Uint8Array> {
  const parts: Uint8Array[] = [];
  let left = maxBytes;
  for (const frame of frames) {
    const part = await zstdFrame(input, frame, left);
    left -= part.length;
    parts.push(part);
  }
  return joined(parts, maxBytes - left);
}

function zstdFrame(input: Uint8Array, frame: ZstdFrame, maxBytes: number): Uint8Array | Promise<Uint8Array> {
  if ((frame.contentBytes ?? 0) > maxBytes) throw tooLarge('zstd', maxBytes);
  const bytes = input.subarray(frame.from, frame.to);
  const expected = Math.min(frame.contentBytes ?? bytes.length * USUAL_RATIO, maxBytes);
  const options = { chunkSize: chunkSizeFor(expected), maxOutputLength: Math.max(1, maxBytes) };
  if (isSmall(bytes, expected)) {
    return guarded('zstd', () => bounded('zstd', zlib.zstdDecompressSync(bytes, options), maxBytes));
  }
  return promised('zstd', (done) => zlib.zstdDecompress(bytes.slice(), options, done));
}

/** The parts as one array. */
export function joined(parts: readonly Uint8Array[], sizeBytes: number): Uint8Array {
  const whole = new Uint8Array(sizeBytes);
  let at = 0;
  for (const part of parts) {
    whole.set(part, at);
    at += part.length;
  }
  return whole;
}

/** A promise of what a callback brings, failures told as `CodecError`. */
function promised(type: CompressionType, run: (done: Callback) => void): Promise<Uint8Array> {
  return new Promise((resolve, reject) => {
    run((error, result) => (error === null ? resolve(plain(result)) : reject(codecErrorOf(type, error))));
  });
}

function guarded(type: CompressionType, run: () => Uint8Array): Uint8Array {
  try {
    return run();
  } catch (error) {
    throw codecErrorOf(type, error);
  }
}

function codecErrorOf(type: CompressionType, error: unknown): CodecError {
  if (error instanceof CodecError) return error;
  const { code, message } = error as NodeJS.ErrnoException;
  if (code === 'ERR_BUFFER_TOO_LARGE')
    return new CodecError('TOO_LARGE', type, `${type}: ${message}`, { cause: error });
  return new CodecError('CORRUPT', type, `${type}: ${message}`, { cause: error });
}

/** zlib's bound cannot be 0. */
function bounded(type: CompressionType, output: Uint8Array, maxBytes: number): Uint8Array {
  if (output.length > maxBytes) throw tooLarge(type, maxBytes);
  return plain(output);
}

export function tooLarge(type: CompressionType, maxBytes: number): CodecError {
  return new CodecError('TOO_LARGE', type, `${type}: more than ${maxBytes} bytes after decompression`);
}

/** zlib gives a Buffer, whose `slice` is another than a Uint8Array's. */
function plain(output: Uint8Array): Uint8Array {
  return new Uint8Array(output.buffer, output.byteOffset, output.byteLength);
}

function isSmall(input: Uint8Array, expectedOutputBytes: number): boolean {
  return input.length <= SYNC_INPUT_BYTES_MAX && expectedOutputBytes <= SYNC_OUTPUT_BYTES_MAX;
}

/** What the last member's trailer says, as far as it can be true. */
function gzipContentBytes(input: Uint8Array): number {
  if (input.length < GZIP_TRAILER_BYTES) return 0;
  const view = new DataView(input.buffer, input.byteOffset, input.byteLength);
  return Math.min(view.getUint32(input.length - 4, true), input.length * GZIP_RATIO_MAX);
}

function chunkSizeFor(expectedBytes: number): number {
  // A little room more: an output that fills the chunk to the last byte costs a second, empty one.
  return Math.min(Math.max(Math.ceil(expectedBytes) + 64, CHUNK_BYTES_MIN), CHUNK_BYTES_MAX);
}

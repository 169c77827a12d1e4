import zlib from 'node:zlib';
import { CodecError } from '../compression/codec.ts';

/** Inflates on this thread, over and over in the same memory: what zlib's own functions allocate for each call costs more than the work. */
export interface ReusableInflater {
  /**
   * The whole content of one stream, good until the next call. Undefined where it does not fit `maxBytes` or the inflater's memory, or
   * something follows the stream: the caller then asks someone who can tell more. Throws `CodecError` CORRUPT.
   */
  inflate(input: Uint8Array, maxBytes: number): Uint8Array | undefined;
}

/** What is used of zlib's stream objects. Not documented, hence the trial in `createReusableInflater`. */
interface StreamParts {
  readonly _handle: {
    writeSync(
      flush: number,
      input: Uint8Array,
      inputAt: number,
      inputBytes: number,
      output: Uint8Array,
      outputAt: number,
      outputBytes: number,
    ): void;
    reset(): void;
    onerror: (message: string) => void;
  };
  /** Room left in the output, then bytes left of the input. */
  readonly _writeState: Uint32Array;
  destroy(): void;
}

const SMALLEST_BYTES = 65_536;
const LARGEST_BYTES = 1_048_576;

type Kind = 'gzip' | 'zstd';

const makers = {
  gzip: {
    stream: () => zlib.createGunzip(),
    flush: zlib.constants.Z_FINISH,
    compress: (input: Uint8Array) => zlib.gzipSync(input),
  },
  zstd: {
    stream: () => zlib.createZstdDecompress(),
    flush: zlib.constants.ZSTD_e_end,
    compress: (input: Uint8Array) => zlib.zstdCompressSync(input),
  },
} as const;

/** Undefined where this runtime's zlib is not as expected: a trial decides, not a version. */
export function createReusableInflater(kind: Kind): ReusableInflater | undefined {
  try {
    const inflater = new StreamInflater(kind);
    return passesTrial(kind, inflater) ? inflater : undefined;
  } catch {
    return undefined;
  }
}

function openStream(kind: Kind, failed: (message: string) => void): StreamParts {
  const stream: unknown = makers[kind].stream();
  const { _handle: handle, _writeState: state } = stream as Partial<StreamParts>;
  if (
    typeof handle?.writeSync !== 'function' ||
    typeof handle.reset !== 'function' ||
    !(state instanceof Uint32Array)
  ) {
    throw new TypeError('zlib is not made as it was');
  }
  // The stream's own listener would close the handle, and a closed one must never be used again.
  handle.onerror = failed;
  return stream as StreamParts;
}

/** Right, wrong, and right again. */
function passesTrial(kind: Kind, inflater: ReusableInflater): boolean {
  const content = Uint8Array.from({ length: 3000 }, (_, at) => at % 251);
  const input = makers[kind].compress(content);
  const isRight = (): boolean => {
    const found = inflater.inflate(input, content.length);
    return found?.length === content.length && found.every((byte, at) => byte === content[at]);
  };
  if (!isRight()) return false;
  try {
    inflater.inflate(input.subarray(0, input.length - 3), content.length);
    return false;
  } catch (error) {
    return error instanceof CodecError && isRight();
  }
}

class StreamInflater implements ReusableInflater {
  readonly #kind: Kind;
  #stream: StreamParts;
  #output = new Uint8Array(SMALLEST_BYTES);
  #fault: string | undefined;

  constructor(kind: Kind) {
    this.#kind = kind;
    this.#stream = this.#open();
  }

  #open(): StreamParts {
    return openStream(this.#kind, (message) => {
      this.#fault = message;
    });
  }

  inflate(input: Uint8Array, maxBytes: number): Uint8Array | undefined {
    const { _handle: handle, _writeState: state } = this.#stream;
    const { flush } = makers[this.#kind];
    this.#fault = undefined;
    handle.reset();
    let inputAt = 0;
    let outputAt = 0;
    for (;;) {
      const output = this.#output;
      handle.writeSync(flush, input, inputAt, input.length - inputAt, output, outputAt, output.length - outputAt);
      const [roomLeft = 0, inputLeft = 0] = state;
      outputAt = output.length - roomLeft;
      inputAt = input.length - inputLeft;
      if (roomLeft > 0 || this.#fault !== undefined) break;
      // The output is full; whether that was all only more room tells.
      if (outputAt > maxBytes || output.length >= LARGEST_BYTES) return undefined;
      this.#grow();
    }
    if (this.#fault !== undefined) throw this.#failure(this.#fault);
    if (outputAt > maxBytes || inputAt < input.length) return undefined;
    return this.#output.subarray(0, outputAt);
  }

  #failure(message: string): CodecError {
    // zstd's context never forgets its first error.
    // The new one comes first: a destroyed handle must not be left in use, for to write to it ends the process.
    const failed = this.#stream;
    this.#stream = this.#open();
    failed.destroy();
    return new CodecError('CORRUPT', this.#kind, `${this.#kind}: ${message}`);
  }

  #grow(): void {
    const grown = new Uint8Array(this.#output.length * 2);
    grown.set(this.#output);
    this.#output = grown;
  }
}

import { CodecError } from '../compression/codec.ts';
import { zstdFramesOf } from '../compression/zstd-frame.ts';
import { joined, tooLarge } from './zlib-engine.ts';

/** What this engine uses of the package's bindings: the same streams that its Streaming interface is made of. */
interface ZstdStream {
  transform(input: Uint8Array, emit: (output: Uint8Array) => void): boolean;
  end(emit: (output: Uint8Array) => void): boolean;
  delete(): void;
}
export interface ZstdBinding {
  readonly ZstdCompressStreamBinding: new () => ZstdStream & { begin(level: number): boolean };
  readonly ZstdDecompressStreamBinding: new () => ZstdStream & { begin(): boolean };
}

const LEVEL = 3;
const INPUT_STEP_BYTES = 128 * 1024;
/** The package's memory is fixed at 16 MB: a larger window would end it. */
const WINDOW_BYTES_MAX = 8 * 1024 * 1024;

/** Of the whole process: each one that is set up takes 16 MB and keeps them. */
let shared: ZstdBinding | undefined;
let loading: Promise<void> | undefined;

/** The binding must not be what a promise resolves to: it has a `then` that calls back with itself, for ever. */
function load(): Promise<void> {
  loading ??= import('zstd-codec/lib/module.js').then(
    ({ default: module }) =>
      new Promise((resolve) => {
        module.run((binding: ZstdBinding) => {
          shared = binding;
          resolve();
        });
      }),
  );
  return loading;
}

/**
 * zstd for runtimes whose zlib has none, by the package zstd-codec. Its WebAssembly is set up once, at first use, so that the first
 * call gives a promise; all work is done on the calling thread.
 */
export const zstdCodecEngine = {
  compress(input: Uint8Array, level = LEVEL): Uint8Array | Promise<Uint8Array> {
    if (shared !== undefined) return compressWith(shared, input, level);
    const taken = input.slice();
    return load().then(() => zstdCodecEngine.compress(taken, level));
  },

  decompress(input: Uint8Array, maxBytes: number): Uint8Array | Promise<Uint8Array> {
    if (shared !== undefined) return decompressWith(shared, input, maxBytes);
    const taken = input.slice();
    return load().then(() => zstdCodecEngine.decompress(taken, maxBytes));
  },
};

function compressWith(binding: ZstdBinding, input: Uint8Array, level: number): Uint8Array {
  const stream = new binding.ZstdCompressStreamBinding();
  const output = new Collected(Number.POSITIVE_INFINITY);
  try {
    let isGood = stream.begin(level);
    for (let at = 0; isGood && at < input.length; at += INPUT_STEP_BYTES) {
      isGood = stream.transform(input.subarray(at, at + INPUT_STEP_BYTES), output.add);
    }
    if (!isGood || !stream.end(output.add)) throw new CodecError('CORRUPT', 'zstd', 'zstd: compression failed');
  } finally {
    stream.delete();
  }
  return output.joined();
}

function decompressWith(binding: ZstdBinding, input: Uint8Array, maxBytes: number): Uint8Array {
  const output = new Collected(maxBytes);
  for (const frame of zstdFramesOf(input)) {
    if (frame.isSkippable) continue;
    if ((frame.contentBytes ?? 0) > maxBytes - output.sizeBytes) throw tooLarge('zstd', maxBytes);
    if (frame.windowBytes > WINDOW_BYTES_MAX && (frame.contentBytes ?? frame.windowBytes) > WINDOW_BYTES_MAX) {
      throw new CodecError('UNSUPPORTED', 'zstd', `zstd: a window of ${frame.windowBytes} bytes needs a newer Node.js`);
    }
    decompressFrame(binding, input, frame.from, frame.blockEnds, output);
  }
  return output.joined();
}

/** Feeds block by block: none gives more than 128 KB, so that a bomb is noticed before it has grown. */
function decompressFrame(
  binding: ZstdBinding,
  input: Uint8Array,
  start: number,
  blockEnds: readonly number[],
  output: Collected,
): void {
  const stream = new binding.ZstdDecompressStreamBinding();
  try {
    let isGood = stream.begin();
    let from = start;
    for (const to of blockEnds) {
      isGood = isGood && stream.transform(input.subarray(from, to), output.add);
      if (!isGood) break;
      if (output.isOver) throw tooLarge('zstd', output.maxBytes);
      from = to;
    }
    if (!isGood || !stream.end(output.add)) throw new CodecError('CORRUPT', 'zstd', 'zstd: a corrupt frame');
    if (output.isOver) throw tooLarge('zstd', output.maxBytes);
  } finally {
    stream.delete();
  }
}

/** Collects output up to a bound and drops what is over it. */
class Collected {
  readonly maxBytes: number;
  sizeBytes = 0;
  isOver = false;
  readonly #parts: Uint8Array[] = [];

  constructor(maxBytes: number) {
    this.maxBytes = maxBytes;
  }

  readonly add = (part: Uint8Array): void => {
    this.isOver ||= this.sizeBytes + part.length > this.maxBytes;
    if (this.isOver) return;
    // The package reuses its memory.
    this.#parts.push(part.slice());
    this.sizeBytes += part.length;
  };

  joined(): Uint8Array {
    return joined(this.#parts, this.sizeBytes);
  }
}

import type { Codec, CompressionType } from '../ports/codec.ts';
import type { LifeClock } from './life-clock.ts';
import type { SeededRandom } from './prng.ts';
import type { SimClock } from './sim-clock.ts';

export interface SimCodecOptions {
  /** Does the work. */
  readonly codec: Codec;
  readonly clock: SimClock;
  /** Of the process whose thread pool this is. */
  readonly life: LifeClock;
  readonly random: SeededRandom;
}

/** Longest time that the simulated thread pool takes. */
const DELAY_MAX_MS = 5;

/**
 * A codec whose thread pool lives in simulated time: some inputs, and all that the real one hands to a thread, are answered by a promise
 * that settles at an event of its own. What is real about such work ends before time goes on.
 */
export function createSimCodec({ codec, clock, life, random }: SimCodecOptions): Codec {
  const later = (work: Promise<Uint8Array>): Promise<Uint8Array> => {
    const done = clock.outside(work);
    // A failure is looked at when its time has come.
    done.catch(() => undefined);
    return new Promise((resolve) => void life.setTimer(random.fraction() * DELAY_MAX_MS, () => resolve(done)));
  };
  const run = (
    type: CompressionType,
    input: Uint8Array,
    act: (input: Uint8Array) => Uint8Array | Promise<Uint8Array>,
  ) => {
    // Only these two may answer by a promise: see the port.
    const isPooled = type === 'gzip' || type === 'zstd';
    if (!isPooled) return act(input);
    const isSlow = random.chance(0.5);
    if (!isSlow) {
      const result = act(input);
      return result instanceof Promise ? later(result) : result;
    }
    // The promise form has taken what it needs: the caller's bytes may change.
    const taken = input.slice();
    return later(Promise.resolve().then(() => act(taken)));
  };
  const decompress: Codec['decompress'] = (type, input, maxBytes) =>
    run(type, input, (bytes) => codec.decompress(type, bytes, maxBytes));
  return {
    compress: (type, input, level) => run(type, input, (bytes) => codec.compress(type, bytes, level)),
    decompress,
    inspect: (type, input, maxBytes, look) => {
      const content = decompress(type, input, maxBytes);
      return content instanceof Uint8Array ? look(content) : content.then(look);
    },
  };
}

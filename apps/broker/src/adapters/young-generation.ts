import { PerformanceObserver } from 'node:perf_hooks';
import v8 from 'node:v8';

/** From this size on the young generation grows no more; it doubles when it grows, so that it may end at nearly twice as much. */
const GROWN_BYTES = 16_777_216;

/**
 * Keeps the part of V8's heap where objects are made small, for the whole process. Left alone it grows to 128 MB under load and stays there,
 * most of it garbage. What stops the growth is V8's own factor, which it reads at each growth; the flag for the size itself is only heeded at
 * the process's start, where nobody but the caller of `node` can set it.
 */
export function limitYoungGeneration(): void {
  let isGrown = false;
  const look = (): void => {
    const space = v8.getHeapSpaceStatistics().find(({ space_name: name }) => name === 'new_space');
    const isNow = space !== undefined && space.space_size >= GROWN_BYTES;
    if (isNow === isGrown) return;
    isGrown = isNow;
    v8.setFlagsFromString(`--semi-space-growth-factor=${isGrown ? 1 : 2}`);
  };
  new PerformanceObserver(look).observe({ entryTypes: ['gc'] });
}

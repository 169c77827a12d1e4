import { performance } from 'node:perf_hooks';
import type { Clock } from '../ports/clock.ts';

/** The system's clocks and timers. */
export const nodeClock: Clock = {
  monotonicMs: () => performance.now(),
  wallMs: () => Date.now(),
  setTimer(delayMs, callback) {
    const timer = setTimeout(callback, delayMs);
    return { cancel: () => clearTimeout(timer) };
  },
  nextTurn(callback) {
    setImmediate(callback);
  },
};

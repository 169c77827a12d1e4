import type { Clock, Instant, Timer } from '../ports/clock.ts';

/** setTimeout takes no longer delay. */
const DELAY_MS_MAX = 2_147_483_647;

/** The machine's clocks. */
export function createNodeClock(): Clock {
  const monotonicMs = (): number => performance.now();
  const wallMs = (): number => Date.now();
  return {
    monotonicMs,
    wallMs,
    now: (): Instant => ({ monotonicMs: monotonicMs(), wallMs: wallMs() }),
    setTimer: (delayMs, callback) => startTimer(monotonicMs() + delayMs, callback),
    nextTurn: (callback) => void setImmediate(callback),
  };
}

/** Fires at `deadlineMs` and not before: setTimeout may run a fraction early, and knows no delay above 24 days. */
function startTimer(deadlineMs: number, callback: () => void): Timer {
  const arm = (): NodeJS.Timeout => {
    const leftMs = Math.ceil(deadlineMs - performance.now());
    return setTimeout(fire, Math.min(Math.max(0, leftMs), DELAY_MS_MAX)).unref();
  };
  const fire = (): void => {
    if (performance.now() >= deadlineMs) callback();
    else handle = arm();
  };
  let handle = arm();
  return { cancel: () => clearTimeout(handle) };
}

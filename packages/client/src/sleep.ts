import { abortError } from './network/connection.ts';
import type { Clock } from './ports/clock.ts';

/** Resolves after `delayMs`; rejects with ABORTED as soon as a signal fires. */
export function sleep(clock: Clock, delayMs: number, ...signals: readonly (AbortSignal | undefined)[]): Promise<void> {
  return new Promise((resolve, reject) => {
    const fired = signals.find((signal) => signal?.aborted === true);
    if (fired !== undefined) {
      reject(abortError(fired));
      return;
    }
    const detach = (): void => {
      for (const signal of signals) signal?.removeEventListener('abort', onAbort);
    };
    const timer = clock.setTimer(delayMs, () => {
      detach();
      resolve();
    });
    function onAbort(this: AbortSignal): void {
      timer.cancel();
      detach();
      reject(abortError(this));
    }
    for (const signal of signals) signal?.addEventListener('abort', onAbort);
  });
}

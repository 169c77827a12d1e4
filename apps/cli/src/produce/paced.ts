import { setTimeout as pause } from 'node:timers/promises';
import type { ProduceRecord } from '../input/produce-record.ts';

/** How often a chunk goes out where there is a rate. */
const TICK_MS = 50;

/** The same records, no more than `perSecond` of them a second; ends when the signal fires. */
export async function* paced(
  chunks: AsyncIterable<readonly ProduceRecord[]>,
  perSecond: number,
  signal: AbortSignal,
): AsyncGenerator<readonly ProduceRecord[]> {
  const size = Math.max(1, Math.floor((perSecond * TICK_MS) / 1000));
  let dueMs = performance.now();
  for await (const chunk of chunks) {
    for (let from = 0; from < chunk.length; from += size) {
      const waitMs = dueMs - performance.now();
      if (waitMs > 0) await pause(waitMs, undefined, { signal }).catch(() => undefined);
      if (signal.aborted) return;
      const piece = chunk.slice(from, from + size);
      // What was late is not made up for: a rate is a bound.
      dueMs = Math.max(dueMs, performance.now() - TICK_MS) + (piece.length * 1000) / perSecond;
      yield piece;
    }
  }
}

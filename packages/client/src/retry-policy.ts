import type { Random } from './ports/random.ts';

/** How long to wait between attempts: exponential, with jitter, so that many clients do not come back as one. */
export interface RetryPolicy {
  readonly initialMs: number;
  readonly maxMs: number;
}

export const defaultRetryPolicy: RetryPolicy = { initialMs: 100, maxMs: 1000 };

/** The wait after the `attempt`-th failure (from 1): doubling, within 20 % either way. */
export function backoffMs(policy: RetryPolicy, attempt: number, random: Random): number {
  const base = Math.min(policy.maxMs, policy.initialMs * 2 ** Math.min(attempt - 1, 30));
  return Math.round(base * (0.8 + random.int(401) / 1000));
}

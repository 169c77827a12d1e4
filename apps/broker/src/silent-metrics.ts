import type { Metrics } from './ports/metrics.ts';

const nothing = { add: () => undefined, set: () => undefined, observe: () => undefined };

/** Measures nothing. */
export const silentMetrics: Metrics = {
  counter: () => nothing,
  gauge: () => nothing,
  histogram: () => nothing,
  collected: () => undefined,
};

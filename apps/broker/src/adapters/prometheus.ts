import { Counter, collectDefaultMetrics, Gauge, Histogram, Registry } from 'prom-client';
import type { Metrics } from '../ports/metrics.ts';

/** Measurements in a registry, and the text that Prometheus scrapes. */
export interface PrometheusMetrics extends Metrics {
  readonly contentType: string;
  /** All measurements in Prometheus' text format. */
  text(): Promise<string>;
}

/** A registry of its own: two brokers in one process do not share it. */
export function createPrometheusMetrics(options: { readonly withProcess?: boolean } = {}): PrometheusMetrics {
  const registry = new Registry();
  const registers = [registry];
  if (options.withProcess) collectDefaultMetrics({ register: registry });
  return {
    contentType: registry.contentType,
    text: () => registry.metrics(),
    counter: (name, help, labelNames = []) => {
      const counter = new Counter({ name, help, labelNames, registers });
      return { add: (amount, labels = {}) => counter.inc(labels, amount) };
    },
    gauge: (name, help, labelNames = []) => {
      const gauge = new Gauge({ name, help, labelNames, registers });
      return { set: (value, labels = {}) => gauge.set(labels, value) };
    },
    histogram: (name, help, buckets, labelNames = []) => {
      const histogram = new Histogram({ name, help, buckets: [...buckets], labelNames, registers });
      return { observe: (value, labels = {}) => histogram.observe(labels, value) };
    },
  };
}

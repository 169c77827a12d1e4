import { Counter, collectDefaultMetrics, Gauge, Histogram, Registry } from 'prom-client';
import type { CollectedFamily, CollectedSamples, Metrics, MetricsExposition } from '../ports/metrics.ts';

/** Measurements in a registry, and the text that Prometheus scrapes. */
export type PrometheusMetrics = Metrics & MetricsExposition;

type Collect = () => CollectedSamples | Promise<CollectedSamples>;

/** A registry of its own: two brokers in one process do not share it. */
export function createPrometheusMetrics(options: { readonly withProcess?: boolean } = {}): PrometheusMetrics {
  const registry = new Registry();
  const registers = [registry];
  const collections: (() => Promise<void>)[] = [];
  if (options.withProcess) collectDefaultMetrics({ register: registry });
  return {
    contentType: registry.contentType,
    async text() {
      for (const collection of collections) await collection();
      return registry.metrics();
    },
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
    collected: (families, collect) => {
      collections.push(collection(registers, families, collect));
    },
  };
}

/** What sets all families anew from one look. */
function collection(
  registers: Registry[],
  families: readonly CollectedFamily[],
  collect: Collect,
): () => Promise<void> {
  const made = families.map(({ name, help, type, labelNames = [] }) => ({
    name,
    family:
      type === 'counter'
        ? new Counter({ name, help, labelNames, registers })
        : new Gauge({ name, help, labelNames, registers }),
  }));
  return async () => {
    const samples = await collect();
    for (const { name, family } of made) {
      family.reset();
      for (const { labels, value } of samples[name] ?? []) family.inc(labels, value);
    }
  };
}

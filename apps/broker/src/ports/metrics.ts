export type Labels = Readonly<Record<string, string>>;

export interface Counter {
  add(amount: number, labels?: Labels): void;
}
export interface Gauge {
  set(value: number, labels?: Labels): void;
}
export interface Histogram {
  observe(value: number, labels?: Labels): void;
}

/** One value of a family at the moment it is looked at. */
export interface Sample {
  readonly labels: Labels;
  readonly value: number;
}

/** Values that lie around anyway and are only gathered when somebody looks: what was there last time and is not given again is gone. */
export interface CollectedFamily {
  readonly name: string;
  readonly help: string;
  /** A counter's values only grow, but for the restart of what it counts. */
  readonly type: 'gauge' | 'counter';
  readonly labelNames?: readonly string[];
}

/** Where measurements go. Names are Prometheus names with the unit last (`ks_request_seconds`). */
export interface Metrics {
  counter(name: string, help: string, labelNames?: readonly string[]): Counter;
  gauge(name: string, help: string, labelNames?: readonly string[]): Gauge;
  histogram(name: string, help: string, buckets: readonly number[], labelNames?: readonly string[]): Histogram;
  /** Several families from one look: `collect` gives, by name, the samples of each. */
  collected(families: readonly CollectedFamily[], collect: () => CollectedSamples | Promise<CollectedSamples>): void;
}

/** Samples by the name of their family. */
export type CollectedSamples = Readonly<Record<string, readonly Sample[]>>;

/** All measurements as a monitoring system reads them. */
export interface MetricsExposition {
  readonly contentType: string;
  text(): Promise<string>;
}

/** Label values, in the order of the metric's label names. */
export type LabelValues = readonly string[];

/** Time series beyond this, over all labels of one metric, are not kept: labels may come from outside. */
const SERIES_MAX = 10_000;

/** One metric, with a value for each combination of labels, as lines of Prometheus' text format 0.0.4. */
export abstract class Metric<Value> {
  readonly name: string;
  readonly #type: string;
  readonly #help: string;
  readonly #labelNames: readonly string[];
  readonly #series = new Map<string, { readonly labels: LabelValues; value: Value }>();

  protected constructor(type: string, name: string, help: string, labelNames: readonly string[]) {
    this.#type = type;
    this.name = name;
    this.#help = help;
    this.#labelNames = labelNames;
  }

  /** Forgets the series that `isGone` says. */
  forget(isGone: (labels: LabelValues) => boolean): void {
    for (const [key, { labels }] of this.#series) if (isGone(labels)) this.#series.delete(key);
  }

  /** All of it, with a line feed at the end; nothing while there is no series. */
  text(): string {
    if (this.#series.size === 0) return '';
    const lines = [`# HELP ${this.name} ${this.#help}`, `# TYPE ${this.name} ${this.#type}`];
    for (const { labels, value } of this.#series.values()) lines.push(...this.lines(labels, value));
    return `${lines.join('\n')}\n`;
  }

  protected abstract lines(labels: LabelValues, value: Value): readonly string[];

  protected update(labels: LabelValues, change: (before: Value | undefined) => Value): void {
    const key = labels.join('\0');
    const series = this.#series.get(key);
    if (series !== undefined) series.value = change(series.value);
    else if (this.#series.size < SERIES_MAX) this.#series.set(key, { labels, value: change(undefined) });
  }

  /** `name{labels} value`, with a suffix of the name and labels besides. */
  protected line(labels: LabelValues, value: number, suffix = '', more = ''): string {
    const named = this.#labelNames.map((name, index) => `${name}="${escaped(labels[index] ?? '')}"`);
    const all = more === '' ? named : [...named, more];
    return `${this.name}${suffix}${all.length === 0 ? '' : `{${all.join(',')}}`} ${value}`;
  }
}

/** What only grows. */
export class Counter extends Metric<number> {
  constructor(name: string, help: string, labelNames: readonly string[]) {
    super('counter', name, help, labelNames);
  }

  add(amount: number, ...labels: LabelValues): void {
    this.update(labels, (before = 0) => before + amount);
  }

  protected lines(labels: LabelValues, value: number): readonly string[] {
    return [this.line(labels, value)];
  }
}

/** What goes up and down. */
export class Gauge extends Metric<number> {
  constructor(name: string, help: string, labelNames: readonly string[]) {
    super('gauge', name, help, labelNames);
  }

  set(value: number, ...labels: LabelValues): void {
    this.update(labels, () => value);
  }

  add(amount: number, ...labels: LabelValues): void {
    this.update(labels, (before = 0) => before + amount);
  }

  protected lines(labels: LabelValues, value: number): readonly string[] {
    return [this.line(labels, value)];
  }
}

interface Distribution {
  /** How many were at most so large, and larger than the bound before. */
  readonly counts: number[];
  sum: number;
  count: number;
}

/** How values are spread over buckets. */
export class Histogram extends Metric<Distribution> {
  readonly #bounds: readonly number[];

  /** `bounds` ascend; what is larger than all counts too. */
  constructor(name: string, help: string, labelNames: readonly string[], bounds: readonly number[]) {
    super('histogram', name, help, labelNames);
    this.#bounds = bounds;
  }

  observe(value: number, ...labels: LabelValues): void {
    this.update(labels, (before = { counts: this.#bounds.map(() => 0), sum: 0, count: 0 }) => {
      const bucket = this.#bounds.findIndex((bound) => value <= bound);
      if (bucket >= 0) before.counts[bucket] = (before.counts[bucket] ?? 0) + 1;
      before.sum += value;
      before.count += 1;
      return before;
    });
  }

  protected lines(labels: LabelValues, { counts, sum, count }: Distribution): readonly string[] {
    let below = 0;
    const buckets = this.#bounds.map((bound, index) => {
      below += counts[index] ?? 0;
      return this.line(labels, below, '_bucket', `le="${bound}"`);
    });
    return [
      ...buckets,
      this.line(labels, count, '_bucket', 'le="+Inf"'),
      this.line(labels, sum, '_sum'),
      this.line(labels, count, '_count'),
    ];
  }
}

function escaped(value: string): string {
  return value.replace(/[\\"\n]/g, (one) => (one === '\n' ? '\\n' : `\\${one}`));
}

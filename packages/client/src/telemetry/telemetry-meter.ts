import type { Channel, Diagnostics } from '../ports/diagnostics.ts';
import type { MetricPoint } from './otlp-metrics.ts';

/** Averages and maxima since they were last collected. */
interface Window {
  sum: number;
  count: number;
  max: number;
}

interface Labels {
  readonly [name: string]: string;
}

/** Names of Java's client, where it measures the same (KIP-714). */
const KAFKA = 'org.apache.kafka.';

/** Measures what a client tells of, as long as a broker wants to know. */
export class TelemetryMeter {
  /** Nothing is measured while this is false. */
  isOn = false;
  readonly #totals = new Map<string, { readonly name: string; readonly labels: Labels; total: number; told: number }>();
  readonly #windows = new Map<string, { readonly name: string; readonly labels: Labels; window: Window }>();
  readonly #assigned = new Map<string, number>();

  /** The same diagnostics, heard by this meter too. */
  tap(inner: Diagnostics): Diagnostics {
    const heard = <Event>(channel: Channel<Event>, hear: (event: Event) => void): Channel<Event> => {
      const isOn = (): boolean => this.isOn;
      return {
        get hasSubscribers() {
          return isOn() || channel.hasSubscribers;
        },
        publish(event) {
          if (isOn()) hear(event);
          if (channel.hasSubscribers) channel.publish(event);
        },
      };
    };
    return {
      ...inner,
      connect: heard(inner.connect, ({ channel, error }) => {
        if (error === undefined) this.#add(`${sideOf(channel)}.connection.creation.total`, 1);
      }),
      request: heard(inner.request, ({ api, broker, durationMs, error }) => {
        if (error === undefined) this.#request(api, nodeOf(broker), durationMs);
      }),
      throttle: heard(inner.throttle, ({ api, throttleTimeMs }) => {
        if (api === 'Produce') this.#took(`${KAFKA}producer.produce.throttle.time`, throttleTimeMs);
        if (api === 'Fetch') this.#took(`${KAFKA}consumer.fetch.manager.fetch.throttle.time`, throttleTimeMs);
      }),
      produce: heard(inner.produce, ({ records, error }) => {
        this.#add(`${KAFKA}producer.record.${error === undefined ? 'send' : 'error'}.total`, records);
      }),
      fetch: heard(inner.fetch, ({ records, bytes }) => {
        this.#add(`${KAFKA}consumer.fetch.manager.records.consumed.total`, records);
        this.#add(`${KAFKA}consumer.fetch.manager.bytes.consumed.total`, bytes);
      }),
      commit: heard(inner.commit, ({ durationMs }) => {
        this.#add(`${KAFKA}consumer.coordinator.commit.total`, 1);
        this.#took(`${KAFKA}consumer.coordinator.commit.latency`, durationMs);
      }),
      rebalance: heard(inner.rebalance, ({ kind }) => {
        if (kind === 'assigned') this.#add(`${KAFKA}consumer.coordinator.rebalance.total`, 1);
      }),
      assignment: heard(inner.assignment, ({ consumer, partitions }) => {
        this.#assigned.set(consumer, partitions);
      }),
    };
  }

  /** What was measured; only names that begin with one of `prefixes`, all for `*`. Deltas and windows begin anew. */
  collect(prefixes: readonly string[], isDelta: boolean): MetricPoint[] {
    const points: MetricPoint[] = [];
    for (const entry of this.#totals.values()) {
      const value = isDelta ? entry.total - entry.told : entry.total;
      entry.told = entry.total;
      points.push({ name: entry.name, kind: 'sum', value, attributes: entry.labels });
    }
    for (const { name, labels, window } of this.#windows.values()) {
      const average = window.sum / window.count;
      points.push({ name: `${name}.avg`, kind: 'gauge', value: average, attributes: labels });
      points.push({ name: `${name}.max`, kind: 'gauge', value: window.max, attributes: labels });
    }
    this.#windows.clear();
    const partitions = [...this.#assigned.values()].reduce((sum, count) => sum + count, 0);
    if (this.#assigned.size > 0) {
      const name = `${KAFKA}consumer.coordinator.assigned.partitions`;
      points.push({ name, kind: 'gauge', value: partitions, attributes: {} });
    }
    return points.filter(({ name }) => prefixes.some((prefix) => prefix === '*' || name.startsWith(prefix)));
  }

  #request(api: string, node: string, durationMs: number): void {
    if (api === 'Produce') this.#took(`${KAFKA}producer.node.request.latency`, durationMs, { node_id: node });
    if (api !== 'Fetch') return;
    this.#took(`${KAFKA}consumer.node.request.latency`, durationMs, { node_id: node });
    this.#took(`${KAFKA}consumer.fetch.manager.fetch.latency`, durationMs);
  }

  #add(name: string, count: number, labels: Labels = {}): void {
    const key = keyOf(name, labels);
    const entry = this.#totals.get(key) ?? { name, labels, total: 0, told: 0 };
    entry.total += count;
    this.#totals.set(key, entry);
  }

  #took(name: string, ms: number, labels: Labels = {}): void {
    const key = keyOf(name, labels);
    const entry = this.#windows.get(key) ?? { name, labels, window: { sum: 0, count: 0, max: 0 } };
    const { window } = entry;
    window.sum += ms;
    window.count += 1;
    window.max = Math.max(window.max, ms);
    this.#windows.set(key, entry);
  }
}

function keyOf(name: string, labels: Labels): string {
  return `${name} ${JSON.stringify(labels)}`;
}

/** Java has a client for each side; connections of neither are ours alone. */
function sideOf(channel: string): string {
  if (channel === 'produce') return `${KAFKA}producer`;
  return channel.startsWith('consumer') ? `${KAFKA}consumer` : 'ks.client';
}

/** The id within `host:port (id n)`. */
function nodeOf(broker: string): string {
  return /\(id (-?\d+)\)$/.exec(broker)?.[1] ?? '-1';
}

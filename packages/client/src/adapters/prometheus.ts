/** Metrics of clients for Prometheus: `@ks/client/prometheus`. */
import { subscribe, unsubscribe } from 'node:diagnostics_channel';
import { ClientMetrics } from '../metrics/client-metrics.ts';

/** Metrics that are kept up until they are disposed of. */
export interface PrometheusMetrics {
  /** Of `text`. */
  readonly contentType: string;
  /** Every metric in Prometheus' text format. To be given to whoever scrapes, or put behind the text of another registry. */
  text(): string;
  /** Counts no more. */
  close(): void;
  [Symbol.dispose](): void;
}

/**
 * Counts the work of every client in this process from now on: per batch and per request, not per record.
 *
 *     const metrics = clientMetrics()
 *     createServer((_, response) => response.setHeader('content-type', metrics.contentType).end(metrics.text())).listen(9400)
 */
export function clientMetrics(): PrometheusMetrics {
  const metrics = new ClientMetrics();
  const subscriptions = Object.entries(metrics.listeners).map(([name, listener]) => {
    const channel = `ks.client.${name}`;
    const onEvent = (event: unknown): void => listener(event as never);
    subscribe(channel, onEvent);
    return { channel, onEvent };
  });
  const close = (): void => {
    for (const { channel, onEvent } of subscriptions) unsubscribe(channel, onEvent);
  };
  return {
    contentType: 'text/plain; version=0.0.4; charset=utf-8',
    text: () => metrics.text(),
    close,
    [Symbol.dispose]: close,
  };
}

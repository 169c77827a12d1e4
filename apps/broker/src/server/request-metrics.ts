import { type AnyApi, errorByCode } from '@ks/protocol';
import type { CollectedFamily, Metrics } from '../ports/metrics.ts';
import { type ErrorCodeVisitor, errorCodeVisitor } from './response-errors.ts';

/** Counts what was asked and how it was answered. */
export interface RequestMetrics {
  /** A request of so many bytes was admitted. */
  received(api: AnyApi, sizeBytes: number): void;
  /** A response of so many bytes goes out. */
  sent(api: AnyApi, sizeBytes: number): void;
  /** `response`: what the handler gave, undefined for no answer. */
  answered(api: AnyApi, response: unknown, tookMs: number): void;
  /** A request that could not be answered: its connection ends. `api`: its name, or its number where it is unknown. */
  refused(api: string): void;
}

const SECONDS = [0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30];

/** Labels made once for each API, not for each request. */
interface OfApi {
  readonly labels: { readonly api: string };
  readonly visit: ErrorCodeVisitor;
  requestBytes: number;
  responseBytes: number;
}

function byApi(name: string, help: string): CollectedFamily {
  return { name, help, type: 'counter', labelNames: ['api'] };
}

export function createRequestMetrics(metrics: Metrics): RequestMetrics {
  const seconds = metrics.histogram(
    'ks_request_seconds',
    'From the whole request to its answer, waits (acks, long polls, rebalances) included. Its count is the number of requests.',
    SECONDS,
    ['api'],
  );
  const errors = metrics.counter('ks_request_errors_total', 'Error codes answered, of requests or of parts of them.', [
    'api',
    'error',
  ]);
  const refusals = metrics.counter('ks_requests_refused_total', 'Requests that ended their connection.', ['api']);
  const known = new Map<number, OfApi>();
  const ofApi = (api: AnyApi): OfApi => {
    let found = known.get(api.key);
    if (found === undefined) {
      found = { labels: { api: api.name }, visit: errorCodeVisitor(api), requestBytes: 0, responseBytes: 0 };
      known.set(api.key, found);
    }
    return found;
  };
  const requestBytes = byApi('ks_request_bytes_total', 'Bytes of requests.');
  const responseBytes = byApi('ks_response_bytes_total', 'Bytes of responses, records included.');
  metrics.collected([requestBytes, responseBytes], () => ({
    [requestBytes.name]: [...known.values()].map((of) => ({ labels: of.labels, value: of.requestBytes })),
    [responseBytes.name]: [...known.values()].map((of) => ({ labels: of.labels, value: of.responseBytes })),
  }));
  return {
    received(api, sizeBytes) {
      ofApi(api).requestBytes += sizeBytes;
    },
    sent(api, sizeBytes) {
      ofApi(api).responseBytes += sizeBytes;
    },
    answered(api, response, tookMs) {
      const { labels, visit } = ofApi(api);
      seconds.observe(tookMs / 1000, labels);
      if (response === undefined) return;
      visit(response, (code) => {
        if (code !== 0) errors.add(1, { api: api.name, error: errorByCode(code).name });
      });
    },
    // Unknown keys share one label: their number is whatever a stranger sends.
    refused: (api) => refusals.add(1, { api: /^-?\d+$/.test(api) ? 'unknown' : api }),
  };
}

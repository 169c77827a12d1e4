import { ClientErrorCode, KafkaError } from '../kafka-error.ts';
import { parseRegistryUrl, type RegistryAuth } from '../registry/registry-calls.ts';
import { SchemaRegistry } from '../registry/schema-registry.ts';
import type { RetryPolicy } from '../retry-policy.ts';
import { fetchHttp } from './fetch-http.ts';
import { nodeClock } from './node-clock.ts';
import { nodeRandom } from './node-random.ts';

export interface SchemaRegistryOptions {
  /** One address, or several of one registry, which are tried in turn. Credentials in it count as `auth`. */
  readonly url: string | readonly string[];
  readonly auth?: RegistryAuth | undefined;
  /** Sent with each call. */
  readonly headers?: Readonly<Record<string, string>> | undefined;
  /** How long one call may take, in milliseconds. Default 10 000. */
  readonly requestTimeoutMs?: number | undefined;
  /** How long a call is tried again before its error is thrown, in milliseconds. Default 30 000; 0: never. */
  readonly retryTimeoutMs?: number | undefined;
  /** Waits between attempts. Default: 100 ms, doubled each time up to 2 s. */
  readonly retry?: RetryPolicy | undefined;
  /** How many schemas are remembered. Default 1000. */
  readonly cacheSize?: number | undefined;
  /** Does the calls: for certificates of one's own and proxies. Default: Node's. */
  readonly fetch?: typeof globalThis.fetch | undefined;
}

/**
 * A schema registry, as Confluent's, Karapace, Apicurio or Redpanda's. Nothing is asked before it is needed.
 *
 *     const registry = schemaRegistry({ url: 'https://registry:8081', auth: { username: 'svc', password } })
 *     const orders = topic('orders', { codec: { value: avro<Order>(orderSchema, { registry }) } })
 */
export function schemaRegistry(options: SchemaRegistryOptions): SchemaRegistry {
  const parsed = (typeof options.url === 'string' ? [options.url] : options.url).map(parseRegistryUrl);
  if (parsed.length === 0) throw new KafkaError(ClientErrorCode.INVALID_ARGUMENT, 'url names no schema registry');
  return new SchemaRegistry({
    urls: parsed.map(({ url }) => url),
    auth: options.auth ?? parsed[0]?.auth,
    headers: options.headers ?? {},
    requestTimeoutMs: options.requestTimeoutMs ?? 10_000,
    retryTimeoutMs: options.retryTimeoutMs ?? 30_000,
    retry: options.retry ?? { initialMs: 100, maxMs: 2_000 },
    cacheSize: options.cacheSize ?? 1000,
    http: fetchHttp(options.fetch),
    clock: nodeClock,
    random: nodeRandom,
  });
}

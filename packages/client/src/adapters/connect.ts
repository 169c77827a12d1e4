import { createCore } from '@ks/core-wasm';
import { createCodec } from '@ks/protocol';
import { Client } from '../client.ts';
import { parseBrokers } from '../options.ts';
import { defaultRetryPolicy, type RetryPolicy } from '../retry-policy.ts';
import { nodeClock } from './node-clock.ts';
import { nodeRandom } from './node-random.ts';
import type { Network } from '../ports/network.ts';
import type { Tracing } from '../ports/tracing.ts';
import { Authenticator } from '../security/authenticator.ts';
import type { SaslOptions } from '../security/sasl-options.ts';
import { nodeCrypto } from './node-crypto.ts';
import { nodeDiagnostics } from './node-diagnostics.ts';
import { tcpNetwork } from './tcp-network.ts';
import { type TlsOptions, tlsNetwork } from './tls-network.ts';

export interface ConnectOptions {
  /** Where to start: `host:port`, several as a list or separated by commas. All other brokers are learnt from these. */
  readonly brokers: string | readonly string[];
  /** How brokers know the client in logs and quotas. Default `ks-client`. */
  readonly clientId?: string | undefined;
  /** How long connecting to one broker may take, in milliseconds. Default 10 000. */
  readonly connectTimeoutMs?: number | undefined;
  /** How long brokers that cannot be reached are tried again, in milliseconds. Default: as connectTimeoutMs; 0: each once. */
  readonly openTimeoutMs?: number | undefined;
  /** How long a broker may take to answer, in milliseconds. Default 30 000. */
  readonly requestTimeoutMs?: number | undefined;
  /** How long lookups and admin calls are tried again before their error is thrown, in milliseconds. Default 30 000. */
  readonly retryTimeoutMs?: number | undefined;
  /** Waits between attempts. */
  readonly retry?: RetryPolicy | undefined;
  /** How old metadata may get, in milliseconds. Default five minutes. */
  readonly metadataMaxAgeMs?: number | undefined;
  /** Whether a topic that does not exist is created when it is used, where the broker allows it. Default false. */
  readonly autoCreateTopics?: boolean | undefined;
  /** The largest answer that is believed. Default 256 MB. */
  readonly maxResponseBytes?: number | undefined;
  /** Whether connections are encrypted, and with whose certificates. True: with the authorities that Node knows. Default false. */
  readonly tls?: boolean | TlsOptions | undefined;
  /** How the client says who it is, where brokers want to know. */
  readonly sasl?: SaslOptions | undefined;
  /** Follows records from who sends them to who works on them, as `openTelemetry()` does. Default: nothing does. */
  readonly tracing?: Tracing | undefined;
  /** Whether brokers that collect metrics of their clients get this one's: counts and times, no data (KIP-714). Default true. */
  readonly telemetry?: boolean | undefined;
  readonly signal?: AbortSignal | undefined;
}

/**
 * Connects to a Kafka cluster.
 *
 *     await using ks = await connect({ brokers: 'localhost:9092' })
 *
 * Rejects with NETWORK_EXCEPTION when no broker can be reached; they are tried again until `openTimeoutMs` has passed. Rejects at
 * once with TLS_FAILED, UNSUPPORTED_SASL_MECHANISM, ILLEGAL_SASL_STATE or SASL_AUTHENTICATION_FAILED when a broker and the client
 * refuse each other, and with INVALID_ARGUMENT for options that cannot be used.
 */
export async function connect(options: ConnectOptions): Promise<Client> {
  const core = createCore();
  const connectTimeoutMs = options.connectTimeoutMs ?? 10_000;
  return Client.open(
    {
      bootstrap: parseBrokers(options.brokers),
      clientId: options.clientId ?? 'ks-client',
      connectTimeoutMs,
      openTimeoutMs: options.openTimeoutMs ?? connectTimeoutMs,
      requestTimeoutMs: options.requestTimeoutMs ?? 30_000,
      retryTimeoutMs: options.retryTimeoutMs ?? 30_000,
      retry: options.retry ?? defaultRetryPolicy,
      metadataMaxAgeMs: options.metadataMaxAgeMs ?? 300_000,
      unknownTopicAttempts: 5,
      autoCreateTopics: options.autoCreateTopics ?? false,
      maxResponseBytes: options.maxResponseBytes ?? 256 * 1024 * 1024,
      network: networkOf(options.tls),
      authenticator: options.sasl && new Authenticator(options.sasl, nodeCrypto, nodeClock),
      clock: nodeClock,
      random: nodeRandom,
      diagnostics: nodeDiagnostics,
      tracing: options.tracing,
      crypto: nodeCrypto,
      isTelemetryPushed: options.telemetry ?? true,
    },
    core,
    createCodec(core),
    options.signal,
  );
}

function networkOf(options: boolean | TlsOptions = false): Network {
  if (options === false) return tcpNetwork;
  return tlsNetwork(options === true ? {} : options);
}

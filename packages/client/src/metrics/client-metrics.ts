import type {
  AssignmentEvent,
  CommitEvent,
  ConnectEvent,
  ConsumeEvent,
  Diagnostics,
  DisconnectEvent,
  FetchEvent,
  ProduceEvent,
  RebalanceEvent,
  RequestEvent,
  RetryEvent,
  ThrottleEvent,
} from '../ports/diagnostics.ts';
import { Counter, Gauge, Histogram, type Metric } from './metric.ts';

/** What listens to each channel. */
export type Listeners = {
  readonly [Name in keyof Diagnostics]: (event: Parameters<Diagnostics[Name]['publish']>[0]) => void;
};

/** In seconds: from what a broker next door answers within to a request's time-out. */
const SECONDS = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30];

/** Counts what clients tell of. */
export class ClientMetrics {
  readonly #requests = new Counter('ks_client_requests_total', 'Requests that ended, by outcome.', [
    'client_id',
    'api',
    'outcome',
  ]);
  readonly #requestSeconds = new Histogram(
    'ks_client_request_duration_seconds',
    'From sending a request to its answer; of Fetch, which waits for records, too.',
    ['client_id', 'api'],
    SECONDS,
  );
  readonly #responseBytes = new Counter('ks_client_response_bytes_total', 'Bytes of answers.', ['client_id', 'api']);
  readonly #throttledSeconds = new Counter(
    'ks_client_throttled_seconds_total',
    'How long brokers have asked this client to wait.',
    ['client_id'],
  );
  readonly #connections = new Gauge(
    'ks_client_connections',
    'Connections that were made since the metrics began, and stand.',
    ['client_id'],
  );
  readonly #connects = new Counter('ks_client_connects_total', 'Attempts to connect, by outcome.', [
    'client_id',
    'outcome',
  ]);
  readonly #disconnects = new Counter('ks_client_disconnects_total', 'Connections that ended, by reason.', [
    'client_id',
    'reason',
  ]);
  readonly #producedRecords = new Counter('ks_client_produced_records_total', 'Records that brokers have taken.', [
    'client_id',
    'topic',
  ]);
  readonly #producedBytes = new Counter(
    'ks_client_produced_bytes_total',
    'Bytes of batches that brokers have taken, before compression.',
    ['client_id', 'topic'],
  );
  readonly #produceFailures = new Counter('ks_client_produce_failed_records_total', 'Records given up, by error.', [
    'client_id',
    'topic',
    'error',
  ]);
  readonly #produceSeconds = new Histogram(
    'ks_client_produce_duration_seconds',
    "From a batch's first record to its acknowledgement, attempts and lingering included.",
    ['client_id', 'topic'],
    SECONDS,
  );
  readonly #fetchedRecords = new Counter('ks_client_fetched_records_total', 'Records that have arrived.', [
    'client_id',
    'group',
    'topic',
  ]);
  readonly #fetchedBytes = new Counter('ks_client_fetched_bytes_total', 'Bytes of batches as they came.', [
    'client_id',
    'group',
    'topic',
  ]);
  readonly #consumedRecords = new Counter(
    'ks_client_consumed_records_total',
    'Records of batches that readers were handed.',
    ['client_id', 'group', 'topic'],
  );
  readonly #lag = new Gauge(
    'ks_client_consumer_lag',
    'Offsets between the next record and the end of a partition that this client reads, when a batch was done last.',
    ['client_id', 'consumer', 'group', 'topic', 'partition'],
  );
  readonly #assigned = new Gauge('ks_client_assigned_partitions', 'Partitions that a consumer has.', [
    'client_id',
    'consumer',
    'group',
  ]);
  readonly #rebalances = new Counter(
    'ks_client_rebalances_total',
    'Times that a group has given partitions to a member of this client, or taken them.',
    ['client_id', 'group', 'kind'],
  );
  readonly #commits = new Counter('ks_client_commits_total', "Commits of a group's offsets, by outcome.", [
    'client_id',
    'group',
    'outcome',
  ]);
  readonly #retries = new Counter('ks_client_retries_total', 'Failures after which something is tried again.', [
    'client_id',
    'operation',
    'error',
  ]);

  readonly #standing = new Map<string, number>();

  readonly listeners: Listeners = {
    connect: (event) => this.#onConnect(event),
    disconnect: (event) => this.#onDisconnect(event),
    request: (event) => this.#onRequest(event),
    throttle: ({ clientId, throttleTimeMs }: ThrottleEvent) =>
      this.#throttledSeconds.add(throttleTimeMs / 1000, clientId),
    produce: (event) => this.#onProduce(event),
    fetch: (event) => this.#onFetch(event),
    consume: (event) => this.#onConsume(event),
    assignment: (event) => this.#onAssignment(event),
    rebalance: ({ clientId, group = '', kind }: RebalanceEvent) => this.#rebalances.add(1, clientId, group, kind),
    commit: ({ clientId, group = '', error }: CommitEvent) => this.#commits.add(1, clientId, group, outcomeOf(error)),
    retry: ({ clientId, operation, error }: RetryEvent) => this.#retries.add(1, clientId, operation, error.name),
  };

  /** Everything as Prometheus reads it. */
  text(): string {
    return this.#all.map((metric) => metric.text()).join('');
  }

  get #all(): readonly Metric<unknown>[] {
    return [
      this.#requests,
      this.#requestSeconds,
      this.#responseBytes,
      this.#throttledSeconds,
      this.#connections,
      this.#connects,
      this.#disconnects,
      this.#producedRecords,
      this.#producedBytes,
      this.#produceFailures,
      this.#produceSeconds,
      this.#fetchedRecords,
      this.#fetchedBytes,
      this.#consumedRecords,
      this.#lag,
      this.#assigned,
      this.#rebalances,
      this.#commits,
      this.#retries,
    ];
  }

  #onConnect({ clientId, broker, channel, error }: ConnectEvent): void {
    this.#connects.add(1, clientId, outcomeOf(error));
    if (error === undefined) this.#count(clientId, `${clientId} ${broker} ${channel}`, 1);
  }

  #onDisconnect({ clientId, broker, channel, error }: DisconnectEvent): void {
    this.#disconnects.add(1, clientId, outcomeOf(error));
    this.#count(clientId, `${clientId} ${broker} ${channel}`, -1);
  }

  /** A connection from before the metrics is none of them. */
  #count(clientId: string, connection: string, change: 1 | -1): void {
    const count = (this.#standing.get(connection) ?? 0) + change;
    if (count < 0) return;
    if (count === 0) this.#standing.delete(connection);
    else this.#standing.set(connection, count);
    this.#connections.add(change, clientId);
  }

  #onRequest({ clientId, api, durationMs, responseBytes, error }: RequestEvent): void {
    this.#requests.add(1, clientId, api, outcomeOf(error));
    if (error !== undefined) return;
    this.#requestSeconds.observe(durationMs / 1000, clientId, api);
    this.#responseBytes.add(responseBytes, clientId, api);
  }

  #onProduce({ clientId, topic, records, bytes, durationMs, error }: ProduceEvent): void {
    if (error !== undefined) {
      this.#produceFailures.add(records, clientId, topic, error.name);
      return;
    }
    this.#producedRecords.add(records, clientId, topic);
    this.#producedBytes.add(bytes, clientId, topic);
    this.#produceSeconds.observe(durationMs / 1000, clientId, topic);
  }

  #onFetch({ clientId, group = '', topic, records, bytes }: FetchEvent): void {
    this.#fetchedRecords.add(records, clientId, group, topic);
    this.#fetchedBytes.add(bytes, clientId, group, topic);
  }

  #onConsume({ clientId, consumer, group = '', topic, partition, records, lag }: ConsumeEvent): void {
    this.#consumedRecords.add(records, clientId, group, topic);
    if (lag >= 0) this.#lag.set(lag, clientId, consumer, group, topic, String(partition));
  }

  /** Of a partition that is read elsewhere this client knows no lag any more. */
  #onAssignment({ clientId, consumer, group = '', removed, partitions }: AssignmentEvent): void {
    this.#assigned.set(partitions, clientId, consumer, group);
    if (removed.length === 0) return;
    const gone = new Set(removed.map(({ topic, partition }) => `${topic} ${partition}`));
    this.#lag.forget(([ofClient, ofConsumer, , topic, partition]) => {
      return ofClient === clientId && ofConsumer === consumer && gone.has(`${topic} ${partition}`);
    });
  }
}

function outcomeOf(error: { readonly name: string } | undefined): string {
  return error?.name ?? 'ok';
}

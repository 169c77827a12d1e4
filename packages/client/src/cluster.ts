import { type Api, ErrorCode, Metadata } from '@ks/protocol';
import { asKafkaError, ClientErrorCode, errorFromCode, isMetadataStale, isRefusal, KafkaError } from './kafka-error.ts';
import {
  type ClusterView,
  emptyClusterView,
  type PartitionView,
  type TopicView,
  withMetadata,
} from './metadata/cluster-view.ts';
import { type LeaderHint, type NodeEndpoint, withLeaders } from './metadata/leader-hints.ts';
import { Refresher } from './metadata/refresher.ts';
import type { BodyOf, BrokerConnection, CallOptions } from './network/broker-connection.ts';
import { ConnectionPool, type ConnectionPoolOptions, raced } from './network/connection-pool.ts';
import type { Crypto } from './ports/crypto.ts';
import { type Diagnostics, type RetryEvent, silentDiagnostics } from './ports/diagnostics.ts';
import type { Address } from './ports/network.ts';
import type { Tracing } from './ports/tracing.ts';
import { backoffMs } from './retry-policy.ts';
import { sleep } from './sleep.ts';

export interface ClusterOptions extends ConnectionPoolOptions {
  readonly bootstrap: readonly Address[];
  /** How long brokers that cannot be reached are tried again before `open` gives up. */
  readonly openTimeoutMs: number;
  readonly requestTimeoutMs: number;
  /** How old metadata may get before it is asked for again. */
  readonly metadataMaxAgeMs: number;
  /** How long an operation is tried again before its last error is given to the caller. */
  readonly retryTimeoutMs: number;
  /** How often a topic that nobody knows is asked for before that is believed. */
  readonly unknownTopicAttempts: number;
  readonly autoCreateTopics: boolean;
  readonly crypto: Crypto;
  /** Whether brokers that collect metrics of clients get them. Default true. */
  readonly isTelemetryPushed?: boolean | undefined;
  /** Follows records; default: nothing does. */
  readonly tracing?: Tracing | undefined;
}

/** What everything but a consumer's fetches goes through. */
export const CONTROL_CHANNEL = 'control';

/** What an operation is tried with. */
export interface RetryOptions {
  readonly signal?: AbortSignal | undefined;
  readonly timeoutMs?: number | undefined;
  /** Topics whose metadata is asked for again when an error says that it is stale. */
  readonly topics?: readonly string[] | undefined;
}

/** The brokers behind the bootstrap list: connections, metadata, and trying again. */
export class Cluster {
  readonly options: ClusterOptions;
  readonly #pool: ConnectionPool;
  readonly #closing = new AbortController();
  readonly #refresher = new Refresher((names) => this.#load(names));
  #view: ClusterView = emptyClusterView;

  constructor(options: ClusterOptions) {
    this.options = options;
    this.#pool = new ConnectionPool(options);
  }

  get view(): ClusterView {
    return this.#view;
  }

  get diagnostics(): Diagnostics {
    return this.options.diagnostics ?? silentDiagnostics;
  }

  get isClosed(): boolean {
    return this.#closing.signal.aborted;
  }

  /** Fires when the client is closed. */
  get closing(): AbortSignal {
    return this.#closing.signal;
  }

  /** Closes all connections; what is under way fails with CLOSED. */
  close(): void {
    this.#closing.abort(closedError());
    this.#pool.close();
  }

  closeChannel(channel: string): void {
    this.#pool.closeChannel(channel);
  }

  /** The connection to a broker. Rejects with the retriable BROKER_NOT_AVAILABLE for an id that metadata does not have. */
  connectionTo(nodeId: number, channel = CONTROL_CHANNEL, signal?: AbortSignal): Promise<BrokerConnection> {
    const broker = this.#view.brokers.get(nodeId);
    if (broker === undefined) {
      const message = `broker ${nodeId} is not in the cluster's metadata`;
      return Promise.reject(new KafkaError(ErrorCode.BROKER_NOT_AVAILABLE, message, { retriable: true }));
    }
    return this.#pool.get(broker, `${broker.host}:${broker.port} (id ${nodeId})`, channel, signal);
  }

  /** A connection to any broker: one that is open, else the first of all known ones that can be reached. */
  async anyConnection(signal?: AbortSignal): Promise<BrokerConnection> {
    const candidates = this.#candidates();
    for (const candidate of candidates) {
      const open = this.#pool.peek(candidate.address, CONTROL_CHANNEL);
      if (open !== undefined) return open;
    }
    const failures: unknown[] = [];
    for (const { address, label } of candidates) {
      try {
        return await this.#pool.get(address, label, CONTROL_CHANNEL, signal);
      } catch (error) {
        const { code } = asKafkaError(error);
        const isOver = code === ClientErrorCode.ABORTED || code === ClientErrorCode.CLOSED;
        if (isOver || isRefusal(error)) throw error;
        failures.push(error);
      }
    }
    throw this.#unreachable(failures);
  }

  /** Sends a request to one broker. */
  async callBroker<ReqIn, ReqOut, ResIn, ResOut>(
    nodeId: number,
    api: Api<ReqIn, ReqOut, ResIn, ResOut>,
    body: BodyOf<ReqIn>,
    options: Partial<CallOptions> = {},
  ): Promise<ResOut> {
    const connection = await this.connectionTo(nodeId, CONTROL_CHANNEL, options.signal);
    return connection.call(api, body, { timeoutMs: this.options.requestTimeoutMs, ...options });
  }

  /** Sends a request to any broker. */
  async callAny<ReqIn, ReqOut, ResIn, ResOut>(
    api: Api<ReqIn, ReqOut, ResIn, ResOut>,
    body: BodyOf<ReqIn>,
    options: Partial<CallOptions> = {},
  ): Promise<ResOut> {
    const connection = await this.anyConnection(options.signal);
    return connection.call(api, body, { timeoutMs: this.options.requestTimeoutMs, ...options });
  }

  /** Sends a request to the controller, or to any broker where metadata names none. */
  async callController<ReqIn, ReqOut, ResIn, ResOut>(
    api: Api<ReqIn, ReqOut, ResIn, ResOut>,
    body: BodyOf<ReqIn>,
    options: Partial<CallOptions> = {},
  ): Promise<ResOut> {
    if (this.#view.brokers.has(this.#view.controllerId)) {
      return this.callBroker(this.#view.controllerId, api, body, options);
    }
    return this.callAny(api, body, options);
  }

  /** Runs `operation` until it succeeds, fails for good, or the time is over; then its last error is thrown. */
  async retrying<T>(operation: (attempt: number) => Promise<T>, options: RetryOptions = {}): Promise<T> {
    const { clock, retry, random } = this.options;
    const deadlineMs = clock.monotonicMs() + (options.timeoutMs ?? this.options.retryTimeoutMs);
    for (let attempt = 1; ; attempt += 1) {
      this.#refuseWhenClosed();
      try {
        return await operation(attempt);
      } catch (error) {
        const waitMs = backoffMs(retry, attempt, random);
        const isHopeless =
          !(error instanceof KafkaError && error.retriable) || clock.monotonicMs() + waitMs > deadlineMs;
        if (isHopeless || this.isClosed) throw error;
        this.tellRetry('call', undefined, attempt, waitMs, error);
        await this.pause(waitMs, options.signal);
        if (isMetadataStale(error.code)) await this.refresh(options.topics ?? [], options.signal).catch(onlyRetriable);
      }
    }
  }

  /** Tells that something failed and will be tried again. */
  tellRetry(
    operation: RetryEvent['operation'],
    place: { readonly topic: string; readonly partition: number } | undefined,
    attempt: number,
    delayMs: number,
    error: KafkaError,
  ): void {
    const { retry } = this.diagnostics;
    if (!retry.hasSubscribers) return;
    const { topic = error.topic, partition = error.partition } = place ?? {};
    retry.publish({ clientId: this.options.clientId, operation, topic, partition, attempt, delayMs, error });
  }

  /** Waits; rejects with ABORTED or CLOSED. */
  async pause(delayMs: number, signal?: AbortSignal): Promise<void> {
    try {
      await sleep(this.options.clock, delayMs, signal, this.#closing.signal);
    } catch (error) {
      this.#refuseWhenClosed();
      throw error;
    }
  }

  /**
   * Asks for the metadata of the brokers and of `topics`. Calls that come while one is under way share the next one. Errors
   * of single topics are not thrown: see `topicErrors` of the view.
   */
  refresh(topics: readonly string[], signal?: AbortSignal): Promise<void> {
    const shared = this.#refresher.refresh(topics);
    return signal === undefined ? shared : raced(shared, signal);
  }

  /**
   * A topic's metadata, from memory where it is young enough. A topic that is unknown is asked for a few times, since one
   * that was just created needs a moment to be known to every broker.
   */
  async topic(name: string, signal?: AbortSignal): Promise<TopicView> {
    const known = this.knownTopic(name);
    if (known !== undefined) return known;
    const { clock, retry, random, retryTimeoutMs, unknownTopicAttempts } = this.options;
    const deadlineMs = clock.monotonicMs() + retryTimeoutMs;
    for (let attempt = 1; ; attempt += 1) {
      await this.retrying(() => this.refresh([name], signal), { signal });
      const topic = this.#view.topics.get(name);
      const code = this.#view.topicErrors.get(name);
      if (topic !== undefined && code === undefined) return topic;
      const error = topicError(name, code ?? ErrorCode.UNKNOWN_TOPIC_OR_PARTITION);
      const isUnknown = error.code === ErrorCode.UNKNOWN_TOPIC_OR_PARTITION;
      if (!error.retriable && !isUnknown) throw error;
      if ((isUnknown && attempt >= unknownTopicAttempts) || clock.monotonicMs() > deadlineMs) throw error;
      await this.pause(backoffMs(retry, attempt, random), signal);
    }
  }

  /** A topic's metadata if it is in memory; what is too old, `nowMs` being monotonic, is asked for again meanwhile. */
  knownTopic(name: string, nowMs: number = this.options.clock.monotonicMs()): TopicView | undefined {
    const topic = this.#view.topics.get(name);
    if (topic === undefined) return undefined;
    const isOld = nowMs - topic.asOfMs > this.options.metadataMaxAgeMs;
    if (isOld && !this.#refresher.isBusy) this.refresh([name]).catch(() => {});
    return topic;
  }

  /** One partition. Rejects with INVALID_ARGUMENT for a number that the topic does not have. */
  async partition(topic: string, partition: number, signal?: AbortSignal): Promise<PartitionView> {
    const found = (await this.topic(topic, signal)).partitions[partition];
    if (found !== undefined) return found;
    await this.refresh([topic], signal);
    const again = (await this.topic(topic, signal)).partitions[partition];
    if (again !== undefined) return again;
    const count = this.#view.topics.get(topic)?.partitions.length ?? 0;
    const message = `${topic} has no partition ${partition}: it has ${count}, counted from 0`;
    throw new KafkaError(ClientErrorCode.INVALID_ARGUMENT, message, { topic, partition });
  }

  async #load(names: readonly string[]): Promise<void> {
    const topics = names.map((name) => ({ name }));
    const allowAutoTopicCreation = this.options.autoCreateTopics;
    const response = await this.callAny(Metadata, { topics, allowAutoTopicCreation }, { atLeast: 4 });
    if (response.errorCode !== ErrorCode.NONE) throw errorFromCode(response.errorCode, undefined, {});
    this.absorb(response);
  }

  /** Takes over what a Metadata response says. */
  absorb(response: Parameters<typeof withMetadata>[1]): void {
    this.#view = withMetadata(this.#view, response, this.options.clock.monotonicMs());
  }

  /** Takes over who leads where, as brokers say that were asked in vain (KIP-951). */
  learnLeaders(hints: readonly LeaderHint[], endpoints: readonly NodeEndpoint[]): void {
    if (hints.length > 0) this.#view = withLeaders(this.#view, hints, endpoints);
  }

  #candidates(): { readonly address: Address; readonly label: string }[] {
    const brokers = [...this.#view.brokers.values()].map((broker) => ({
      address: broker,
      label: `${broker.host}:${broker.port} (id ${broker.nodeId})`,
    }));
    const bootstrap = this.options.bootstrap.map((address) => ({ address, label: `${address.host}:${address.port}` }));
    return [...this.#shuffled(brokers), ...this.#shuffled(bootstrap)];
  }

  /** Not always the same broker first, so that many clients spread. */
  #shuffled<T>(items: readonly T[]): readonly T[] {
    const first = this.options.random.int(Math.max(items.length, 1));
    return [...items.slice(first), ...items.slice(0, first)];
  }

  #unreachable(failures: readonly unknown[]): KafkaError {
    const reasons = failures.map((failure) => (failure instanceof Error ? failure.message : String(failure)));
    const message = `no broker can be reached: ${[...new Set(reasons)].join('; ')}. Check the addresses and that a broker listens there.`;
    return new KafkaError(ErrorCode.NETWORK_EXCEPTION, message, { retriable: true, cause: failures[0] });
  }

  #refuseWhenClosed(): void {
    if (this.isClosed) throw closedError();
  }
}

function closedError(): KafkaError {
  return new KafkaError(ClientErrorCode.CLOSED, 'the client was closed');
}

/** The error a topic was answered with; one that nobody knows is not worth trying again. */
function topicError(name: string, code: number): KafkaError {
  if (code !== ErrorCode.UNKNOWN_TOPIC_OR_PARTITION) return errorFromCode(code, undefined, { topic: name });
  const message = `the topic ${name} does not exist: create it, or check its name`;
  return new KafkaError(code, message, { topic: name, retriable: false });
}

function onlyRetriable(error: unknown): void {
  if (!(error instanceof KafkaError && error.retriable)) throw error;
}

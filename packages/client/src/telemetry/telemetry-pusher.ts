import {
  type Codec,
  type CompressionType,
  compressionTypes,
  ErrorCode,
  GetTelemetrySubscriptions,
  PushTelemetry,
  type ResponseOf,
  ZERO_UUID,
} from '@ks/protocol';
import { throwIfFailed } from '../admin/items.ts';
import type { Cluster } from '../cluster.ts';
import { asKafkaError } from '../kafka-error.ts';
import { encodeMetrics, type MetricPoint } from './otlp-metrics.ts';
import type { TelemetryMeter } from './telemetry-meter.ts';

/** What a broker wants to know, and how often. */
type Subscription = ResponseOf<typeof GetTelemetrySubscriptions>;

/** Where the broker does not say, and after failures. */
const DEFAULT_INTERVAL_MS = 300_000;
const MIN_INTERVAL_MS = 100;
/** How long closing waits for the last push. */
const LAST_PUSH_MS = 1000;

/** No later attempt would change these. */
const finalCodes: readonly number[] = [
  ErrorCode.UNSUPPORTED_VERSION,
  ErrorCode.INVALID_REQUEST,
  ErrorCode.CLUSTER_AUTHORIZATION_FAILED,
];

/** Sends a client's metrics to the brokers where these subscribe to them (KIP-714). Nothing of it ever fails the client. */
export class TelemetryPusher {
  readonly #cluster: Cluster;
  readonly #meter: TelemetryMeter;
  readonly #codec: Codec;
  readonly #ending = new AbortController();
  readonly #beganAtMs: number;
  #clientInstanceId = ZERO_UUID;
  #subscription: Subscription | undefined;
  #refused = new Set<number>();
  #pushedAtMs: number;
  #running: Promise<void> | undefined;

  constructor(cluster: Cluster, meter: TelemetryMeter, codec: Codec) {
    this.#cluster = cluster;
    this.#meter = meter;
    this.#codec = codec;
    this.#beganAtMs = cluster.options.clock.wallMs();
    this.#pushedAtMs = this.#beganAtMs;
  }

  /** What brokers know this client by; undefined until one has named it. */
  get clientInstanceId(): string | undefined {
    return this.#clientInstanceId === ZERO_UUID ? undefined : this.#clientInstanceId;
  }

  start(): void {
    this.#running = this.#run();
  }

  /** Pushes what is left, if the broker takes it at once. Never rejects. */
  async stop(): Promise<void> {
    this.#ending.abort();
    await this.#running;
    const subscription = this.#subscription;
    if (subscription === undefined || !wantsMetrics(subscription) || this.#cluster.isClosed) return;
    const late = new AbortController();
    const timer = this.#cluster.options.clock.setTimer(LAST_PUSH_MS, () => late.abort());
    await this.#push(subscription, true, late.signal).catch(() => {});
    timer.cancel();
  }

  /** Never rejects. */
  async #run(): Promise<void> {
    let failures = 0;
    while (!this.#ending.signal.aborted) {
      try {
        await this.#turn();
        failures = 0;
      } catch (error) {
        const { code } = asKafkaError(error);
        if (this.#ending.signal.aborted || this.#cluster.isClosed || finalCodes.includes(code)) break;
        failures += 1;
        this.#heed(code);
        // One that is not known is followed by a new one at once, unless that goes on.
        if (code === ErrorCode.UNKNOWN_SUBSCRIPTION_ID && failures === 1) continue;
        await this.#pause(this.#intervalMs).catch(() => {});
      }
    }
    this.#meter.isOn = false;
  }

  /** Subscribes where that is still to be done, waits, and pushes. */
  async #turn(): Promise<void> {
    const isFirst = this.#subscription === undefined;
    const subscription = this.#subscription ?? (await this.#subscribe());
    this.#meter.isOn = wantsMetrics(subscription);
    // Clients that begin together must not push together.
    const share = isFirst ? 0.5 + this.#cluster.options.random.int(1001) / 1000 : 1;
    await this.#pause(this.#intervalMs * share);
    if (wantsMetrics(subscription)) await this.#push(subscription, false, this.#ending.signal);
    else this.#subscription = undefined;
  }

  async #subscribe(): Promise<Subscription> {
    const body = { clientInstanceId: this.#clientInstanceId };
    const answer = await this.#cluster.callAny(GetTelemetrySubscriptions, body, { signal: this.#ending.signal });
    throwIfFailed(answer);
    if (answer.clientInstanceId !== ZERO_UUID) this.#clientInstanceId = answer.clientInstanceId;
    this.#subscription = answer;
    this.#refused = new Set();
    return answer;
  }

  async #push(subscription: Subscription, terminating: boolean, signal: AbortSignal): Promise<void> {
    const nowMs = this.#cluster.options.clock.wallMs();
    const isDelta = subscription.deltaTemporality;
    const span = { startMs: isDelta ? this.#pushedAtMs : this.#beganAtMs, endMs: nowMs, isDelta };
    const points = this.#meter.collect(subscription.requestedMetrics, isDelta);
    const compression = this.#compressionOf(subscription);
    const metrics = await this.#fitting(points, (some) => encodeMetrics(some, span), compression, subscription);
    const { clientInstanceId, subscriptionId } = { ...subscription, clientInstanceId: this.#clientInstanceId };
    const compressionType = compressionTypes.indexOf(compression);
    const answer = await this.#cluster.callAny(
      PushTelemetry,
      { clientInstanceId, subscriptionId, terminating, compressionType, metrics },
      { signal },
    );
    this.#pushedAtMs = nowMs;
    throwIfFailed(answer);
  }

  /** As many of the points as the broker takes at once. */
  async #fitting(
    points: readonly MetricPoint[],
    encode: (points: readonly MetricPoint[]) => Uint8Array,
    compression: CompressionType,
    { telemetryMaxBytes }: Subscription,
  ): Promise<Uint8Array> {
    for (let some = points; ; some = some.slice(0, Math.floor(some.length / 2))) {
      const bytes = await this.#codec.compress(compression, encode(some));
      if (bytes.length <= telemetryMaxBytes || some.length === 0) return bytes;
    }
  }

  /** The first that the broker likes and has not refused since. */
  #compressionOf({ acceptedCompressionTypes }: Subscription): CompressionType {
    const id = acceptedCompressionTypes.find((one) => compressionTypes[one] !== undefined && !this.#refused.has(one));
    return compressionTypes[id ?? 0] ?? 'none';
  }

  #heed(code: number): void {
    if (code === ErrorCode.UNSUPPORTED_COMPRESSION_TYPE && this.#subscription !== undefined) {
      this.#refused.add(compressionTypes.indexOf(this.#compressionOf(this.#subscription)));
    }
    if (code === ErrorCode.UNKNOWN_SUBSCRIPTION_ID) this.#subscription = undefined;
  }

  get #intervalMs(): number {
    const { pushIntervalMs } = this.#subscription ?? { pushIntervalMs: DEFAULT_INTERVAL_MS };
    return pushIntervalMs > 0 ? Math.max(MIN_INTERVAL_MS, pushIntervalMs) : DEFAULT_INTERVAL_MS;
  }

  #pause(delayMs: number): Promise<void> {
    return this.#cluster.pause(delayMs, this.#ending.signal);
  }
}

function wantsMetrics({ requestedMetrics }: Subscription): boolean {
  return requestedMetrics.length > 0;
}

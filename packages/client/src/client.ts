import type { Core } from '@ks/core-wasm';
import type { Codec } from '@ks/protocol';
import { Admin } from './admin/admin.ts';
import { Cluster, type ClusterOptions } from './cluster.ts';
import { Consumer } from './consumer/consumer.ts';
import type { ConsumerOptions } from './consumer/consumer-options.ts';
import { GroupConsumer } from './consumer/group-consumer.ts';
import type { GroupConsumerOptions } from './consumer/group-options.ts';
import { ClientErrorCode, KafkaError } from './kafka-error.ts';
import { silentDiagnostics } from './ports/diagnostics.ts';
import { Producer } from './producer/producer.ts';
import type { ProducerOptions } from './producer/producer-options.ts';
import { TelemetryMeter } from './telemetry/telemetry-meter.ts';
import { TelemetryPusher } from './telemetry/telemetry-pusher.ts';
import type { TransactionalProducerOptions } from './transactions/transactional-options.ts';
import { TransactionalProducer } from './transactions/transactional-producer.ts';

/** A connection to a Kafka cluster, from which producers, consumers and admin calls come. Close it, or hold it with `await using`. */
export class Client {
  /** Topics and cluster. */
  readonly admin: Admin;
  readonly #cluster: Cluster;
  readonly #core: Core;
  readonly #codec: Codec;
  readonly #telemetry: TelemetryPusher | undefined;
  readonly #producers = new Set<Producer | TransactionalProducer>();
  readonly #members = new Set<GroupConsumer>();
  #consumers = 0;
  #aside: Producer | undefined;
  #closing: Promise<void> | undefined;

  private constructor(cluster: Cluster, core: Core, codec: Codec, telemetry: TelemetryPusher | undefined) {
    this.#telemetry = telemetry;
    this.#cluster = cluster;
    this.#core = core;
    this.#codec = codec;
    this.admin = new Admin(cluster);
  }

  /** Connects to the first broker that can be reached. Rejects with NETWORK_EXCEPTION when none can. */
  static async open(options: ClusterOptions, core: Core, codec: Codec, signal?: AbortSignal): Promise<Client> {
    const meter = new TelemetryMeter();
    const { diagnostics = silentDiagnostics, isTelemetryPushed = true } = options;
    const cluster = new Cluster(isTelemetryPushed ? { ...options, diagnostics: meter.tap(diagnostics) } : options);
    try {
      await cluster.retrying(() => cluster.refresh([], signal), { signal, timeoutMs: options.openTimeoutMs });
    } catch (error) {
      cluster.close();
      throw error;
    }
    const telemetry = isTelemetryPushed ? new TelemetryPusher(cluster, meter, codec) : undefined;
    telemetry?.start();
    return new Client(cluster, core, codec, telemetry);
  }

  /** What brokers that collect metrics know this client by (KIP-714); undefined until one has named it. */
  get clientInstanceId(): string | undefined {
    return this.#telemetry?.clientInstanceId;
  }

  /** A producer that writes in transactions. */
  producer(options: TransactionalProducerOptions): TransactionalProducer;
  /** A producer. Several may be used side by side; one is enough for most programs. */
  producer(options?: ProducerOptions & { readonly transactionalId?: undefined }): Producer;
  producer(options: ProducerOptions | TransactionalProducerOptions = {}): Producer | TransactionalProducer {
    this.#refuseWhenClosed();
    const parts = [this.#cluster, this.#core, this.#codec] as const;
    const isTransactional = 'transactionalId' in options && options.transactionalId !== undefined;
    const producer = isTransactional ? new TransactionalProducer(...parts, options) : new Producer(...parts, options);
    this.#producers.add(producer);
    return producer;
  }

  /** A member of a group, which shares the partitions of its topics with the other members. Closed with the client at the latest. */
  consumer(options: GroupConsumerOptions): GroupConsumer;
  /** A consumer of partitions that are assigned by hand. */
  consumer(options?: ConsumerOptions): Consumer;
  consumer(options: ConsumerOptions | GroupConsumerOptions = {}): Consumer | GroupConsumer {
    this.#refuseWhenClosed();
    this.#consumers += 1;
    const channel = `consumer-${this.#consumers}`;
    const parts = [this.#cluster, this.#core, this.#codec, channel] as const;
    const producer = (): Producer => this.#asideProducer();
    if (!('group' in options)) return new Consumer(...parts, options, producer);
    const consumer = new GroupConsumer(...parts, options, producer);
    this.#members.add(consumer);
    return consumer;
  }

  /** Writes what consumers put aside: one for all of them. */
  #asideProducer(): Producer {
    this.#aside ??= this.producer();
    return this.#aside;
  }

  /** Delivers what producers still hold, lets consumers leave their groups, then closes every connection. */
  close(): Promise<void> {
    this.#closing ??= Promise.all([...this.#producers, ...this.#members].map((participant) => participant.close()))
      .then(() => this.#telemetry?.stop())
      .then(() => this.#cluster.close());
    return this.#closing;
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  #refuseWhenClosed(): void {
    if (this.#closing !== undefined) throw new KafkaError(ClientErrorCode.CLOSED, 'the client was closed');
  }
}

import { type EmbeddedBroker, startEmbeddedBroker } from '@ks/broker';
import { type AnyTopic, type Client, type ConnectOptions, connect, type NewTopic } from '@ks/client';
import { createTemporaryDirectory } from './adapters/temporary-directory.ts';
import type { TestBroker, TestBrokerOptions } from './test-broker.ts';

/** Groups of one test have nobody to wait for. */
const testConfig: Readonly<Record<string, string>> = { 'group.initial.rebalance.delay.ms': '0' };

/**
 * Starts a broker in this process, by default in memory and on a free port of 127.0.0.1; it serves when the promise settles.
 *
 *     await using broker = await startBroker({ topics: [{ topic: 'orders', partitions: 3 }] })
 *     await using ks = await broker.connect()
 *
 * Rejects where a config is wrong, a topic cannot be created, or the port or the directory is taken; nothing is left then.
 */
export async function startBroker(options: TestBrokerOptions = {}): Promise<TestBroker> {
  await using undo = new AsyncDisposableStack();
  const directory = await directoryOf(options, undo);
  const embedded = undo.use(
    await startEmbeddedBroker({
      port: options.port ?? 0,
      config: { ...testConfig, ...options.config },
      ...(directory === undefined ? {} : { directory }),
    }),
  );
  const broker = new RunningBroker(embedded, directory, undo.move());
  await using failed = new AsyncDisposableStack();
  failed.use(broker);
  await createTopics(broker, options.topics ?? []);
  failed.move();
  return broker;
}

async function directoryOf(options: TestBrokerOptions, undo: AsyncDisposableStack): Promise<string | undefined> {
  if (options.directory !== undefined && options.storage !== undefined) {
    throw new TypeError('storage and directory exclude each other: a given directory is kept, a temporary one is not');
  }
  return options.storage === 'disk' ? undo.use(await createTemporaryDirectory()).path : options.directory;
}

async function createTopics(broker: TestBroker, topics: readonly (string | AnyTopic | NewTopic)[]): Promise<void> {
  if (topics.length === 0) return;
  await using client = await broker.connect();
  await client.admin.createTopics(
    topics.map((given) => (typeof given === 'object' && 'topic' in given ? given : { topic: given })),
  );
}

class RunningBroker implements TestBroker {
  readonly host: string;
  readonly port: number;
  readonly bootstrap: string;
  readonly directory: string | undefined;
  readonly #resources: AsyncDisposableStack;
  readonly #clients = new Set<Client>();
  #stopping: Promise<void> | undefined;

  /** `resources` are given back after the clients. */
  constructor(
    { host, port, bootstrap }: EmbeddedBroker,
    directory: string | undefined,
    resources: AsyncDisposableStack,
  ) {
    this.host = host;
    this.port = port;
    this.bootstrap = bootstrap;
    this.directory = directory;
    this.#resources = resources;
  }

  async connect(options: Omit<ConnectOptions, 'brokers'> = {}): Promise<Client> {
    if (this.#stopping !== undefined) throw new Error(`the broker on ${this.bootstrap} was stopped`);
    const client = await connect({ clientId: 'ks-testing', ...options, brokers: this.bootstrap });
    this.#clients.add(client);
    return client;
  }

  stop(): Promise<void> {
    this.#stopping ??= this.#stop();
    return this.#stopping;
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.stop();
  }

  async #stop(): Promise<void> {
    await Promise.allSettled([...this.#clients].map((client) => client.close()));
    await this.#resources.disposeAsync();
  }
}

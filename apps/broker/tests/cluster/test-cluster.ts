import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { SharedMetadataStore } from '../../src/adapters/shared-metadata-store.ts';
import { openSqliteMetadataStore } from '../../src/adapters/sqlite-metadata-store.ts';
import { type Broker, createBroker } from '../../src/broker.ts';
import { brokerConfigOf } from '../../src/config/broker-config.ts';
import { createNodeAdapters } from '../../src/node-adapters.ts';
import type { Logger } from '../../src/ports/logger.ts';
import { silentLogger } from '../../src/silent-logger.ts';
import { mortal, type MortalAdapters } from './mortal-adapters.ts';

export interface TestClusterOptions {
  /** Default: 3. Their ids begin at 1. */
  readonly brokerCount?: number;
  /** Broker keys, of all brokers. */
  readonly config?: Readonly<Record<string, string>>;
  /** Of one broker. */
  readonly configOf?: (brokerId: number) => Readonly<Record<string, string>>;
  readonly logger?: Logger;
}

interface Member {
  readonly broker: Broker;
  readonly life: MortalAdapters;
}

/** What three brokers want that one would not. Quick where waiting shows nothing. */
const clusterDefaults: Readonly<Record<string, string>> = {
  'default.replication.factor': '3',
  'min.insync.replicas': '2',
  'num.partitions': '1',
  'offsets.topic.num.partitions': '3',
  'offsets.topic.replication.factor': '3',
  'transaction.state.log.num.partitions': '3',
  'transaction.state.log.replication.factor': '3',
  'transaction.state.log.min.isr': '2',
  'group.initial.rebalance.delay.ms': '0',
  'replica.lag.time.max.ms': '2000',
  'ks.memory.bytes': '50331648',
  'ks.tail.bytes': '8388608',
};

/** Brokers of one process on real sockets and a real disk, over one embedded store. */
export class TestCluster implements AsyncDisposable {
  readonly #options: TestClusterOptions;
  readonly #root: string;
  readonly #store: SharedMetadataStore;
  readonly #members = new Map<number, Member>();
  /** Kept over a restart, as an operator would. */
  readonly #ports = new Map<number, number>();
  readonly failures: Error[] = [];

  private constructor(root: string, options: TestClusterOptions) {
    this.#root = root;
    this.#options = options;
    this.#store = new SharedMetadataStore(async () => openSqliteMetadataStore({ path: join(root, 'metadata.sqlite') }));
  }

  static async start(options: TestClusterOptions = {}): Promise<TestCluster> {
    const cluster = new TestCluster(await mkdtemp(join(tmpdir(), 'ks-cluster-')), options);
    for (const brokerId of cluster.brokerIds) await cluster.restart(brokerId);
    return cluster;
  }

  get brokerIds(): readonly number[] {
    return Array.from({ length: this.#options.brokerCount ?? 3 }, (_, index) => index + 1);
  }

  /** Those that run. */
  get running(): readonly number[] {
    return [...this.#members.keys()].sort();
  }

  /** All addresses, of dead brokers too. */
  get bootstrap(): string {
    return [...this.#ports.values()].map((port) => `127.0.0.1:${port}`).join(',');
  }

  portOf(brokerId: number): number {
    const port = this.#ports.get(brokerId);
    if (port === undefined) throw new Error(`broker ${brokerId} never ran`);
    return port;
  }

  broker(brokerId: number): Broker {
    return this.#member(brokerId).broker;
  }

  directoryOf(brokerId: number): string {
    return join(this.#root, `broker-${brokerId}`);
  }

  /** Starts a broker that does not run, with the data and the port it had. */
  async restart(brokerId: number): Promise<void> {
    if (this.#members.has(brokerId)) throw new Error(`broker ${brokerId} runs`);
    const { config, warnings } = brokerConfigOf(new Map(Object.entries(this.#settingsOf(brokerId))));
    if (warnings.length > 0) throw new Error(warnings.join('; '));
    const logger = this.#options.logger?.child({ broker: brokerId }) ?? silentLogger;
    const adapters = await createNodeAdapters({ config, logger });
    const life = mortal({ ...adapters, openMetadataStore: () => this.#store.share() });
    const failed = (error: Error): void => void this.failures.push(error);
    const broker = createBroker({ config, adapters: life.adapters, failed });
    await broker.start();
    this.#ports.set(brokerId, broker.listeners[0]?.port ?? 0);
    this.#members.set(brokerId, { broker, life });
  }

  /** As kill -9 does: no stop in order, nothing flushed, no goodbye. Its lease ends at once, as if its time were over. */
  async kill(brokerId: number): Promise<void> {
    const { life } = this.#member(brokerId);
    this.#members.delete(brokerId);
    await life.kill();
  }

  /** Stops one broker in order. */
  async stop(brokerId: number): Promise<void> {
    const { broker } = this.#member(brokerId);
    this.#members.delete(brokerId);
    await broker.stop();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await Promise.all(this.running.map((brokerId) => this.stop(brokerId)));
    await rm(this.#root, { recursive: true, force: true });
  }

  #member(brokerId: number): Member {
    const member = this.#members.get(brokerId);
    if (member === undefined) throw new Error(`broker ${brokerId} does not run`);
    return member;
  }

  #settingsOf(brokerId: number): Readonly<Record<string, string>> {
    return {
      ...clusterDefaults,
      'node.id': String(brokerId),
      listeners: `PLAINTEXT://127.0.0.1:${this.#ports.get(brokerId) ?? 0}`,
      'log.dirs': this.directoryOf(brokerId),
      ...this.#options.config,
      ...this.#options.configOf?.(brokerId),
    };
  }
}

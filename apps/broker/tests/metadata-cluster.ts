import type { BrokerImage, ClusterImage, PartitionImage } from '../src/core/metadata/image.ts';
import { partitionKey } from '../src/core/metadata/keys.ts';
import { partitionRecord, writeRecord } from '../src/core/metadata/records.ts';
import { noStoreFaults, SimMetadataStore, type SimStoreFaults } from '../src/sim/sim-metadata-store.ts';
import { SimStoreServer } from '../src/sim/sim-store-server.ts';
import { type MetadataNode, type MetadataNodeOptions, startMetadataNode } from './metadata-harness.ts';
import { seededRandom, VirtualClock } from './virtual-clock.ts';

/** One broker's metadata side, with its own way to the store. */
export interface ClusterNode extends MetadataNode {
  readonly store: SimMetadataStore;
  /** Ends as a process that is killed: its lease is left to run out. */
  crash(): Promise<void>;
}

/** The metadata sides of several brokers over one simulated store, in virtual time. */
export class MetadataCluster {
  readonly clock = new VirtualClock();
  readonly server = new SimStoreServer(this.clock);
  readonly nodes = new Map<number, ClusterNode>();
  faults: SimStoreFaults = noStoreFaults;
  readonly #random;

  constructor(seed = 1) {
    this.#random = seededRandom(seed);
  }

  async start(brokerId: number, options: Partial<MetadataNodeOptions> = {}): Promise<ClusterNode> {
    const { clock, server } = this;
    const store = new SimMetadataStore({ server, clock, random: this.#random, faults: this.faults });
    const starting = startMetadataNode({ store, clock, random: this.#random, brokerId, ...options });
    const node = await clock.settle(starting, 60_000);
    const crash = async () => {
      this.nodes.delete(brokerId);
      await store.close();
      await clock.settle(node.stop('crash'));
    };
    const started = { ...node, registration: node.registration, store, crash };
    this.nodes.set(brokerId, started);
    return started;
  }

  /** Of a node that follows; any, where none is named. */
  image(brokerId?: number): ClusterImage {
    const node = brokerId === undefined ? [...this.nodes.values()][0] : this.nodes.get(brokerId);
    if (node === undefined) throw new Error('no such node lives');
    return node.loader.image();
  }

  broker(brokerId: number): BrokerImage | undefined {
    return this.image().brokers.get(brokerId);
  }

  partition(topic: string, index = 0): PartitionImage {
    const partition = this.image().topicsByName.get(topic)?.partitions[index];
    if (partition === undefined) throw new Error(`there is no ${topic}-${index}`);
    return partition;
  }

  /** Who is the controller. */
  controller(): ClusterNode {
    const node = this.nodes.get(this.image().controllerId);
    if (node === undefined) throw new Error('the controller does not live');
    return node;
  }

  async create(name: string, partitionCount: number, replicationFactor: number): Promise<void> {
    const enough = () => [...this.image().brokers.values()].filter(({ fenced }) => !fenced).length >= replicationFactor;
    await this.until(() => enough() && this.image().revision >= this.server.revision);
    const spec = { name, partitionCount, replicationFactor, assignments: [], configs: [] };
    const creating = this.controller().admin.createTopics([spec], { timeoutMs: 60_000, validateOnly: false });
    const [created] = await this.clock.settle(creating);
    if (created?.errorCode !== 0) throw new Error(`${name} was refused: ${created?.errorMessage}`);
    await this.until(() => this.image().topicsByName.has(name));
  }

  /** What a leader does: changes the in-sync set, here without asking anyone. */
  async writeIsr(topic: string, index: number, isr: readonly number[]): Promise<void> {
    const { topicId } = this.image().topicsByName.get(topic) ?? { topicId: '' };
    const partition = this.partition(topic, index);
    const value = writeRecord({ ...partitionRecord(partition), isr, partitionEpoch: partition.partitionEpoch + 1 });
    const conditions = [{ key: partitionKey(topicId, index), modRevision: partition.modRevision }];
    const operations = [{ type: 'put', key: partitionKey(topicId, index), value }] as const;
    const revision = this.server.commit({ conditions, operations });
    if (revision === undefined) throw new Error('the partition had changed');
    await this.until(() => this.image().revision >= revision);
  }

  until(isDone: () => boolean, maxMs = 60_000): Promise<void> {
    return this.clock.run(isDone, maxMs);
  }

  async stop(): Promise<void> {
    for (const node of this.nodes.values()) {
      await node.store.close();
      await this.clock.settle(node.stop('crash'));
    }
  }
}

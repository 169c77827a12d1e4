import type { Core } from '@ks/core-wasm';
import type { Codec } from '@ks/protocol';
import { type Broker, createBroker } from '../broker.ts';
import type { BrokerConfig } from '../config/broker-config.ts';
import type { Logger } from '../ports/logger.ts';
import { silentMetrics } from '../silent-metrics.ts';
import { SlabPool } from '../storage/slab-pool.ts';
import { LifeClock } from './life-clock.ts';
import type { SeededRandom } from './prng.ts';
import type { SimClock } from './sim-clock.ts';
import { createSimCodec } from './sim-codec.ts';
import type { SimFiles } from './sim-files.ts';
import { SimMetadataStore, type SimStoreFaults } from './sim-metadata-store.ts';
import { SimNetwork } from './sim-network.ts';
import type { SimStoreServer } from './sim-store-server.ts';

/** What a broker finds when it starts. */
export interface LifeOptions {
  readonly number: number;
  readonly config: BrokerConfig;
  readonly clock: SimClock;
  readonly random: SeededRandom;
  readonly core: Core;
  /** Bytes of the core's heap that the broker may use. */
  readonly heapBytes: number;
  readonly storeFaults: SimStoreFaults;
  /** Does the real work of the simulated one. */
  readonly codec: Codec;
  readonly logger: Logger;
  readonly storeServer: SimStoreServer;
  /** The disk, as this process is to use it. */
  readonly files: (clock: LifeClock) => SimFiles;
  readonly failed: (error: Error) => void;
}

/** One process of the broker, from its start to its death, and its share of the simulated world. */
export class SimLife {
  readonly number: number;
  readonly clock: LifeClock;
  readonly files: SimFiles;
  readonly network: SimNetwork;
  readonly slabs: SlabPool;
  readonly broker: Broker;
  readonly #stores: SimMetadataStore[] = [];
  readonly #storeClock: LifeClock;

  constructor(options: LifeOptions) {
    const { clock, random, core, config, logger, storeServer } = options;
    this.number = options.number;
    this.clock = new LifeClock(clock);
    this.#storeClock = new LifeClock(clock);
    this.files = options.files(this.clock);
    this.network = new SimNetwork({ clock, brokerClock: this.clock, random: random.fork() });
    const { memory, heapStart } = core;
    const heap = { memory: memory.subarray(0, heapStart + options.heapBytes), heapStart };
    this.slabs = new SlabPool(heap, { poison: true });
    // An embedded store's leases end with its process.
    storeServer.revokeAll();
    this.broker = createBroker({
      config,
      slabs: this.slabs,
      adapters: {
        clock: this.clock,
        random: random.fork(),
        files: this.files,
        network: this.network,
        logger,
        metrics: silentMetrics,
        core,
        codec: createSimCodec({ codec: options.codec, clock, life: this.clock, random: random.fork() }),
        openMetadataStore: async () => this.#openStore(storeServer, random.fork(), options.storeFaults),
        hostName: 'sim',
      },
      failed: options.failed,
    });
  }

  /** The process ends here and now: nothing of it runs any more. */
  end(): void {
    this.clock.end();
    this.#storeClock.end();
    for (const store of this.#stores) store.crash();
    this.network.crash();
  }

  /** What a broker that has stopped in order has not given back, one line each. */
  leaks(): readonly string[] {
    const { freeBytes, totalBytes } = this.slabs;
    const counts = [
      ['bytes of slabs', totalBytes - freeBytes],
      ['open files', this.files.openCount],
      ['connections', this.network.connectionCount],
    ] as const;
    return counts.filter(([, count]) => count !== 0).map(([what, count]) => `${count} ${what}`);
  }

  #openStore(server: SimStoreServer, random: SeededRandom, faults: SimStoreFaults): SimMetadataStore {
    const store = new SimMetadataStore({ server, clock: this.#storeClock, random, faults });
    this.#stores.push(store);
    return store;
  }
}

import type { Core } from '@ks/core-wasm';
import type { Codec } from '@ks/protocol';
import { type Broker, createBroker } from '../broker.ts';
import type { BrokerConfig } from '../config/broker-config.ts';
import type { Logger } from '../ports/logger.ts';
import { SlabPool } from '../storage/slab-pool.ts';
import { LifeClock } from './life-clock.ts';
import type { SeededRandom } from './prng.ts';
import type { SimClock } from './sim-clock.ts';
import { createSimCodec } from './sim-codec.ts';
import type { SimFiles } from './sim-files.ts';
import { SimMetadataStore } from './sim-metadata-store.ts';
import { SimNetwork } from './sim-network.ts';
import type { SimStoreServer } from './sim-store-server.ts';

/** What a broker finds when it starts. */
export interface LifeOptions {
  readonly number: number;
  readonly config: BrokerConfig;
  readonly clock: SimClock;
  readonly random: SeededRandom;
  readonly core: Core;
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
    this.slabs = new SlabPool(core, { poison: true });
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
        metrics: nowhere,
        core,
        codec: createSimCodec({ codec: options.codec, clock, life: this.clock, random: random.fork() }),
        openMetadataStore: async () => this.#openStore(storeServer, random.fork()),
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

  #openStore(server: SimStoreServer, random: SeededRandom): SimMetadataStore {
    const store = new SimMetadataStore({ server, clock: this.#storeClock, random });
    this.#stores.push(store);
    return store;
  }
}

const nothing = { add: () => undefined, set: () => undefined, observe: () => undefined };
const nowhere = { counter: () => nothing, gauge: () => nothing, histogram: () => nothing };

import type { Core } from '@ks/core-wasm';
import type { Codec } from '@ks/protocol';
import { type Broker, createBroker } from '../../broker.ts';
import type { BrokerConfig } from '../../config/broker-config.ts';
import type { Logger } from '../../ports/logger.ts';
import { silentMetrics } from '../../silent-metrics.ts';
import { SlabPool } from '../../storage/slab-pool.ts';
import { LifeClock } from '../life-clock.ts';
import type { SeededRandom } from '../prng.ts';
import type { SimClock } from '../sim-clock.ts';
import { createSimCodec } from '../sim-codec.ts';
import type { SimFiles } from '../sim-files.ts';
import { SimMetadataStore, type SimStoreFaults } from '../sim-metadata-store.ts';
import { SimNetwork } from '../sim-network.ts';
import type { SimStoreServer } from '../sim-store-server.ts';
import type { MachineClock } from './machine-clock.ts';
import type { Wires } from './wires.ts';

/** The host that the metadata store runs on. */
export const STORE_HOST = 'store';

/** What a broker of a cluster finds when it starts. */
export interface MachineLifeOptions {
  readonly number: number;
  readonly brokerId: number;
  readonly host: string;
  readonly config: BrokerConfig;
  readonly world: SimClock;
  readonly clock: MachineClock;
  readonly random: SeededRandom;
  /** Of this machine alone: its heap holds the broker's slabs. */
  readonly core: Core;
  /** Does the real work of the simulated one. */
  readonly codec: Codec;
  readonly logger: Logger;
  readonly wires: Wires;
  readonly storeServer: SimStoreServer;
  readonly storeFaults: SimStoreFaults;
  /** The disk, as this process is to use it. */
  readonly files: (clock: LifeClock) => SimFiles;
  /** The network of the process that runs on a host now. */
  readonly networkOf: (host: string) => SimNetwork | undefined;
  readonly failed: (error: Error) => void;
}

/** One process of a broker of the cluster, from its start to its death. */
export class MachineLife {
  readonly number: number;
  readonly brokerId: number;
  readonly clock: LifeClock;
  readonly files: SimFiles;
  readonly network: SimNetwork;
  readonly broker: Broker;
  readonly #slabs: SlabPool;
  readonly #stores: SimMetadataStore[] = [];

  constructor(options: MachineLifeOptions) {
    const { world, random, core, config, logger, wires, host } = options;
    this.number = options.number;
    this.brokerId = options.brokerId;
    this.clock = new LifeClock(options.clock);
    this.files = options.files(this.clock);
    this.network = new SimNetwork({
      clock: world,
      brokerClock: this.clock,
      random: random.fork(),
      host,
      networkAt: (address) => options.networkOf(address.host),
      routeFrom: (from) => wires.route(from, host),
    });
    this.#slabs = new SlabPool(core, { poison: true });
    this.broker = createBroker({
      config,
      slabs: this.#slabs,
      adapters: {
        clock: this.clock,
        random: random.fork(),
        files: this.files,
        network: this.network,
        logger,
        metrics: silentMetrics,
        core,
        codec: createSimCodec({ codec: options.codec, clock: world, life: this.clock, random: random.fork() }),
        openMetadataStore: async () => this.#openStore(options),
        hostName: host,
      },
      failed: options.failed,
    });
  }

  /** The process ends here and now. @param silenceMs how long nobody hears of it: the machine dies with it */
  end(silenceMs = 0): void {
    this.clock.end();
    for (const store of this.#stores) store.crash();
    this.network.crash(silenceMs);
  }

  /** What a broker that has stopped in order has not given back, one line each. */
  leaks(): readonly string[] {
    const { freeBytes, totalBytes } = this.#slabs;
    const counts = [
      ['bytes of slabs', totalBytes - freeBytes],
      ['open files', this.files.openCount],
    ] as const;
    return counts.filter(([, count]) => count !== 0).map(([what, count]) => `${count} ${what}`);
  }

  #openStore({ storeServer, random, storeFaults, wires, host, brokerId }: MachineLifeOptions): SimMetadataStore {
    const route = {
      toStore: () => wires.travelMs(host, STORE_HOST),
      fromStore: () => wires.travelMs(STORE_HOST, host),
    };
    const store = new SimMetadataStore({
      ...{ server: storeServer, clock: this.clock, random: random.fork(), faults: storeFaults },
      ...{ route, name: String(brokerId) },
    });
    this.#stores.push(store);
    return store;
  }
}

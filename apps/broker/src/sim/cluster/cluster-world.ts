import { type Core, createCore } from '@ks/core-wasm';
import { type Codec, createCodec } from '@ks/protocol';
import { History } from '../history/history.ts';
import { createPrng, type SeededRandom } from '../prng.ts';
import { SimClock } from '../sim-clock.ts';
import type { SimStoreFaults } from '../sim-metadata-store.ts';
import type { SimNetwork } from '../sim-network.ts';
import { SimStoreServer } from '../sim-store-server.ts';
import type { Trace } from '../trace.ts';
import { type ClusterTraits, clusterTraitsOf, configOf } from './cluster-config.ts';
import { Machine } from './machine.ts';
import { Wires } from './wires.ts';

/** The heap of each simulated broker. */
const MEMORY_BYTES = 4 * 1024 * 1024;
export const BROKER_COUNT = 3;

interface MachineCore {
  readonly core: Core;
  readonly codec: Codec;
}

/** What may be changed while the world goes on. */
type Writable<T> = { -readonly [K in keyof T]: T[K] };

/** One for each machine, shared by all worlds of this process: nothing of it outlives a world but the heap, which each life takes over whole. */
const sharedCores = new Map<number, MachineCore>();

/** Three machines with a broker each, what lies between them, and the store of the metadata. */
export class ClusterWorld {
  readonly random: SeededRandom;
  readonly clock = new SimClock();
  readonly history = new History();
  readonly trace: Trace;
  readonly traits: ClusterTraits;
  readonly wires: Wires;
  readonly storeServer = new SimStoreServer(this.clock);
  readonly storeFaults: Writable<SimStoreFaults>;
  readonly machines: readonly Machine[];
  /** Something is injected now that explains errors of brokers. */
  isExcused = false;
  /** Is told when a process has ended, in whatever way. */
  died: (machine: Machine, how: 'stop' | 'kill' | 'power-cut') => void = () => undefined;

  constructor(seed: number, trace: Trace) {
    this.trace = trace;
    this.random = createPrng(seed);
    this.wires = new Wires(this.random.fork());
    this.traits = clusterTraitsOf(this.random);
    this.storeFaults = storeFaultsOf(this.random);
    const ids = Array.from({ length: BROKER_COUNT }, (_, index) => index + 1);
    this.machines = ids.map((id) => new Machine(this, id, configOf(this.random, this.traits, id)));
  }

  note(what: string): void {
    this.trace.note(this.clock.monotonicMs(), what);
  }

  machine(brokerId: number): Machine | undefined {
    return this.machines.find((each) => each.brokerId === brokerId);
  }

  networkOf(host: string): SimNetwork | undefined {
    return this.machines.find((each) => each.host === host)?.life?.network;
  }

  coreOf(brokerId: number): MachineCore {
    let found = sharedCores.get(brokerId);
    if (found === undefined) {
      const core = createCore({ memoryBytes: MEMORY_BYTES });
      found = { core, codec: createCodec(core) };
      sharedCores.set(brokerId, found);
    }
    return found;
  }
}

/** A store that is slow, answers too late or not at all, and whose watches break. */
function storeFaultsOf(random: SeededRandom): Writable<SimStoreFaults> {
  const isBad = random.chance(0.4);
  return {
    delayMsMax: random.chance(0.5) ? 0 : random.int(20),
    conflictChance: 0,
    lostAnswerChance: isBad ? 20 : 0,
    brokenWatchChance: isBad ? 20 : 0,
  };
}

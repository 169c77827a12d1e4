import type { SeededRandom } from '../prng.ts';
import { choose, pick } from '../workload/actor.ts';
import type { ClusterWorld } from './cluster-world.ts';
import { STORE_HOST } from './machine-life.ts';

/** A fault of the network, and what ends it. */
export interface Disturbance {
  readonly durationMs: number;
  readonly heal: () => void;
}

/** What befalls the wires between the hosts of a cluster. One disturbance takes the place of the last. */
export class NetworkFaults {
  readonly #world: ClusterWorld;
  readonly #random: SeededRandom;
  readonly #clientNames: () => readonly string[];

  constructor(world: ClusterWorld, random: SeededRandom, clientNames: () => readonly string[]) {
    this.#world = world;
    this.#random = random;
    this.#clientNames = clientNames;
  }

  /** Something goes wrong now. */
  disturb(): Disturbance {
    const { wires, traits } = this.#world;
    const random = this.#random;
    const durationMs = random.chance(0.5) ? random.int(500) : random.int(4 * traits.sessionTimeoutMs);
    const brokers = this.#world.machines.map(({ host }) => host);
    const one = pick(random, brokers) ?? '';
    const others = brokers.filter((host) => host !== one);
    const other = pick(random, others) ?? '';
    const disturbance = choose(random, [
      [2, () => this.#cut('a broker cut from another', [one], [other])],
      [2, () => this.#cut('a broker cut from the others', [one], others)],
      [2, () => this.#cut('a broker cut from the others and the store', [one], [...others, STORE_HOST])],
      [2, () => this.#cut('a broker cut from the store', [one], [STORE_HOST])],
      [2, () => this.#cut('a broker cut from another and the store', [one], [other, STORE_HOST])],
      [1, () => this.#cut('all brokers cut from the store', brokers, [STORE_HOST])],
      [1, () => this.#cut('clients cut from a broker', this.#clientNames(), [one])],
      [2, () => this.#slow('slow network between brokers', brokers, brokers)],
      [2, () => this.#slow('slow network of one broker', [one], [...others, STORE_HOST, ...this.#clientNames()])],
      [1, () => this.#slow('slow network to the store', brokers, [STORE_HOST])],
      [1, () => this.#lossy()],
    ] as const);
    disturbance();
    return { durationMs, heal: () => this.#healAll(() => wires.heal()) };
  }

  /** Both ways, or one way only. */
  #cut(what: string, these: readonly string[], those: readonly string[]): void {
    const { wires } = this.#world;
    const ways = choose(this.#random, [
      [2, 'both ways'],
      [1, 'there'],
      [1, 'back'],
    ] as const);
    this.#tell(`${what}, ${ways}`, `${these.join(' ')} from ${those.join(' ')}`);
    for (const one of these) {
      for (const other of those) {
        if (ways !== 'back') wires.cut(one, other);
        if (ways !== 'there') wires.cut(other, one);
      }
    }
  }

  /** Each wire in its own way, so that what was sent later on one comes earlier on another. */
  #slow(what: string, these: readonly string[], those: readonly string[]): void {
    const { wires } = this.#world;
    this.#tell(what, `${these.join(' ')} and ${those.join(' ')}`);
    const maxMs = 50 + this.#random.int(1500);
    for (const one of these) {
      for (const other of those) {
        if (one === other) continue;
        wires.slow(one, other, this.#random.int(maxMs));
        wires.slow(other, one, this.#random.int(maxMs));
      }
    }
  }

  /** Connections to some broker come in small pieces, and break. */
  #lossy(): void {
    const machine = pick(this.#random, this.#world.machines);
    if (machine?.life === undefined) return;
    this.#tell('connections of a broker break', machine.host);
    machine.life.network.faults = {
      delayMsMax: this.#random.int(50),
      pieceBytesMax: 1 + this.#random.int(2000),
      cutChance: this.#random.int(100),
    };
  }

  #healAll(healWires: () => void): void {
    healWires();
    for (const { life } of this.#world.machines) {
      if (life !== undefined) life.network.faults = { delayMsMax: 0, pieceBytesMax: 1_048_576, cutChance: 0 };
    }
    this.#world.note('the network is whole again');
  }

  #tell(kind: string, where: string): void {
    this.#world.note(`${kind}: ${where}`);
    this.#world.history.count(kind);
  }
}

import type { SeededRandom } from '../prng.ts';
import { choose, pick } from '../workload/actor.ts';
import type { ClusterWorld } from './cluster-world.ts';
import type { Machine } from './machine.ts';

/** What befalls a cluster, by the seed: when, and what. */
export class ClusterFaults {
  readonly #world: ClusterWorld;
  readonly #random: SeededRandom;
  /** Virtual milliseconds between two faults, on average. */
  readonly #spacingMs: number;
  #nextMs: number;
  readonly #startMs = new Map<Machine, number>();

  constructor(world: ClusterWorld) {
    this.#world = world;
    this.#random = world.random.fork();
    this.#spacingMs = 300 + this.#random.int(3000);
    this.#nextMs = 2000 + this.#random.int(2000);
    world.died = (machine) => this.#died(machine);
  }

  /** Called before each event. */
  before(): void {
    const nowMs = this.#world.clock.monotonicMs();
    for (const machine of this.#world.machines) {
      if (machine.state === 'down' && (this.#startMs.get(machine) ?? 0) <= nowMs) machine.start();
    }
    if (nowMs < this.#nextMs) return;
    this.#nextMs = nowMs + this.#random.int(2 * this.#spacingMs);
    this.#strike();
  }

  #strike(): void {
    const machine = pick(this.#random, this.#world.machines);
    if (machine === undefined) return;
    const fault = choose(this.#random, [
      [1, () => machine.end('kill')],
      [1, () => machine.stop()],
    ] as const);
    fault();
  }

  /** Mostly soon; now and then long after its session is over. */
  #died(machine: Machine): void {
    const { clock, traits } = this.#world;
    const afterMs = this.#random.chance(0.5) ? this.#random.int(500) : this.#random.int(3 * traits.sessionTimeoutMs);
    this.#startMs.set(machine, clock.monotonicMs() + afterMs);
  }

  /** Ends all faults. */
  end(): void {
    const { wires, machines } = this.#world;
    wires.heal();
    for (const machine of machines) {
      machine.resume();
      this.#startMs.set(machine, 0);
    }
  }
}

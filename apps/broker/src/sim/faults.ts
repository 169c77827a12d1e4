import type { SeededRandom } from './prng.ts';
import type { SimWorld } from './sim-world.ts';
import { choose } from './workload/actor.ts';

/** What befalls a world, by the seed: at which event, and what. */
export class Faults {
  readonly #world: SimWorld;
  readonly #random: SeededRandom;
  /** Events between two faults, on average. */
  readonly #spacing: number;
  #nextAt: number;
  /** Events until the disk and the network are whole again. */
  #healAt = Number.POSITIVE_INFINITY;
  #startAt = 0;

  constructor(world: SimWorld) {
    this.#world = world;
    this.#random = world.random.fork();
    this.#spacing = 200 + this.#random.int(1500);
    this.#nextAt = this.#spacing;
  }

  /** Called before each event. */
  before(event: number): void {
    if (event >= this.#healAt) this.#heal();
    if (this.#world.state === 'down') {
      if (this.#startAt <= event) this.#world.start();
      return;
    }
    if (event < this.#nextAt) return;
    this.#nextAt = event + this.#random.int(2 * this.#spacing);
    this.#strike(event);
  }

  /** Ends all faults. */
  end(): void {
    this.#heal();
  }

  #strike(event: number): void {
    const random = this.#random;
    this.#startAt = event + random.int(100);
    const fault = choose(random, [
      [4, () => this.#world.end('power-cut')],
      [3, () => this.#world.end('kill')],
      [2, () => this.#world.stop()],
      [2, () => this.#slowDisk(event)],
      [1, () => this.#brokenDisk(event)],
      [2, () => this.#badNetwork(event)],
      [1, () => this.#cutAll()],
      [1, () => this.#jumpWall()],
    ] as const);
    fault();
  }

  #slowDisk(event: number): void {
    this.#world.history.count('slow disk');
    this.#world.note('the disk is slow');
    this.#world.files.faults.delayMaxMs = 10 + this.#random.int(300);
    this.#healAt = event + this.#random.int(500);
  }

  /** Some operations fail; soon after the broker is restarted, as an operator would. */
  #brokenDisk(event: number): void {
    const random = this.#random;
    const { faults } = this.#world.files;
    const kind = choose(random, [
      [2, 'write'],
      [2, 'sync'],
      [1, 'read'],
      [1, 'space'],
    ] as const);
    this.#world.history.count(`broken disk: ${kind}`);
    this.#world.note(`the disk is broken: ${kind}`);
    this.#world.isExcused = true;
    const chance = random.fraction();
    if (kind === 'space') faults.spaceBytes = random.int(20_000);
    else faults[kind] = () => (random.chance(chance) ? 'io' : undefined);
    this.#healAt = event + 20 + random.int(300);
    this.#nextAt = this.#healAt;
  }

  #badNetwork(event: number): void {
    const { life } = this.#world;
    if (life === undefined) return;
    this.#world.history.count('bad network');
    this.#world.note('the network is bad');
    life.network.faults = {
      delayMsMax: this.#random.int(50),
      pieceBytesMax: 1 + this.#random.int(2000),
      cutChance: this.#random.int(50),
    };
    this.#healAt = event + this.#random.int(500);
  }

  #jumpWall(): void {
    const byMs = this.#random.int(10_000) - 5000;
    this.#world.history.count('the wall clock jumped');
    this.#world.note(`the wall clock jumps by ${byMs} ms`);
    this.#world.clock.jumpWall(byMs);
  }

  #cutAll(): void {
    this.#world.history.count('all connections cut');
    this.#world.note('all connections are cut');
    this.#world.life?.network.cutAll();
  }

  #heal(): void {
    this.#healAt = Number.POSITIVE_INFINITY;
    const { faults } = this.#world.files;
    const wasBroken = this.#world.isExcused;
    for (const name of Object.keys(faults) as (keyof typeof faults)[]) delete faults[name];
    const { life } = this.#world;
    if (life !== undefined) life.network.faults = { delayMsMax: 2, pieceBytesMax: 65_536, cutChance: 0 };
    this.#world.note('everything is whole again');
    // A directory that has failed is only served again after a restart.
    if (wasBroken && this.#world.state !== 'down') {
      this.#world.end(this.#random.chance(0.5) ? 'kill' : 'power-cut');
    }
  }
}

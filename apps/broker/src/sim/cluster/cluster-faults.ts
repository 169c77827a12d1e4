import { CONTROLLER_KEY, liveKey } from '../../core/metadata/keys.ts';
import { controllerFormat } from '../../core/metadata/records.ts';
import { readRecord } from '../../core/metadata/value-format.ts';
import type { SeededRandom } from '../prng.ts';
import { choose, pick } from '../workload/actor.ts';
import type { ClusterWorld } from './cluster-world.ts';
import { isInSyncEverywhere, storedPartitions } from './history/cluster-state.ts';
import type { Machine } from './machine.ts';
import { NetworkFaults } from './network-faults.ts';

/** A partition whose leaders die. */
interface Chase {
  readonly topicId: string;
  readonly index: number;
  /** Of the last that was told to die. */
  leaderEpoch: number;
  left: number;
  /** How long the next leader lives, at most. */
  patienceMs: number;
}

/** What befalls a cluster, by the seed: when, and what. */
export class ClusterFaults {
  readonly #world: ClusterWorld;
  readonly #random: SeededRandom;
  readonly #network: NetworkFaults;
  /** Events between two faults, on average. */
  readonly #spacing: number;
  #nextAt: number;
  /** When a machine that is down starts again. */
  readonly #startMs = new Map<Machine, number>();
  /** Faults under way, and when each ends. */
  readonly #underWay = new Map<() => void, number>();
  /** Stopped uncleanly, and not in sync everywhere since. */
  readonly #wounded = new Set<Machine>();
  #chase: Chase | undefined;
  #isOver = false;

  constructor(world: ClusterWorld, clientNames: () => readonly string[]) {
    this.#world = world;
    this.#random = world.random.fork();
    this.#network = new NetworkFaults(world, this.#random, clientNames);
    this.#spacing = 150 + this.#random.int(700);
    this.#nextAt = 1500 + this.#random.int(1000);
    world.died = (machine, how) => this.#died(machine, how);
  }

  /** Called before each event. */
  before(event: number): void {
    const nowMs = this.#world.clock.monotonicMs();
    for (const machine of this.#world.machines) {
      if (machine.state === 'down' && (this.#startMs.get(machine) ?? 0) <= nowMs) machine.start();
    }
    for (const [end, atMs] of this.#underWay) if (atMs <= nowMs) this.#heal(end);
    if (this.#chase !== undefined) this.#follow(this.#chase);
    if (event < this.#nextAt) return;
    this.#nextAt = event + this.#random.int(2 * this.#spacing);
    this.#strike();
  }

  /** Ends all faults. */
  end(): void {
    this.#isOver = true;
    for (const heal of [...this.#underWay.keys()]) this.#heal(heal);
    this.#world.wires.heal();
    for (const machine of this.#world.machines) machine.resume();
  }

  #strike(): void {
    const random = this.#random;
    const machine = pick(random, this.#world.machines);
    if (machine === undefined) return;
    const fault = choose(random, [
      [3, () => this.#crash(machine, 'kill')],
      [4, () => this.#crash(machine, 'power-cut')],
      [2, () => machine.stop()],
      [2, () => this.#pause(machine)],
      [1, () => this.#slowDisk(machine)],
      [1, () => this.#jumpWall(machine)],
      [1, () => this.#cutConnections(machine)],
      [1, () => this.#loseLease(machine)],
      [1, () => this.#badStore()],
      [1, () => this.#compact()],
      [8, () => this.#disturbNetwork()],
      [2, () => this.#pause(this.#controller() ?? machine)],
      [3, () => this.#chaseLeaders()],
      [3, () => this.#cutPowerBehindSlowWires(machine)],
    ] as const);
    fault();
  }

  #crash(machine: Machine, wanted: 'kill' | 'power-cut'): void {
    const { isFlushed, uncleanStops } = this.#world.traits;
    for (const each of [...this.#wounded]) if (isInSyncEverywhere(this.#world, each)) this.#wounded.delete(each);
    if (uncleanStops === 'one' && [...this.#wounded].some((each) => each !== machine)) return;
    machine.end(wanted === 'power-cut' && uncleanStops === 'any' && !isFlushed ? 'kill' : wanted);
  }

  #controller(): Machine | undefined {
    const entry = this.#world.storeServer.entry(CONTROLLER_KEY);
    return entry && this.#world.machine(readRecord(entry.key, entry.value, controllerFormat).brokerId);
  }

  /** Whoever leads some partition dies, and whoever is elected after it, soon after; until then its followers hear of it late, each in its own time. */
  #chaseLeaders(): void {
    const partition = pick(this.#random, storedPartitions(this.#world));
    if (partition === undefined) return;
    this.#tell('leaders die one after the other', 'leaders die one after the other');
    const { topicId, index } = partition;
    this.#chase = { topicId, index, leaderEpoch: -1, left: 1 + this.#random.int(3), patienceMs: 400 };
    this.#for(4000, () => this.#world.wires.heal());
  }

  #follow(chase: Chase): void {
    const { topicId, index, patienceMs } = chase;
    const { machines, wires, clock } = this.#world;
    const found = storedPartitions(this.#world).find((each) => each.topicId === topicId && each.index === index);
    const { leader = -1, leaderEpoch = -1 } = found?.record ?? {};
    const machine = this.#world.machine(leader);
    if (machine === undefined || leaderEpoch <= chase.leaderEpoch) return;
    for (const { host } of machines) if (host !== machine.host) wires.slow(machine.host, host, this.#random.int(500));
    Object.assign(chase, { leaderEpoch, left: chase.left - 1, patienceMs: 120 });
    if (chase.left === 0) this.#chase = undefined;
    clock.setTimer(this.#random.int(patienceMs), () => {
      if (!this.#isOver) this.#crash(machine, this.#random.chance(0.6) ? 'kill' : 'power-cut');
    });
  }

  /** What a broker has sent before it lost its tail arrives after it is back. */
  #cutPowerBehindSlowWires(machine: Machine): void {
    const { wires, machines, clock } = this.#world;
    this.#tell(`${machine.host} loses power behind slow wires`, 'power cut behind slow wires');
    for (const { host } of machines)
      if (host !== machine.host) wires.slow(machine.host, host, 300 + this.#random.int(700));
    this.#for(1000 + this.#random.int(1000), () => wires.heal());
    clock.setTimer(this.#random.int(500), () => {
      if (this.#isOver) return;
      this.#crash(machine, 'power-cut');
      this.#startMs.set(machine, 0);
    });
  }

  #pause(machine: Machine): void {
    machine.pause();
    this.#world.history.count('pause');
    this.#for(this.#random.int(3 * this.#world.traits.sessionTimeoutMs), () => machine.resume());
  }

  #slowDisk(machine: Machine): void {
    this.#tell(`the disk of ${machine.host} is slow`, 'slow disk');
    machine.files.faults.delayMaxMs = 10 + this.#random.int(300);
    this.#for(this.#random.int(3000), () => {
      delete machine.files.faults.delayMaxMs;
    });
  }

  #jumpWall(machine: Machine): void {
    const byMs = this.#random.int(20_000) - 10_000;
    this.#tell(`the wall clock of ${machine.host} jumps by ${byMs} ms`, 'the wall clock of a machine jumped');
    machine.clock.jumpWall(byMs);
  }

  #cutConnections(machine: Machine): void {
    this.#tell(`all connections of ${machine.host} are cut`, 'all connections of a broker cut');
    machine.life?.network.cutAll();
  }

  #loseLease(machine: Machine): void {
    if (!this.#world.storeServer.loseLeaseOf(liveKey(machine.brokerId))) return;
    this.#tell(`the store has lost the lease of ${machine.host}`, 'lease lost');
  }

  #badStore(): void {
    const { storeFaults } = this.#world;
    this.#tell('the store loses answers and breaks watches', 'bad store');
    const before = { ...storeFaults };
    storeFaults.lostAnswerChance = 100 + this.#random.int(400);
    storeFaults.brokenWatchChance = 200;
    this.#for(this.#random.int(4000), () => Object.assign(storeFaults, before));
  }

  #compact(): void {
    const { storeServer } = this.#world;
    this.#tell('the history of the store is compacted', 'store compacted');
    storeServer.compact(storeServer.revision - this.#random.int(10));
  }

  #disturbNetwork(): void {
    const { durationMs, heal } = this.#network.disturb();
    this.#for(durationMs, heal);
  }

  /** Mostly it starts again soon; now and then long after its session is over. */
  #died(machine: Machine, how: 'stop' | 'kill' | 'power-cut'): void {
    const { clock, traits } = this.#world;
    const afterMs = this.#random.chance(0.6) ? this.#random.int(300) : this.#random.int(3 * traits.sessionTimeoutMs);
    this.#startMs.set(machine, clock.monotonicMs() + afterMs);
    if (how !== 'stop') this.#wounded.add(machine);
  }

  #for(durationMs: number, end: () => void): void {
    this.#underWay.set(end, this.#world.clock.monotonicMs() + durationMs);
  }

  #heal(end: () => void): void {
    this.#underWay.delete(end);
    end();
  }

  #tell(what: string, kind: string): void {
    this.#world.note(what);
    this.#world.history.count(kind);
  }
}

import { Trace } from '../trace.ts';
import { commitAlone, takePart } from '../workload/group-member.ts';
import { produceIdempotently } from '../workload/idempotent-producer.ts';
import type { ProgramClient } from '../workload/program-client.ts';
import { produceInTransactions } from '../workload/transactional-producer.ts';
import { RoutedClient } from './routed-client.ts';
import type { SimulationOptions, SimulationResult } from '../simulation.ts';
import { ClusterClient } from './cluster-client.ts';
import { ClusterFaults } from './cluster-faults.ts';
import { ClusterWorld } from './cluster-world.ts';
import { isWhole, storedPartitions } from './history/cluster-state.ts';
import { MetadataHistory } from './history/metadata-history.ts';
import { compareDisks } from './history/replica-disks.ts';
import { ReplicaChecks } from './history/replica-checks.ts';
import type { ClusterStage } from './workload/cluster-stage.ts';
import { consumeFromCluster } from './workload/cluster-consumer.ts';
import { auditCluster } from './workload/cluster-audit.ts';
import { producePlainly } from './workload/plain-producer.ts';
import { administrateCluster } from './workload/cluster-admin.ts';

/** A cluster from a seed: three brokers, their clients, what befalls them, and whether they kept their word. */
export function simulateCluster(options: SimulationOptions): Promise<SimulationResult> {
  return new ClusterSimulation(options).run();
}

/** Longest simulated time that anything may take once everything is whole. */
const PATIENCE_MS = 120_000;
/** Events between two looks into the brokers. */
const CHECK_EVERY = 2;
const PREFIXES_EVERY = 20;

type Program = (stage: ClusterStage, client: ClusterClient) => Promise<void>;

class ClusterSimulation {
  readonly #options: SimulationOptions;
  readonly #trace: Trace;
  readonly #world: ClusterWorld;
  readonly #faults: ClusterFaults;
  readonly #checks: ReplicaChecks;
  readonly #clients: ClusterClient[] = [];
  #events = 0;
  #isOver = false;
  #workingCount = 0;

  constructor(options: SimulationOptions) {
    this.#options = options;
    this.#trace = new Trace(options.print);
    const world = new ClusterWorld(options.seed, this.#trace);
    this.#world = world;
    this.#faults = new ClusterFaults(world, () => this.#clients.map(({ name }) => name));
    this.#checks = new ReplicaChecks(world);
    world.history.groups.isMoving = true;
    const metadata = new MetadataHistory(world.history.violate, (what) => world.note(what));
    world.storeServer.observer = (revision, before, client) => metadata.applied(revision, before, client);
  }

  async run(): Promise<SimulationResult> {
    const { random } = this.#world;
    this.#employ('admin', administrateCluster);
    for (let count = 1 + random.int(2); count > 0; count--) this.#employ(`producer-${count}`, producePlainly);
    for (let count = 1 + random.int(2); count > 0; count--) this.#employ(`consumer-${count}`, consumeFromCluster);
    for (let count = random.int(3); count > 0; count--) this.#route(`idempotent-${count}`, produceIdempotently);
    for (let count = random.int(3); count > 0; count--) this.#route(`transactional-${count}`, produceInTransactions);
    for (let count = random.int(3); count > 0; count--) this.#route(`member-${count}`, takePart('g'));
    for (let count = random.int(2); count > 0; count--) this.#route(`committer-${count}`, commitAlone('s'));
    await this.#work();
    if (this.#isGood) await this.#finish();
    return this.#result();
  }

  get #isGood(): boolean {
    return this.#world.history.violations.length === 0;
  }

  async #work(): Promise<void> {
    while (this.#events < this.#options.steps && this.#isGood) {
      this.#faults.before(this.#events);
      if (!(await this.#step())) this.#world.history.violate('nothing is left that could happen');
    }
  }

  /** Everything is healed: all replicas come into sync, what is under way ends, and everything promised is there. */
  async #finish(): Promise<void> {
    const world = this.#world;
    this.#faults.end();
    this.#isOver = true;
    world.note('everything is whole again');
    if (!(await this.#runUntil(() => isWhole(world), true))) return world.history.violate(this.#whatIsNotWhole());
    if (!(await this.#runUntil(() => this.#workingCount === 0, true))) {
      const open = this.#clients.flatMap((client) => client.outstanding());
      return world.history.violate(`never answered: ${open.join(', ') || `${this.#workingCount} programs`}`);
    }
    if (!(await this.#audit())) return world.history.violate('the audit does not end');
    if (this.#isGood) await this.#stopAll();
    if (this.#isGood) compareDisks(world);
  }

  /** One after the other: each hands over what it leads. */
  async #stopAll(): Promise<void> {
    for (const machine of this.#world.machines) {
      machine.stop();
      if (await this.#runUntil(() => machine.state === 'down', false)) continue;
      this.#world.history.violate(`${machine.host} does not stop`);
    }
  }

  #audit(): Promise<boolean> {
    let isDone = false;
    void auditCluster(this.#stage(), this.#client('auditor')).then(() => {
      isDone = true;
    });
    return this.#runUntil(() => isDone, true);
  }

  #whatIsNotWhole(): string {
    const { machines } = this.#world;
    const states = machines
      .map(({ host, state, isPaused }) => `${host} ${state}${isPaused ? ' paused' : ''}`)
      .join(', ');
    const partitions = storedPartitions(this.#world).map(({ topicId, index, record, modRevision }) => {
      const { leader, isr, elr, replicas, leaderEpoch } = record;
      return `${topicId}-${index} leader ${leader} epoch ${leaderEpoch} isr ${isr} elr ${elr} of ${replicas} at ${modRevision}`;
    });
    const keys = ['controller', 'live/', 'registrations/'].flatMap((prefix) => this.#world.storeServer.entries(prefix));
    const lives = keys.map(({ key, createRevision, value }) => `${key} of ${createRevision}: ${value}`);
    return `the replicas do not come into sync: ${states}; ${partitions.join('; ')}; ${lives.join('; ')}`;
  }

  /** Runs events until `isDone`, or something is wrong; false where that does not come in time. */
  async #runUntil(isDone: () => boolean, restarts: boolean): Promise<boolean> {
    const { clock, machines } = this.#world;
    const endMs = clock.monotonicMs() + PATIENCE_MS;
    while (!isDone()) {
      if (!this.#isGood) return true;
      for (const machine of machines) if (restarts && machine.state === 'down') machine.start();
      if (clock.monotonicMs() > endMs || !(await this.#step())) return false;
    }
    return true;
  }

  async #step(): Promise<boolean> {
    this.#events += 1;
    const hasStepped = await this.#world.clock.step();
    this.#trace.mix(this.#world.clock.monotonicMs() * 1000);
    if (this.#events % CHECK_EVERY === 0) this.#checks.check();
    if (this.#events % PREFIXES_EVERY === 0) this.#checks.checkPrefixes();
    return hasStepped;
  }

  #employ(name: string, program: Program): void {
    this.#workingCount += 1;
    program(this.#stage(), this.#client(name)).then(
      () => {
        this.#workingCount -= 1;
      },
      (error: unknown) => {
        const what = error instanceof Error ? (error.stack ?? error.message) : String(error);
        this.#world.history.violate(`${name} failed: ${what}`);
      },
    );
  }

  /** Employs a program that was written for one broker. */
  #route(name: string, program: (stage: ClusterStage, client: ProgramClient) => Promise<void>): void {
    const { history } = this.#world;
    const partitionOf = (topic: string, topicId: string, index: number) =>
      history.partitions().find((each) => (each.topic === topic || each.topicId === topicId) && each.index === index);
    this.#employ(name, (stage, client) => program(stage, new RoutedClient(client, partitionOf)));
  }

  #stage(): ClusterStage {
    const world = this.#world;
    return {
      history: world.history,
      ...world.coreOf(1),
      clock: world.clock,
      random: world.random.fork(),
      isReplicated: true,
      traits: world.traits,
      racks: world.machines.map(({ config }) => config.values['broker.rack'] ?? ''),
      isOver: () => this.#isOver,
      lifeNumber: () => 0,
      note: (what) => world.note(what),
      sleep: (ms) => new Promise((resolve) => void world.clock.setTimer(ms, resolve)),
    };
  }

  #client(name: string): ClusterClient {
    const client = new ClusterClient(this.#world, name);
    this.#clients.push(client);
    return client;
  }

  #result(): SimulationResult {
    const { history, clock } = this.#world;
    return {
      seed: this.#options.seed,
      steps: this.#options.steps,
      events: this.#events,
      hash: this.#trace.hash,
      virtualMs: clock.monotonicMs(),
      violations: history.violations,
      counts: history.counts,
      lines: this.#trace.lines,
    };
  }
}

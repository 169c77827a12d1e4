import { Faults } from './faults.ts';
import { SimClient, type SimClientHost } from './sim-client.ts';
import { PORT, SimWorld } from './sim-world.ts';
import { Trace } from './trace.ts';
import type { Stage } from './workload/actor.ts';
import { administrate } from './workload/admin.ts';
import { audit } from './workload/audit.ts';
import { consume } from './workload/consumer.ts';
import { takePartByHeartbeats } from './workload/consumer-group-member.ts';
import { commitAlone, takePart } from './workload/group-member.ts';
import { attack } from './workload/hostile.ts';
import { MixedGroup } from './workload/mixed/mixed-group.ts';
import { takePartInMixedGroup } from './workload/mixed/mixed-program.ts';
import { keepMixedTopics } from './workload/mixed/mixed-topics.ts';
import { produceIdempotently } from './workload/idempotent-producer.ts';
import { produce } from './workload/producer.ts';
import { deleteRecords } from './workload/record-deleter.ts';
import { consumeInSession } from './workload/session-consumer.ts';
import { produceInTransactions } from './workload/transactional-producer.ts';

export interface SimulationOptions {
  readonly seed: number;
  /** Events before everything is healed and checked. */
  readonly steps: number;
  /** Called with every line of the trace. */
  readonly print?: (line: string) => void;
}

export interface SimulationResult {
  readonly seed: number;
  readonly steps: number;
  /** Events in all. */
  readonly events: number;
  /** Equal for equal runs. */
  readonly hash: string;
  readonly virtualMs: number;
  /** What the broker did that it must not; empty where all is well. */
  readonly violations: readonly string[];
  /** How often each kind of thing happened. */
  readonly counts: ReadonlyMap<string, number>;
  /** The last lines of the trace. */
  readonly lines: readonly string[];
}

/** One world from one seed: a broker, its clients, what befalls them, and whether the broker kept its word. */
export function simulate(options: SimulationOptions): Promise<SimulationResult> {
  return new Simulation(options).run();
}

/** Longest simulated time that an answer, a start or an audit may take once everything is whole. */
const PATIENCE_MS = 120_000;

class Simulation {
  readonly #options: SimulationOptions;
  readonly #world: SimWorld;
  readonly #trace: Trace;
  readonly #faults: Faults;
  readonly #clients: SimClient[] = [];
  readonly #stage: Stage;
  #events = 0;
  #isOver = false;
  #workingCount = 0;

  constructor(options: SimulationOptions) {
    this.#options = options;
    this.#trace = new Trace(options.print);
    const world = new SimWorld(options.seed, this.#trace);
    this.#world = world;
    this.#faults = new Faults(world);
    this.#stage = {
      history: world.history,
      core: world.core,
      codec: world.codec,
      clock: world.clock,
      random: world.random.fork(),
      isOver: () => this.#isOver,
      lifeNumber: () => world.lifeNumber,
      note: (what) => world.note(what),
      sleep: (ms) => new Promise((resolve) => void world.clock.setTimer(ms, resolve)),
    };
  }

  async run(): Promise<SimulationResult> {
    if (this.#world.mixedGroup?.isAlone !== true) this.#employAll();
    this.#employMixedGroup();
    await this.#work();
    if (this.#isGood) await this.#finish();
    return this.#result();
  }

  #employAll(): void {
    const { random } = this.#world;
    this.#employ('admin', administrate);
    for (let count = 1 + random.int(3); count > 0; count--) this.#employ(`producer-${count}`, produce);
    for (let count = random.int(3); count > 0; count--) this.#employ(`idempotent-${count}`, produceIdempotently);
    for (let count = 1 + random.int(3); count > 0; count--) this.#employ(`consumer-${count}`, consume);
    for (let count = random.int(2); count > 0; count--) this.#employ(`session-${count}`, consumeInSession);
    for (let count = random.int(3); count > 0; count--) this.#employ(`transactional-${count}`, produceInTransactions);
    // Groups of one protocol or the other, or none.
    const [classic, consumer] = [random.int(4), random.chance(0.4) ? 1 + random.int(4) : 0];
    for (let count = consumer > 0 ? 0 : classic; count > 0; count--) this.#employ(`member-${count}`, takePart('g'));
    const group = { history: this.#world.history.consumerGroup, present: new Map<string, RegExp>() };
    for (let count = consumer; count > 0; count--) this.#employ(`heart-${count}`, takePartByHeartbeats(group));
    for (let count = random.int(3); count > 0; count--) this.#employ(`committer-${count}`, commitAlone('s'));
    if (random.chance(0.3)) this.#employ('deleter', deleteRecords);
    if (random.chance(0.3)) this.#employ('hostile', attack);
  }

  /** A group whose members speak one protocol or the other, and change it. */
  #employMixedGroup(): void {
    const plan = this.#world.mixedGroup;
    if (plan === undefined) return;
    const group = new MixedGroup(plan, this.#world.history);
    this.#employ('mixed-topics', keepMixedTopics(group));
    for (let count = plan.memberCount; count > 0; count--) {
      this.#employ(`mixed-${count}`, takePartInMixedGroup(group));
    }
  }

  get #isGood(): boolean {
    return this.#world.history.violations.length === 0;
  }

  async #work(): Promise<void> {
    const { steps } = this.#options;
    while (this.#events < steps && this.#isGood) {
      this.#faults.before(this.#events);
      if (!(await this.#step())) this.#world.history.violate('nothing is left that could happen');
    }
  }

  /** Everything is healed; what is under way must end, everything promised must be there, and the broker must stop in order. */
  async #finish(): Promise<void> {
    const world = this.#world;
    this.#faults.end();
    this.#isOver = true;
    for (const client of this.#clients) client.resume();
    if (!(await this.#startedAgain())) return;
    const isAnswered = () => this.#workingCount === 0 && this.#clients.every((client) => client.outstandingCount === 0);
    if (!(await this.#runUntil(isAnswered))) {
      const open = this.#clients.flatMap((client) => client.outstanding());
      return world.history.violate(`never answered: ${open.join(', ') || `${this.#workingCount} programs`}`);
    }
    await this.#audit('the audit');
    await this.#stopped();
    if (!this.#isGood || !(await this.#startedAgain())) return;
    await this.#audit('the audit after a stop');
    world.watchesTimers = true;
    await this.#stopped();
    if (!(await this.#runUntil(() => world.timersLeft === 0))) world.history.violate('a stopped broker keeps timers');
  }

  async #startedAgain(): Promise<boolean> {
    const world = this.#world;
    await this.#runUntil(() => world.state === 'up' || world.state === 'down');
    if (world.state === 'down') world.start();
    if (await this.#runUntil(() => world.state === 'up')) return true;
    world.history.violate('the broker does not come up');
    return false;
  }

  async #audit(name: string): Promise<void> {
    if (!this.#isGood) return;
    let isDone = false;
    void audit(this.#stage, this.#client('auditor')).then(() => {
      isDone = true;
    });
    if (!(await this.#runUntil(() => isDone))) this.#world.history.violate(`${name} does not end`);
  }

  async #stopped(): Promise<void> {
    if (!this.#isGood) return;
    this.#world.stop();
    if (!(await this.#runUntil(() => this.#world.state === 'down'))) this.#world.history.violate('a stop does not end');
  }

  /** Runs events until `isDone`, or something is wrong; false where that does not come in time. */
  async #runUntil(isDone: () => boolean): Promise<boolean> {
    const { clock } = this.#world;
    const endMs = clock.monotonicMs() + PATIENCE_MS;
    while (!isDone()) {
      if (!this.#isGood) return true;
      if (clock.monotonicMs() > endMs || !(await this.#step())) return false;
    }
    return true;
  }

  async #step(): Promise<boolean> {
    this.#events += 1;
    const hasStepped = await this.#world.clock.step();
    this.#trace.mix(this.#world.clock.monotonicMs() * 1000);
    return hasStepped;
  }

  #employ(name: string, program: (stage: Stage, client: SimClient) => Promise<void>): void {
    this.#workingCount += 1;
    const stage = { ...this.#stage, random: this.#world.random.fork() };
    program(stage, this.#client(name)).then(
      () => {
        this.#workingCount -= 1;
      },
      (error: unknown) => {
        const what = error instanceof Error ? (error.stack ?? error.message) : String(error);
        this.#world.history.violate(`${name} failed: ${what}`);
      },
    );
  }

  #client(name: string): SimClient {
    const world = this.#world;
    const host: SimClientHost = {
      random: world.random.fork(),
      life: () => world.life,
      port: PORT,
      violate: world.history.violate,
      note: (what) => world.note(what),
    };
    const client = new SimClient(name, host);
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

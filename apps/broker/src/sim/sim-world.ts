import { type Core, createCore } from '@ks/core-wasm';
import { type Codec, createCodec } from '@ks/protocol';
import { type BrokerConfig, brokerConfigOf } from '../config/broker-config.ts';
import type { LogFields, Logger } from '../ports/logger.ts';
import { parseOffsets } from '../storage/checkpoint.ts';
import { History } from './history/history.ts';
import type { Ending } from './history/partition-history.ts';
import { type MixedGroupPlan, mixedGroupPlan } from './mixed-group-plan.ts';
import { createPrng, type SeededRandom } from './prng.ts';
import { SimLife } from './sim-broker.ts';
import { SimClock } from './sim-clock.ts';
import { SimFiles } from './sim-files.ts';
import type { SimStoreFaults } from './sim-metadata-store.ts';
import { SimStoreServer } from './sim-store-server.ts';
import type { Trace } from './trace.ts';
import { pick } from './workload/actor.ts';

/** The core's heap of a simulated broker. */
const MEMORY_BYTES = 8 * 1024 * 1024;
/** Heaps of brokers that have to make do with less; the smallest is used up by the landing buffer and a few requests. */
const HEAP_BYTES = [MEMORY_BYTES, 1_048_576, 425_984];
export const PORT = 9092;

/** Shared by all worlds of this process: nothing of it outlives a call but the heap, which each life takes over whole. */
let sharedCore: Core | undefined;

export type BrokerState = 'down' | 'starting' | 'up' | 'stopping';

/** One machine with a disk, a clock and a network, and the broker's processes on it, one after the other. */
export class SimWorld {
  readonly random: SeededRandom;
  readonly clock = new SimClock();
  readonly core: Core;
  readonly codec: Codec;
  readonly history = new History();
  readonly trace: Trace;
  readonly config: BrokerConfig;
  /** The group that members of both protocols share, where there is one. */
  readonly mixedGroup: MixedGroupPlan | undefined;
  readonly #storeServer = new SimStoreServer(this.clock);
  readonly #heapBytes: number;
  readonly #storeFaults: SimStoreFaults;
  #files: SimFiles;
  #life: SimLife | undefined;
  #state: BrokerState = 'down';
  #lifeCount = 0;
  #ending: Ending = 'stop';
  /** Something was injected that explains errors of the life that runs now. */
  isExcused = false;
  /** Whether the timers of a life that stops are left to run out, to be counted. */
  watchesTimers = false;
  #stoppedLife: SimLife | undefined;

  constructor(seed: number, trace: Trace) {
    sharedCore ??= createCore({ memoryBytes: MEMORY_BYTES });
    this.core = sharedCore;
    this.codec = createCodec(this.core);
    this.random = createPrng(seed);
    this.trace = trace;
    this.mixedGroup = mixedGroupPlan(seed);
    this.config = configOf(this.random, this.mixedGroup?.policy ?? 'bidirectional');
    this.history.consumerGroup.limits = {
      sessionTimeoutMs: this.config.values['group.consumer.session.timeout.ms'],
      rebalanceTimeoutMs: 500 + this.random.int(3000),
    };
    this.history.mixedGroup.limits = this.history.consumerGroup.limits;
    this.#heapBytes = pick(this.random, HEAP_BYTES) ?? MEMORY_BYTES;
    this.#storeFaults = storeFaultsOf(this.random);
    this.#files = new SimFiles({ clock: this.clock, random: this.random.fork() });
  }

  get state(): BrokerState {
    return this.#state;
  }
  get life(): SimLife | undefined {
    return this.#life;
  }
  get lifeNumber(): number {
    return this.#lifeCount;
  }
  /** The disk of the life that runs now. */
  get files(): SimFiles {
    return this.#files;
  }

  note(what: string): void {
    this.trace.note(this.clock.monotonicMs(), what);
  }

  /** Timers of the last life that was watched after its stop. */
  get timersLeft(): number {
    return this.#stoppedLife?.clock.pendingCount ?? 0;
  }

  /** Begins the next life; it is up when the broker says so. */
  start(): void {
    if (this.#state !== 'down') throw new Error(`a broker that is ${this.#state} cannot be started`);
    this.#lifeCount += 1;
    this.#state = 'starting';
    const { write, sync, read, spaceBytes } = this.#files.faults;
    this.isExcused = [write, sync, read, spaceBytes].some((fault) => fault !== undefined);
    this.note(`life ${this.#lifeCount} starts after a ${this.#ending}`);
    const life = new SimLife({
      number: this.#lifeCount,
      config: this.config,
      clock: this.clock,
      random: this.random,
      core: this.core,
      heapBytes: this.#heapBytes,
      storeFaults: this.#storeFaults,
      codec: this.codec,
      logger: this.#logger(),
      storeServer: this.#storeServer,
      files: (clock) => {
        this.#files = this.#files.kill({ clock, random: this.random.fork() });
        return this.#files;
      },
      failed: (error) => this.#blame(`the broker gave up: ${error.message}`),
    });
    this.#life = life;
    life.broker.start().then(
      () => this.#started(life),
      (error: unknown) => this.#startFailed(life, error),
    );
  }

  /** Ends the life at once. `kill` keeps what was written, `power-cut` what was flushed. */
  end(how: 'kill' | 'power-cut'): void {
    const life = this.#life;
    if (life === undefined) return;
    this.note(`life ${life.number} ends by a ${how} while it is ${this.#state}`);
    this.history.count(`${how} while ${this.#state}`);
    life.end();
    this.#files = how === 'kill' ? this.#files.kill() : this.#files.crash();
    this.#died(how);
  }

  /** Asks the broker to stop in order. */
  stop(): void {
    const life = this.#life;
    if (life === undefined || this.#state !== 'up') return;
    this.note(`life ${life.number} is asked to stop`);
    this.#state = 'stopping';
    const sinceMs = this.clock.monotonicMs();
    life.broker.stop().then(
      () => this.#stopped(life, sinceMs),
      (error: unknown) => this.history.violate(`a stop failed: ${String(error)}`),
    );
  }

  #started(life: SimLife): void {
    if (life !== this.#life) return;
    this.#state = 'up';
    this.history.count('starts');
    this.note(`life ${life.number} serves`);
    this.history.started(life.number, life.broker.partitions(), this.isExcused);
  }

  #startFailed(life: SimLife, error: unknown): void {
    if (life !== this.#life) return;
    this.#blame(`life ${life.number} could not start: ${String(error)}`);
    this.history.count('failed starts');
    life.end();
    this.#files = this.#files.kill();
    this.#died('kill');
  }

  #stopped(life: SimLife, sinceMs: number): void {
    if (life !== this.#life) return;
    const tookMs = this.clock.monotonicMs() - sinceMs;
    this.note(`life ${life.number} has stopped`);
    this.history.count('stops');
    const limitMs = this.config.values['ks.shutdown.timeout.ms'] + 60_000;
    if (tookMs > limitMs) this.history.violate(`a stop took ${tookMs} ms`);
    for (const leak of this.isExcused ? [] : life.leaks()) this.history.violate(`a stop left behind: ${leak}`);
    if (this.watchesTimers) this.#stoppedLife = life;
    else life.end();
    // What a broken disk did not take at a stop is not on it.
    this.#died(this.isExcused ? 'kill' : 'stop');
  }

  #died(ending: Ending): void {
    this.history.ended(ending);
    this.#ending = ending;
    this.#life = undefined;
    this.#state = 'down';
    if (ending === 'power-cut') this.#readRecoveryPoints();
  }

  /** What the checkpoint on the platter vouches for must come back. */
  #readRecoveryPoints(): void {
    for (const directory of this.config.logDirs) {
      const bytes = this.#files.peek(`${directory}/recovery-point-offset-checkpoint`);
      if (bytes === undefined) continue;
      for (const { topic, partition, offset } of parseOffsets(new TextDecoder().decode(bytes)).rows) {
        const known = this.history.partition(topic, partition);
        const identity = this.#files.peek(`${directory}/${topic}-${partition}/partition.metadata`);
        // What a deleted topic of that name left on a disk that failed says nothing of this one.
        if (known === undefined || !new TextDecoder().decode(identity).includes(known.topicId)) continue;
        known.recoveryPoint(offset);
      }
    }
  }

  #blame(what: string): void {
    this.note(what);
    if (!this.isExcused) this.history.violate(what);
  }

  #logger(): Logger {
    const line = (level: string) => (fields: LogFields, message: string) => {
      // Without stacks: they name the caller, who is not a part of the history.
      this.note(`broker ${level}: ${message} ${describe(fields, (error) => error.message)}`);
      this.history.count(`log ${level}: ${message}`);
      if (level === 'error' && !this.isExcused)
        this.history.violate(
          `an error was logged: ${message} ${describe(fields, (error) => error.stack ?? error.message)}`,
        );
    };
    const logger: Logger = {
      debug: () => undefined,
      info: line('info'),
      warn: line('warn'),
      error: line('error'),
      child: () => logger,
    };
    return logger;
  }
}

function describe(fields: LogFields, errorText: (error: Error) => string): string {
  return JSON.stringify(fields, (_, value: unknown) => (value instanceof Error ? errorText(value) : value));
}

/** A store that is slow, or loses answers, as the embedded one never does: the code has to live with both. */
function storeFaultsOf(random: SeededRandom): SimStoreFaults {
  const isBad = random.chance(0.2);
  return {
    delayMsMax: random.chance(0.5) ? 0 : random.int(20),
    conflictChance: 0,
    lostAnswerChance: isBad ? 20 : 0,
    brokenWatchChance: isBad ? 20 : 0,
  };
}

/** Small limits and short intervals, so that little work reaches much code; some of them by chance. */
function configOf(random: SeededRandom, migrationPolicy: string): BrokerConfig {
  const settings: Record<string, string> = {
    listeners: `PLAINTEXT://sim:${PORT}`,
    'log.dirs': random.chance(0.3) ? '/disk-1,/disk-2' : '/data',
    'auto.create.topics.enable': 'false',
    'offsets.topic.num.partitions': '2',
    'log.flush.offset.checkpoint.interval.ms': String(50 + random.int(2000)),
    'log.flush.start.offset.checkpoint.interval.ms': String(50 + random.int(2000)),
    'log.retention.check.interval.ms': String(100 + random.int(5000)),
    'log.initial.task.delay.ms': String(random.int(2000)),
    'log.segment.delete.delay.ms': String(random.int(2000)),
    'ks.shutdown.timeout.ms': String(random.int(3000)),
    'log.cleaner.backoff.ms': String(50 + random.int(1000)),
    'log.cleaner.dedupe.buffer.size': '1048576',
    'log.cleaner.io.buffer.size': String(1000 + random.int(100_000)),
    'transaction.state.log.num.partitions': '2',
    'group.min.session.timeout.ms': '100',
    'group.initial.rebalance.delay.ms': String(random.int(200)),
    'group.consumer.migration.policy': migrationPolicy,
    'group.consumer.min.session.timeout.ms': '500',
    'group.consumer.session.timeout.ms': String(500 + random.int(2500)),
    'group.consumer.min.heartbeat.interval.ms': '10',
    'group.consumer.heartbeat.interval.ms': '50',
    'group.consumer.assignment.interval.ms': String(random.chance(0.5) ? 0 : random.int(500)),
  };
  const { config } = brokerConfigOf(new Map(Object.entries(settings)));
  // Less memory than a real broker may be given, so that readers have to go to the files.
  const values = { ...config.values, 'ks.tail.bytes': 65_536 + random.int(1_000_000) };
  return { ...config, values };
}

import type { BrokerConfig } from '../../config/broker-config.ts';
import { MetadataStoreError, type MetadataStoreErrorKind } from '../../ports/metadata-store.ts';
import type { LogFields, Logger } from '../../ports/logger.ts';
import { SimFiles } from '../sim-files.ts';
import { MachineClock } from './machine-clock.ts';
import type { ClusterWorld } from './cluster-world.ts';
import { MachineLife } from './machine-life.ts';

export type MachineState = 'down' | 'starting' | 'up' | 'stopping';

/** Faults of the store that brokers complain of, or do not start for, and that pass. */
const PASSING: ReadonlySet<MetadataStoreErrorKind> = new Set(['unavailable', 'lease-not-found']);
/** How long the others may not hear that a machine has lost its power. */
const SILENCE_MAX_MS = 4000;
/** How long a stop may take beyond its own time-out: what it flushes and hands over. */
const STOP_PATIENCE_MS = 60_000;

/** One machine of a cluster: its clocks, its disk, and the broker's processes on it, one after the other. */
export class Machine {
  readonly brokerId: number;
  readonly host: string;
  readonly config: BrokerConfig;
  readonly clock: MachineClock;
  readonly #world: ClusterWorld;
  #files: SimFiles;
  #life: MachineLife | undefined;
  #state: MachineState = 'down';
  #lifeCount = 0;

  constructor(world: ClusterWorld, brokerId: number, config: BrokerConfig) {
    const { random } = world;
    this.#world = world;
    this.brokerId = brokerId;
    this.host = `broker-${brokerId}`;
    this.config = config;
    this.clock = new MachineClock(world.clock, {
      wallMs: random.int(20_000) - 10_000,
      monotonicMs: random.int(1_000_000_000),
      rate: 0.98 + random.fraction() * 0.04,
    });
    this.#files = new SimFiles({ clock: this.clock, random: random.fork() });
  }

  get state(): MachineState {
    return this.#state;
  }
  get life(): MachineLife | undefined {
    return this.#life;
  }
  /** The disk, as the process uses it that runs now. */
  get files(): SimFiles {
    return this.#files;
  }
  get isPaused(): boolean {
    return this.clock.isPaused;
  }

  /** Begins the next life; it is up when the broker says so. */
  start(): void {
    if (this.#state !== 'down') throw new Error(`a broker that is ${this.#state} cannot be started`);
    this.#lifeCount += 1;
    this.#state = 'starting';
    const world = this.#world;
    this.#note(`life ${this.#lifeCount} starts`);
    const life = new MachineLife({
      ...{ number: this.#lifeCount, brokerId: this.brokerId, host: this.host, config: this.config },
      ...{ world: world.clock, clock: this.clock, random: world.random, wires: world.wires },
      ...world.coreOf(this.brokerId),
      ...{ storeServer: world.storeServer, storeFaults: world.storeFaults, logger: this.#logger() },
      files: (clock) => {
        this.#files = this.#files.kill({ clock, random: world.random.fork() });
        return this.#files;
      },
      networkOf: (host) => world.networkOf(host),
      failed: (error) => this.#gaveUp(error),
    });
    this.#life = life;
    life.broker.start().then(
      () => this.#started(life),
      (error: unknown) => this.#startFailed(life, error),
    );
  }

  /** Ends the process at once. `kill` keeps what was written, `power-cut` what was flushed. */
  end(how: 'kill' | 'power-cut'): void {
    const life = this.#life;
    if (life === undefined) return;
    this.#note(`life ${life.number} ends by a ${how} while it is ${this.#state}`);
    this.#world.history.count(`${how} while ${this.#state}`);
    const isSilent = how === 'power-cut' && this.#world.random.chance(0.5);
    life.end(isSilent ? 1 + this.#world.random.int(SILENCE_MAX_MS) : 0);
    this.#files = how === 'kill' ? this.#files.kill() : this.#files.crash();
    this.#died(how);
  }

  /** Asks the broker to stop in order. */
  stop(): void {
    const life = this.#life;
    if (life === undefined || this.#state !== 'up') return;
    this.#note(`life ${life.number} is asked to stop`);
    this.#state = 'stopping';
    const sinceMs = this.#world.clock.monotonicMs();
    life.broker.stop().then(
      () => this.#stopped(life, sinceMs),
      (error: unknown) => this.#world.history.violate(`${this.host}: a stop failed: ${String(error)}`),
    );
  }

  /** SIGSTOP. */
  pause(): void {
    if (this.#life === undefined || this.isPaused) return;
    this.#note('is paused');
    this.clock.pause();
  }
  /** SIGCONT. */
  resume(): void {
    if (!this.isPaused) return;
    this.#note('goes on');
    this.clock.resume();
  }

  #started(life: MachineLife): void {
    if (life !== this.#life) return;
    this.#state = 'up';
    this.#world.history.count('starts');
    this.#note(`life ${life.number} serves`);
  }

  #startFailed(life: MachineLife, error: unknown): void {
    if (life !== this.#life) return;
    this.#world.history.count('failed starts');
    const what = `life ${life.number} could not start: ${describeError(error)}`;
    // Whoever watches over it starts it again until the store can be reached.
    if (isPassing(error)) this.#note(what);
    else this.#blame(what);
    life.end();
    this.#files = this.#files.kill();
    this.#died('kill');
  }

  /** Whoever watches over it has it started again. */
  #gaveUp(error: Error): void {
    this.#blame(`the broker gave up: ${describeError(error)}`);
    this.#world.clock.nextTurn(() => this.end('kill'));
  }

  #stopped(life: MachineLife, sinceMs: number): void {
    if (life !== this.#life) return;
    const tookMs = this.#world.clock.monotonicMs() - sinceMs;
    this.#note(`life ${life.number} has stopped`);
    this.#world.history.count('stops');
    if (tookMs > this.config.values['ks.shutdown.timeout.ms'] + STOP_PATIENCE_MS && !this.#world.isExcused) {
      this.#world.history.violate(`${this.host}: a stop took ${tookMs} ms`);
    }
    for (const leak of life.leaks()) this.#world.history.violate(`${this.host}: a stop left behind: ${leak}`);
    life.end();
    this.#died('stop');
  }

  #died(how: 'stop' | 'kill' | 'power-cut'): void {
    this.clock.resume();
    this.#life = undefined;
    this.#state = 'down';
    this.#world.died(this, how);
  }

  #blame(what: string): void {
    this.#note(what);
    if (!this.#world.isExcused) this.#world.history.violate(`${this.host}: ${what}`);
  }

  #note(what: string): void {
    this.#world.note(`${this.host} ${what}`);
  }

  #logger(): Logger {
    const line = (level: string) => (fields: LogFields, message: string) => {
      this.#note(`${level}: ${message} ${describe(fields, (error) => error.message)}`);
      this.#world.history.count(`log ${level}: ${message}`);
      if (level !== 'error' || this.#world.isExcused || isPassing(fields['error'])) return;
      const what = describe(fields, (error) => error.stack ?? error.message);
      this.#world.history.violate(`${this.host}: an error was logged: ${message} ${what}`);
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

function isPassing(error: unknown): boolean {
  return error instanceof MetadataStoreError && PASSING.has(error.kind);
}

function describe(fields: LogFields, errorText: (error: Error) => string): string {
  return JSON.stringify(fields, (_, value: unknown) => (value instanceof Error ? errorText(value) : value));
}

function describeError(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}

import { createCore } from '@ks/core-wasm';
import { createCodec } from '@ks/protocol';
import { brokerConfigOf } from '../../src/config/broker-config.ts';
import { silentLogger } from '../../src/silent-logger.ts';
import { createPrng } from '../../src/sim/prng.ts';
import { SimLife } from '../../src/sim/sim-broker.ts';
import { SimClient } from '../../src/sim/sim-client.ts';
import { SimClock } from '../../src/sim/sim-clock.ts';
import { SimFiles } from '../../src/sim/sim-files.ts';
import { noStoreFaults } from '../../src/sim/sim-metadata-store.ts';
import { SimStoreServer } from '../../src/sim/sim-store-server.ts';

const PORT = 9092;
const MEMORY_BYTES = 8 * 1024 * 1024;
const core = createCore({ memoryBytes: MEMORY_BYTES });
const codec = createCodec(core);

const settings = {
  listeners: `PLAINTEXT://sim:${PORT}`,
  'log.dirs': '/data',
  'offsets.topic.num.partitions': '1',
  'transaction.state.log.num.partitions': '1',
  'group.initial.rebalance.delay.ms': '0',
};

/**
 * When the first process dies: at its `nth` write to a log that a transaction touches, with that write `done` or `torn`; or with a power
 * cut at its `nth` write or sync, which takes back what was not synced.
 */
export interface Death {
  readonly nth: number;
  readonly how: 'done' | 'torn' | 'power-cut';
}

const touched = /\/(__transaction_state|__consumer_offsets|a)-\d+\/\d+\.log$/;

/** A broker on a simulated disk whose first process is killed at a write; the next ones live. */
export class MortalBroker {
  readonly clock = new SimClock();
  readonly violations: string[] = [];
  readonly #random = createPrng(1);
  readonly #storeServer = new SimStoreServer(this.clock);
  readonly #death: Death | undefined;
  #files = new SimFiles({ clock: this.clock, random: this.#random.fork() });
  #life: SimLife | undefined;
  #lifeCount = 0;
  readonly #settings: Readonly<Record<string, string>>;
  /** Writes (and syncs) seen so far, of the logs that count. */
  steps = 0;

  constructor(death: Death | undefined, more: Readonly<Record<string, string>> = {}) {
    this.#death = death;
    this.#settings = { ...settings, ...more };
    this.#start();
  }

  get lifeCount(): number {
    return this.#lifeCount;
  }

  client(name: string): SimClient {
    return new SimClient(name, {
      random: this.#random.fork(),
      life: () => this.#life,
      port: PORT,
      violate: (what) => this.violations.push(what),
      note: () => {},
    });
  }

  /** From now on writes are counted, and syncs where they matter; the death comes at the nth of them. */
  arm(countsSyncs: boolean): void {
    const { faults } = this.#files;
    faults.write = (path) => this.#step(path);
    if (countsSyncs) faults.sync = (path) => this.#step(path);
  }

  #step(path: string): 'io' | undefined {
    if (!touched.test(path)) return undefined;
    this.steps += 1;
    if (this.#death?.nth !== this.steps || this.#lifeCount > 1) return undefined;
    const { how } = this.#death;
    this.#life?.end();
    this.#life = undefined;
    const { faults } = this.#files;
    this.#files = how === 'power-cut' ? this.#files.crash() : this.#files.kill();
    Object.assign(this.#files.faults, faults);
    this.clock.setTimer(5, () => this.#start());
    return how === 'done' ? undefined : 'io';
  }

  #start(): void {
    const { config } = brokerConfigOf(new Map(Object.entries(this.#settings)));
    const life = new SimLife({
      number: ++this.#lifeCount,
      ...{ config, clock: this.clock, random: this.#random, core, codec },
      ...{ logger: silentLogger, heapBytes: MEMORY_BYTES, storeFaults: noStoreFaults },
      storeServer: this.#storeServer,
      files: (clock) => {
        this.#files = this.#files.kill({ clock, random: this.#random.fork() });
        return this.#files;
      },
      failed: (error) => this.violations.push(`the broker gave up: ${error.message}`),
    });
    life.broker.start().then(
      () => {
        this.#life = life;
      },
      (error: unknown) => this.violations.push(`the broker did not start: ${String(error)}`),
    );
  }

  /** Runs the world until `work` is done. Rejects where that never happens. */
  async run<T>(work: Promise<T>): Promise<T> {
    let isDone = false;
    const watched = work.finally(() => {
      isDone = true;
    });
    watched.catch(() => undefined);
    if (!(await this.clock.runUntil(() => isDone, 400_000))) throw new Error('the work never ends');
    return watched;
  }

  sleep(ms: number): Promise<void> {
    return new Promise((resolve) => void this.clock.setTimer(ms, resolve));
  }
}

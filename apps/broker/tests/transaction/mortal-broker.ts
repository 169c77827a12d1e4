import { createCore } from '@ks/core-wasm';
import { createCodec } from '@ks/protocol';
import { brokerConfigOf } from '../../src/config/broker-config.ts';
import { silentLogger } from '../../src/silent-logger.ts';
import { createPrng } from '../../src/sim/prng.ts';
import { SimLife } from '../../src/sim/sim-broker.ts';
import { SimClient } from '../../src/sim/sim-client.ts';
import { SimClock } from '../../src/sim/sim-clock.ts';
import { SimFiles } from '../../src/sim/sim-files.ts';
import { SimStoreServer } from '../../src/sim/sim-store-server.ts';

const PORT = 9092;
const core = createCore({ memoryBytes: 8 * 1024 * 1024 });
const codec = createCodec(core);

const settings = {
  listeners: `PLAINTEXT://sim:${PORT}`,
  'log.dirs': '/data',
  'offsets.topic.num.partitions': '1',
  'transaction.state.log.num.partitions': '1',
  'group.initial.rebalance.delay.ms': '0',
};

/** When a process dies: at its `nth` write to a log that a transaction touches, with that write done or torn. */
export interface Death {
  readonly nth: number;
  readonly isTorn: boolean;
}

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
  /** Writes seen so far, to the logs that count. */
  writes = 0;

  constructor(death: Death | undefined) {
    this.#death = death;
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

  /** From now on writes are counted; the death comes at the nth of them. */
  arm(): void {
    this.#files.faults.write = (path) => {
      if (!/\/(__transaction_state|__consumer_offsets|a)-\d+\/\d+\.log$/.test(path)) return undefined;
      this.writes += 1;
      if (this.#death?.nth !== this.writes || this.#lifeCount > 1) return undefined;
      this.#kill();
      return this.#death.isTorn ? 'io' : undefined;
    };
  }

  #kill(): void {
    this.#life?.end();
    this.#life = undefined;
    this.#files = this.#files.kill();
    this.clock.setTimer(5, () => this.#start());
  }

  #start(): void {
    const { config } = brokerConfigOf(new Map(Object.entries(settings)));
    const life = new SimLife({
      number: ++this.#lifeCount,
      ...{ config, clock: this.clock, random: this.#random, core, codec },
      logger: silentLogger,
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

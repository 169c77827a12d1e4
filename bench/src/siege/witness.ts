import { setTimeout as pause } from 'node:timers/promises';
import { Fetch, Produce } from '@ks/protocol';
import { fetch, produce } from './batches.ts';
import { HonestClient } from './connection.ts';

/** How long each of something took, in ms. */
export class Times {
  #all: number[] = [];
  failures: string[] = [];

  add(tookMs: number): void {
    this.#all.push(tookMs);
  }
  /** What was gathered since the last call, in one line. */
  take(): string {
    const sorted = this.#all.sort((a, b) => a - b);
    const at = (share: number): string =>
      (sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? 0).toFixed(1);
    const failed = this.failures.length > 0 ? `, ${this.failures.length} FAILED (${this.failures[0]})` : '';
    this.#all = [];
    this.failures = [];
    return `${sorted.length} × p50 ${at(0.5)} p99 ${at(0.99)} max ${at(1)} ms${failed}`;
  }
}

/** Honest clients that go on all the while: small and large produces, and a reader at the end of the log. */
export class Witness {
  readonly small = new Times();
  readonly large = new Times();
  readonly fetched = new Times();
  /** Offsets acknowledged and read, by partition: what was acknowledged must be read. */
  acknowledged = 0;
  read = 0;
  readonly #port: number;
  #isOver = false;
  #running: Promise<unknown> = Promise.resolve();

  constructor(port: number) {
    this.#port = port;
  }

  start(): void {
    this.#running = Promise.all([
      this.#produce(this.small, 0, 1000, 20),
      this.#produce(this.large, 1, 500_000, 200),
      this.#consume(),
    ]);
  }

  async stop(): Promise<void> {
    this.#isOver = true;
    await this.#running;
  }

  async #produce(times: Times, partition: number, sizeBytes: number, everyMs: number): Promise<void> {
    const client = new HonestClient(this.#port);
    const request = produce('honest', partition, sizeBytes, -1);
    while (!this.#isOver) {
      const fromMs = performance.now();
      try {
        const answer = await client.ask(Produce, 9, request);
        const one = answer.responses[0]?.partitionResponses[0];
        if (one?.errorCode !== 0) throw new Error(`error code ${one?.errorCode}`);
        if (partition === 0) this.acknowledged += 1;
        times.add(performance.now() - fromMs);
      } catch (error) {
        times.failures.push(error instanceof Error ? error.message : String(error));
      }
      await pause(everyMs);
    }
    client.close();
  }

  async #consume(): Promise<void> {
    const client = new HonestClient(this.#port);
    let offset = 0;
    while (!this.#isOver) {
      const fromMs = performance.now();
      try {
        const answer = await client.ask(Fetch, 11, fetch('honest', 0, offset, 1_000_000));
        const partition = answer.responses[0]?.partitions[0];
        if (partition?.errorCode !== 0) throw new Error(`error code ${partition?.errorCode}`);
        offset = partition.highWatermark;
        this.read = offset;
        this.fetched.add(performance.now() - fromMs);
      } catch (error) {
        this.fetched.failures.push(error instanceof Error ? error.message : String(error));
        await pause(20);
      }
    }
    client.close();
  }
}
